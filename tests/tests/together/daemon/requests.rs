//! A daemon that follows the requests of real servers which wait and use no CPU.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use autoscaler::host::requests::{RequestSource, RequestWatch as _};
use autoscaler_tests::daemon::{config, program};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Daemon, Home, Load, ScratchCgroup, Server, Venv, require_root_bpf, until};
use serde_json::Value;

const LIMIT: Duration = Duration::from_mins(2);

/// A daemon over one gunicorn of `workers` workers in a cgroup of its own.
struct Scene {
    cgroup: ScratchCgroup,
    server: Server,
}

impl Scene {
    fn new(workers: u32, args: &[&str]) -> Result<Self> {
        let cgroup = ScratchCgroup::new("follows-requests")?;
        let options = Options::workers(workers).args(args);
        let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &options)?;
        Ok(Self { cgroup, server })
    }

    fn daemon(&self, project: &str) -> Result<(Home, Daemon)> {
        let home = Home::new(&config(&self.cgroup.relative(), 0.5, project))?;
        let mut command = home.command();
        command.arg("--verbose");
        Ok((home, Daemon::start(command)?))
    }
}

fn status(home: &Home) -> Option<Value> {
    let output = Command::new(program())
        .args(["status", "--json", "--runtime-dir"])
        .arg(home.runtime())
        .output()
        .ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

/// The project as the daemon says it is, once `wanted` is true of it.
fn project(home: &Home, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
    let mut last = Value::Null;
    let found = until(what, LIMIT, || {
        let project = status(home)?["projects"][0].clone();
        let good = wanted(&project);
        last.clone_from(&project);
        good.then_some(project)
    });
    found.with_context(|| format!("{last:#}"))
}

#[test]
fn workers_that_wait_and_use_no_cpu_get_others_and_lose_them_again() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = Scene::new(1, &[])?;
    let (home, daemon) = scene.daemon(
        r#""min_workers": 1, "max_workers": 3,
           "busy_thresholds": { "scale_up_2": 75, "scale_up_3": 75, "scale_down_1": 30, "scale_down_2": 40 },
           "busy_duration_minutes": { "scale_up": 0.03, "scale_down": 0.05 }"#,
    )?;
    let load = Load::start(scene.server.address(), 4, "/sleep/0.1");
    daemon.wait_line("scaled to 3 workers", LIMIT)?;
    let busy = project(&home, "three busy workers", |project| {
        project["workers"] == 3 && project["requests"]["busy"].as_f64() > Some(2.0)
    })?;
    let requests = &busy["requests"];
    ensure!(
        requests["slots"] == 3 && requests["per_second"].as_f64() > Some(1.0),
        "{requests}"
    );
    ensure!(
        requests["service_mean_seconds"].as_f64() >= Some(0.1),
        "{requests}"
    );
    let line = daemon.wait_line("-> scale_up to 3 workers", LIMIT)?;
    ensure!(line.contains("Busy=") && line.contains("Wait="), "{line}");

    let seen = load.stop();
    ensure!(seen.failed.is_empty(), "{seen:?}");
    daemon.wait_line("scaled to 1 worker", LIMIT)?;

    let exported = Command::new(program())
        .args(["history", "site", "--csv", "--state-dir"])
        .arg(home.state())
        .output()?;
    let csv = String::from_utf8_lossy(&exported.stdout);
    ensure!(
        csv.contains("wait_p95_ms") && csv.contains("busy_up_percent"),
        "{exported:?}"
    );
    daemon.end()
}

#[test]
fn low_cpu_takes_no_worker_away_that_is_busy_with_a_request() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = Scene::new(3, &[])?;
    let ladder = r#""min_workers": 1, "max_workers": 3, "cpu_thresholds": { "scale_up_3": 95, "scale_down_1": 60 },
           "cpu_duration_minutes": { "scale_up": 1, "scale_down": 0.2 }"#;
    // The first requests that are seen are those that begin after the programs were loaded: on a full machine that is seconds
    // later, in which low CPU must not have held for long enough.
    // Before the daemon: a machine that is slow to begin would have an idle server watched for as long as must be held.
    // More clients than workers, and long requests: on a full machine a client takes its time to ask again, and a worker to
    // take what waits, in which it is not busy.
    let load = Load::start(scene.server.address(), 6, "/sleep/1");
    let (home, daemon) = scene.daemon(&format!(r#""requests": true, {ladder}"#))?;
    let held = project(&home, "a step down that is not taken", |project| {
        project["decision"]["reason"] == "workers_busy"
    })?;
    ensure!(held["workers"] == 3, "{held}");
    drop(load);
    daemon.wait_line("scaled to 1 worker", LIMIT)?;
    daemon.end()
}

#[test]
fn an_event_loop_has_no_busy_slots_and_that_is_said() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("requests-no-slots")?;
    let server = Server::uvicorn(&Venv::uvicorn(NEWEST)?, &cgroup, &Options::workers(2))?;
    let home = Home::new(&config(
        &cgroup.relative(),
        0.5,
        r#""max_workers": 3, "busy_thresholds": { "scale_up_3": 75, "scale_down_1": 30 },
           "wait_thresholds": { "scale_up_3": 500, "scale_down_1": 20 }"#,
    ))?;
    let daemon = Daemon::start(home.command())?;
    let load = Load::start(server.address(), 2, "/sleep/0.05");
    daemon.wait_line("an event loop serves as many requests as come", LIMIT)?;
    let seen = project(&home, "requests without slots", |project| {
        project["requests"]["per_second"].as_f64() > Some(1.0)
    })?;
    ensure!(seen["requests"]["slots"].is_null(), "{seen}");
    drop(load);
    daemon.end()
}

#[test]
fn two_services_are_charged_apart() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scenes = [Scene::new(1, &[])?, Scene::new(1, &[])?];
    let mut source = RequestSource::open(2, 16).map_err(|why| anyhow::anyhow!("{why}"))?;
    for (index, scene) in (0..).zip(&scenes) {
        source.want(index, scene.cgroup.path())?;
    }
    for (scene, count) in scenes.iter().zip([7, 12]) {
        for _ in 0..count {
            ensure!(scene.server.get("/")?.0 == 200);
        }
    }
    until("each to have its own", LIMIT, || {
        let looks = source.look(&[0, 1]).ok()?;
        let answered: Vec<u64> = looks.iter().map(|look| look.counted.answered).collect();
        (answered == [7, 12]).then_some(())
    })
}
