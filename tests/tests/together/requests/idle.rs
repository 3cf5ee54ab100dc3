//! Ten thousand connections that were asked on once and are kept: none counts, and looking at all of them is quick.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{ScratchCgroup, Server, Venv, require_root_bpf};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::{GET, answers, counts, look, send, settled, watching};

const CONNECTIONS: u64 = 10_000;

/// Connections that are made at a time: fewer than a server's queue holds.
const AT_A_TIME: u64 = 100;

/// Far more than a look may take on any machine: what is not bounded takes longer.
const LOOK: Duration = Duration::from_secs(5);

#[test]
fn idle_connections_count_for_nothing() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    // Each of both ends; the server inherits it.
    let files = CONNECTIONS + 1_000;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < files {
        setrlimit(Resource::RLIMIT_NOFILE, files, hard.max(files)).context("no room for the connections")?;
    }
    let cgroup = ScratchCgroup::new("requests-idle")?;
    let options = Options::workers(2).args(&["--timeout-keep-alive", "600", "--no-access-log"]);
    let server = Server::uvicorn(&Venv::uvicorn(NEWEST)?, &cgroup, &options)?;
    let source = watching(&cgroup)?;
    let before = settled(&source)?;
    let mut kept: Vec<TcpStream> = Vec::new();
    for _ in 0..CONNECTIONS / AT_A_TIME {
        let mut some = (0..AT_A_TIME)
            .map(|_| send(server.address(), GET))
            .collect::<Result<Vec<_>>>()?;
        some.iter_mut()
            .try_for_each(|connection| answers(connection, 1))?;
        kept.append(&mut some);
    }
    let after = settled(&source)?;
    let (then, now) = (counts(&before), counts(&after));
    ensure!(
        now == (then.0 + CONNECTIONS, then.1 + CONNECTIONS, then.2),
        "{then:?}, then {now:?}"
    );
    let start = Instant::now();
    let live = look(&source)?.live;
    let took = start.elapsed();
    ensure!(live.is_empty(), "{} count", live.len());
    ensure!(took < LOOK, "a look at {CONNECTIONS} connections took {took:?}");

    // Each can be asked on again.
    let mut last = kept.pop().context("a connection")?;
    last.write_all(GET.as_bytes())?;
    answers(&mut last, 1)?;
    let again = counts(&settled(&source)?);
    ensure!(again == (now.0 + 1, now.1 + 1, now.2), "{now:?}, then {again:?}");
    drop((kept, last));
    let ended = counts(&settled(&source)?);
    ensure!(ended == again, "{again:?}, then {ended:?}");
    Ok(())
}
