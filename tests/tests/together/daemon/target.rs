//! A promise about waiting, kept for a real server: workers within seconds, and what stands against more in its own word.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Daemon, Home, Load, ScratchCgroup, Server, Venv, require_root_bpf};

const LIMIT: Duration = Duration::from_mins(4);

/// The most workers that each site may have.
const MOST: u32 = 8;

/// A check as rare as people have it: what happens between two of them is the promise's own.
fn config(cgroup: &Path) -> String {
    format!(
        r#"{{ "global": {{ "check_interval_seconds": 30, "language": "en", "min_available_mb_per_worker": 16,
                          "scale_down_min_available_mb": 16 }},
             "projects": {{ "site": {{ "enabled": true, "cgroup": "/{}", "min_workers": 1, "max_workers": {MOST},
                                       "policy": "target" }} }} }}"#,
        cgroup.display()
    )
}

/// A server with these options, and a daemon that keeps its promise.
fn site(name: &str, options: &Options) -> Result<Option<(Daemon, Server, ScratchCgroup, Home)>> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(None);
    }
    let cgroup = ScratchCgroup::new(name)?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, options)?;
    let home = Home::new(&config(&cgroup.relative()))?;
    let daemon = Daemon::start(home.command())?;
    Ok(Some((daemon, server, cgroup, home)))
}

#[test]
fn workers_come_between_two_checks_while_requests_wait_and_go_in_the_calm() -> Result<()> {
    let Some((daemon, server, _cgroup, _home)) = site("promise-kept", &Options::workers(1))? else {
        return Ok(());
    };
    // As for a database: more than all workers' worth.
    let load = Load::start(server.address(), 12, "/sleep/0.2");
    daemon.wait_line("-> scale_up to ", LIMIT)?;
    daemon.wait_line("scaled to ", LIMIT)?;
    ensure!(server.workers().len() > 1);
    let seen = load.stop();
    ensure!(seen.failed.is_empty(), "{seen:?}");
    daemon.wait_line("-> scale_down to 1 worker", LIMIT)?;
    daemon.end()
}

#[test]
fn a_database_that_answers_no_faster_ends_in_its_own_word() -> Result<()> {
    let Some((daemon, server, _cgroup, _home)) = site("promise-slow", &Options::workers(1))? else {
        return Ok(());
    };
    // However many ask, it answers one after the other. What it does for one is seen first.
    for _ in 0..40 {
        let (status, _) = server.address().get("/queue/0.1", LIMIT)?;
        ensure!(status == 200, "status {status}");
    }
    let load = Load::start(server.address(), 12, "/queue/0.1");
    daemon.wait_line("more workers brought slower answers, not more of them", LIMIT)?;
    let seen = load.stop();
    ensure!(seen.failed.is_empty(), "{seen:?}");
    daemon.end()
}

#[test]
fn a_single_check_says_what_the_promise_asks_for() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("promise-once")?;
    let _server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let home = Home::new(&config(&cgroup.relative()))?;
    let said = String::from_utf8(home.output(&["--once", "--dry-run"])?.stdout)?;
    ensure!(said.contains("the promise is kept with 1 worker"), "{said}");
    Ok(())
}
