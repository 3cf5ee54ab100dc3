//! A real gunicorn under load.

use std::time::Duration;

use anyhow::{Result, ensure};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Load, ScratchCgroup, Server, Venv, require_root_bpf};

use super::measure::{assert_same, moment, open, run_for};

#[test]
fn gunicorn_under_load() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let venv = Venv::gunicorn(NEWEST)?;
    let cgroup = ScratchCgroup::new("web")?;
    let mut source = open()?;
    let server = Server::gunicorn(&venv, &cgroup, &Options::workers(3))?;
    let load = Load::start(server.address(), 4, "/");
    run_for(cgroup.path(), Duration::from_millis(100))?;
    let from = moment(&mut source, cgroup.path())?;
    run_for(cgroup.path(), Duration::from_secs(3))?;
    let to = moment(&mut source, cgroup.path())?;
    let totals = load.stop();
    ensure!(totals.answered > 0 && totals.failed.is_empty(), "{totals:?}");
    assert_same("gunicorn under load", from, to, 0.001)
}
