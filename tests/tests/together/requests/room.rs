//! More cgroups than there is room for, and cgroups in which nobody serves.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use autoscaler::host::requests::{RequestSource, RequestWatch as _};
use autoscaler::model::{KernelFault, KernelStep};
use autoscaler_common::Requests;
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Address, ScratchCgroup, Server, Venv, require_root_bpf};

use super::{counts, exact, look, settled, watching};

#[test]
fn where_there_is_no_room_for_another_the_first_is_charged_still() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("requests-room")?;
    let mut source = RequestSource::open(1, 1).map_err(|why| anyhow::anyhow!("{why}"))?;
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &Options::workers(2))?;
    let below = cgroup.child("below")?;
    // As at every look: the same error, and the same figures.
    for _ in 0..3 {
        let refused = source.want(0, cgroup.path()).err().context("two had room")?;
        let fault = KernelFault::from(refused);
        ensure!(fault.step == Some(KernelStep::Room), "{fault:?}");
    }
    exact(&server, &source)?;

    // Another has its place once the first is wanted no more.
    source.want(0, &below)
}

/// What asks is not charged, whoever wants its cgroup.
#[test]
fn a_cgroup_in_which_nobody_serves_has_no_requests() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let (asking, serving) = (
        ScratchCgroup::new("requests-asking")?,
        ScratchCgroup::new("requests-serving")?,
    );
    let source = watching(&asking)?;
    let options = Options {
        loopback: true,
        ..Options::workers(1)
    };
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &serving, &options)?;
    let Address::Loopback(port) = server.address() else {
        anyhow::bail!("a port is wanted")
    };
    let script = format!(
        "import urllib.request\nfor _ in range(20): urllib.request.urlopen('http://127.0.0.1:{port}/').read()"
    );
    let shell = r#"echo $$ > "$CGROUP_PROCS" && exec python3 -c "$0""#;
    let asked = Command::new("/bin/sh")
        .args(["-c", shell, &script])
        .env("CGROUP_PROCS", asking.path().join("cgroup.procs"))
        .env_remove("http_proxy")
        .status()?;
    ensure!(asked.success(), "the client ended with {asked}");
    let seen = settled(&source)?;
    ensure!(
        counts(&seen) == (0, 0, 0) && seen == Requests::default(),
        "{seen:?}"
    );
    ensure!(look(&source)?.live.is_empty());
    Ok(())
}
