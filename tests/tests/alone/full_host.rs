//! The daemon on a host whose CPUs are all taken.

use std::time::Duration;

use anyhow::Result;
use autoscaler_tests::daemon::{RUNGS, config};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Burner, Daemon, Home, Load, ScratchCgroup, Server, Venv, require_root_bpf};

const LIMIT: Duration = Duration::from_mins(1);

/// Twice as many processes as CPUs that want one all the time, and their cgroup.
fn every_cpu_taken() -> Result<(Vec<Burner>, ScratchCgroup)> {
    let neighbours = ScratchCgroup::new("neighbours")?;
    // A session each: the scheduler shares the CPUs among sessions, not processes (`sched(7)`, autogroups).
    let busy = (0..2 * std::thread::available_parallelism()?.get())
        .map(|_| Burner::script(neighbours.path(), "exec setsid yes >/dev/null"))
        .collect::<Result<Vec<_>>>()?;
    Ok((busy, neighbours))
}

#[test]
fn on_a_full_host_a_worker_is_added_only_if_the_operator_wants_it_all_the_same() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let _busy = every_cpu_taken()?;
    let unless_full = format!(r#"{RUNGS}, "scale_up_on_saturated_host": false"#);
    let venv = Venv::gunicorn(NEWEST)?;
    let cgroup = ScratchCgroup::new("full")?;
    let server = Server::gunicorn(&venv, &cgroup, &Options::workers(1))?;
    let home = Home::new(&config(&cgroup.relative(), 1.0, &unless_full))?;
    // Requests that want a CPU for long: the worker waits for one most of the time.
    let load = Load::start(server.address(), 4, "/burn/0.3");
    let daemon = Daemon::start(home.command())?;
    daemon.wait_line("blocked: the host has no CPU left", LIMIT)?;
    assert_eq!(server.workers().len(), 1);
    let all_the_same = format!(r#"{RUNGS}, "scale_up_on_saturated_host": true"#);
    home.configure(&config(&cgroup.relative(), 1.0, &all_the_same))?;
    daemon.wait_line("scaled to 2 workers", LIMIT)?;
    assert!(load.stop().failed.is_empty());
    daemon.end()
}

#[test]
fn on_a_full_host_a_promise_adds_no_worker_that_would_wait_for_a_cpu() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let _busy = every_cpu_taken()?;
    let cgroup = ScratchCgroup::new("full-promise")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let promised = format!(
        r#"{{ "global": {{ "check_interval_seconds": 1, "language": "en", "min_available_mb_per_worker": 16 }},
             "projects": {{ "site": {{ "enabled": true, "cgroup": "/{}", "max_workers": 6, "policy": "target" }} }} }}"#,
        cgroup.relative().display()
    );
    let home = Home::new(&promised)?;
    let load = Load::start(server.address(), 4, "/burn/0.3");
    let daemon = Daemon::start(home.command())?;
    daemon.wait_line("blocked: the host has no CPU left", LIMIT)?;
    assert!(server.workers().len() < 6);
    assert!(load.stop().failed.is_empty());
    daemon.end()
}
