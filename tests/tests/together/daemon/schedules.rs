//! A schedule on a real gunicorn: its minute comes, and passes.

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use autoscaler_tests::daemon::{RUNGS, config, program};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Daemon, Home, ScratchCgroup, Server, Venv, require_root, until};
use serde_json::Value;

const LIMIT: Duration = Duration::from_mins(4);

/// `12:07` of this many minutes after midnight, UTC.
fn time(minute: u64) -> String {
    format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
}

fn printed(home: &Home, args: &[&str]) -> Result<String> {
    let mut command = Command::new(program());
    command.args(args).arg("--runtime-dir").arg(home.runtime());
    if args.first() == Some(&"why") {
        command.arg("--config").arg(home.config());
        command.arg("--state-dir").arg(home.state());
    }
    let output = command
        .output()
        .with_context(|| format!("cannot run {}", program().display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn site(home: &Home) -> Option<Value> {
    let status: Value = serde_json::from_str(&printed(home, &["status", "--json"]).ok()?).ok()?;
    Some(status["projects"][0].clone())
}

#[test]
fn a_schedule_brings_an_idle_server_to_its_minimum_and_lets_it_go_when_it_ends() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let venv = Venv::gunicorn(NEWEST)?;
    let cgroup = ScratchCgroup::new("schedule")?;
    let server = Server::gunicorn(&venv, &cgroup, &Options::workers(1))?;
    // The minute after next: the daemon is there before it, however slow its start.
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let begins = now / 60 + 2;
    let cron = format!("{} {} * * *", begins % 60, begins / 60 % 24);
    let (begins, ends) = (time(begins), time(begins + 1));
    let at = format!(
        r#"{RUNGS}, "at": [{{ "cron": "{cron}", "until": "{ends}", "min_workers": 3, "time_zone": "UTC" }}]"#
    );
    let home = Home::new(&config(&cgroup.relative(), 1.0, &at))?;
    let daemon = Daemon::start(home.command())?;

    let before = until("the first check", LIMIT, || {
        site(&home).filter(|site| !site["decision"].is_null())
    })?;
    assert_eq!(before["min_workers"], 1, "{before}");
    let schedule = &before["schedules"][0];
    assert_eq!(
        (&schedule["in_force"], &schedule["cron"]),
        (&false.into(), &cron.as_str().into())
    );
    let words = format!("min 3 from {begins}");
    assert!(
        schedule["words"]
            .as_str()
            .is_some_and(|told| told.starts_with(&words)),
        "{schedule}"
    );
    assert_eq!(server.workers().len(), 1);

    let line = daemon.wait_line("⏰", LIMIT)?;
    let begun = format!("min 3 until {ends}");
    assert!(
        line.contains(&begun) && line.contains(&format!("the schedule \"{cron}\" is in force")),
        "{line}"
    );
    let why = format!("below the minimum of 3, which the schedule \"{cron}\" asks for until {ends}");
    let step = daemon.wait_line("-> scale_up to 3 workers", LIMIT)?;
    assert!(step.contains(&why), "{step}");
    daemon.wait_line("scaled to 3 workers", LIMIT)?;
    server.wait_workers(3)?;
    let now = site(&home).context("a status")?;
    assert_eq!(now["min_workers"], 3, "{now}");
    assert!(printed(&home, &["status"])?.contains(&begun));
    assert!(printed(&home, &["why", "site"])?.contains(&why));

    // Its end takes nothing away; that there is nothing to do, for as long as the rungs say, does.
    daemon.wait_line("has ended: min 1, max 3", LIMIT)?;
    let down = daemon.wait_line("-> scale_down to 1 worker", LIMIT)?;
    assert!(!down.contains("outside"), "{down}");
    server.wait_workers(1)?;
    let after = site(&home).context("a status")?;
    assert_eq!(after["schedules"][0]["in_force"], false, "{after}");
    daemon.end()
}
