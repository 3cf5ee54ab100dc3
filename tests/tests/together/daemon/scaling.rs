//! The daemon on a real gunicorn under real load.

use std::time::Duration;

use anyhow::Result;
use autoscaler_tests::daemon::{RUNGS, config};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Daemon, Home, Load, ScratchCgroup, Server, Venv, require_root_bpf, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const LIMIT: Duration = Duration::from_mins(2);

/// Each request burns a quarter of the time that it takes.
const PATH: &str = "/burn/0.01/sleep/0.03";

struct Scene {
    cgroup: ScratchCgroup,
    server: Server,
    home: Home,
}

impl Scene {
    fn new(label: &str, rungs: &str) -> Result<Self> {
        let venv = Venv::gunicorn(NEWEST)?;
        let cgroup = ScratchCgroup::new(label)?;
        let server = Server::gunicorn(&venv, &cgroup, &Options::workers(1))?;
        let home = Home::new(&config(&cgroup.relative(), 1.0, rungs))?;
        Ok(Self { cgroup, server, home })
    }

    fn load(&self) -> Load {
        Load::start(self.server.address(), 6, PATH)
    }
}

#[test]
fn workers_follow_the_load_and_a_reload_is_made_good() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = Scene::new("follow", RUNGS)?;
    let daemon = Daemon::start(scene.home.command())?;
    let load = scene.load();
    daemon.wait_line("scaled to 3 workers", LIMIT)?;
    assert_eq!(scene.server.workers().len(), 3);

    // HUP puts the count back to --workers: the daemon sees it and restores what the load still needs.
    kill(
        Pid::from_raw(i32::try_from(scene.server.master_pid())?),
        Signal::SIGHUP,
    )?;
    daemon.wait_line("a reload or restart left it with 1 worker (it had 3)", LIMIT)?;
    daemon.wait_lines("scaled to 3 workers", 2, LIMIT)?;

    let totals = load.stop();
    assert!(totals.answered > 0 && totals.failed.is_empty(), "{totals:?}");
    daemon.wait_line("scaled to 1 worker", LIMIT)?;
    // The daemon takes a worker that has ended for gone before its master has reaped it.
    scene.server.wait_workers(1)?;
    daemon.end()?;
    assert_eq!(scene.server.get("/")?.0, 200);
    Ok(())
}

#[test]
fn the_daemons_death_changes_nothing_and_its_held_times_survive() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    // Up at once; down only after far longer than the test takes.
    let patient = RUNGS.replace("\"scale_down\": 0.05", "\"scale_down\": 60");
    let scene = Scene::new("survive", &patient)?;
    let load = scene.load();
    let mut daemon = Daemon::start(scene.home.command())?;
    daemon.wait_line("scaled to 2 workers", LIMIT)?;
    daemon.signal(Signal::SIGKILL)?;
    daemon.wait_end()?;
    let before = scene.server.workers();
    let totals = load.stop();
    assert!(totals.failed.is_empty(), "{totals:?}");
    assert_eq!(
        scene.server.workers(),
        before,
        "the kernel programs and the workers do not depend on it"
    );

    let mut verbose = scene.home.command();
    verbose.arg("--verbose");
    let mut second = Daemon::start(verbose)?;
    let waiting = "(scale_down_1) for 5";
    second.wait_line(waiting, LIMIT)?;
    second.signal(Signal::SIGKILL)?;
    second.wait_end()?;
    let mut verbose = scene.home.command();
    verbose.arg("--verbose");
    let third = Daemon::start(verbose)?;
    let line = third.wait_line("(scale_down_1) for ", LIMIT)?;
    let held = line.split("(scale_down_1) for ").nth(1).unwrap_or_default();
    let seconds: f64 = held.split('s').next().unwrap_or_default().parse()?;
    assert!(seconds >= 5.0, "what was held before the restart counts: {line}");
    third.end()
}

#[test]
fn a_dry_run_says_what_it_would_do_and_does_nothing() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = Scene::new("dry", &RUNGS.replace("0.03", "0"))?;
    let load = scene.load();
    let before = scene.server.workers();
    // On a busy machine one second may be too little for the load to show.
    let said = until("a dry run while the load shows", LIMIT, || {
        let ended = scene.home.output(&["--once", "--dry-run"]).ok()?;
        assert!(ended.status.success(), "{ended:?}");
        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        said.contains("-> scale_up to 2 workers: CPU > 6.5% (scale_up_2)")
            .then_some(said)
    })?;
    assert!(said.contains("would be scaled to 2 workers"), "{said}");
    assert_eq!(scene.server.workers(), before);
    assert!(load.stop().failed.is_empty());
    drop(scene.cgroup);
    Ok(())
}
