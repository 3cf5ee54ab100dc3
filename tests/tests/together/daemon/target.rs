//! A promise about waiting, kept for a real server: workers within seconds, and what stands against more in its own word.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Daemon, Home, Load, ScratchCgroup, Server, Venv, require_root_bpf};

const LIMIT: Duration = Duration::from_mins(4);

/// So many workers at most, and a check each so many seconds.
fn config(cgroup: &Path, most: u32, interval: u32) -> String {
    format!(
        r#"{{ "global": {{ "check_interval_seconds": {interval}, "language": "en", "min_available_mb_per_worker": 16,
                          "scale_down_min_available_mb": 16 }},
             "projects": {{ "site": {{ "enabled": true, "cgroup": "/{}", "min_workers": 1, "max_workers": {most},
                                       "policy": "target" }} }} }}"#,
        cgroup.display()
    )
}

#[test]
fn workers_come_between_two_checks_while_requests_wait_and_go_in_the_calm() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("promise-kept")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    // As rare as people have them: what happens between two checks is the promise's own.
    let home = Home::new(&config(&cgroup.relative(), 8, 60))?;
    let daemon = Daemon::start(home.command())?;
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
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("promise-slow")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(2))?;
    let home = Home::new(&config(&cgroup.relative(), 2, 6))?;
    // However many ask, it answers one after the other. What it does for two is seen first.
    let load = Load::start(server.address(), 12, "/queue/0.1");
    let daemon = Daemon::start(home.command())?;
    daemon.wait_line("the load asks for more than the maximum of 2", LIMIT)?;
    home.configure(&config(&cgroup.relative(), 10, 6))?;
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
    let home = Home::new(&config(&cgroup.relative(), 8, 30))?;
    let said = String::from_utf8(home.output(&["--once", "--dry-run"])?.stdout)?;
    ensure!(said.contains("the promise is kept with 1 worker"), "{said}");
    Ok(())
}
