//! Starting, refusing to start, ending.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler_tests::daemon::config;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Daemon, Home, ScratchCgroup, require_root, until};

const LIMIT: Duration = Duration::from_mins(1);
const RUNGS: &str = r#""min_workers": 1, "max_workers": 3,
    "cpu_thresholds": { "scale_up_2": 60, "scale_up_3": 70, "scale_down_1": 20 }"#;

#[test]
fn a_second_daemon_refuses_and_names_the_first() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let home = Home::new(&config("nothing".as_ref(), 1.0, RUNGS))?;
    let first = Daemon::start(home.command())?;
    first.wait_line("🚀 autoscaler", LIMIT)?;
    let second = home.output(&[])?;
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("pid {}", first.pid())), "{said}");

    let beside = home.output(&["--once", "--dry-run"])?;
    assert!(
        beside.status.success(),
        "a dry run may look beside a running daemon: {beside:?}"
    );
    first.end()?;
    let third = Daemon::start(home.command())?;
    third.wait_line("🚀 autoscaler", LIMIT)?;
    third.end()
}

#[test]
fn a_bad_configuration_is_exit_code_2_with_line_and_column() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let home = Home::new("{\n  \"site\": { \"enabled\": true, \"min_wokers\": 1 }\n}")?;
    let ended = home.output(&[])?;
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(
        said.contains("config.json:2:") && said.contains("min_workers"),
        "{said}"
    );

    let wrong_usage = home.output(&["--frobnicate"])?;
    assert_eq!(wrong_usage.status.code(), Some(2));
    Ok(())
}

#[test]
fn a_file_that_others_may_write_is_refused() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if !require_root() {
        return Ok(());
    }
    let home = Home::new(&config("nothing".as_ref(), 1.0, RUNGS))?;
    fs::set_permissions(home.config(), fs::Permissions::from_mode(0o666))?;
    let ended = home.output(&["--once", "--dry-run"])?;
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("chmod"), "the message says how to mend it: {said}");
    Ok(())
}

#[test]
fn a_missing_cgroup_blocks_once_and_is_picked_up_when_it_appears() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("late")?;
    let inside = cgroup.relative().join("site");
    let home = Home::new(&config(&inside, 0.5, RUNGS))?;
    let daemon = Daemon::start(home.command())?;
    daemon.wait_line("blocked: there is no cgroup", LIMIT)?;
    cgroup.child("site")?;
    daemon.wait_line("blocked: there is no process in the cgroup", LIMIT)?;
    let missing = daemon
        .printed()
        .iter()
        .filter(|line| line.contains("there is no cgroup"))
        .count();
    assert_eq!(missing, 1, "an obstacle is told once");
    daemon.end()
}

#[test]
fn without_privilege_it_says_what_is_missing_and_reads_cpu_stat() -> Result<()> {
    if !require_root() || !require(&[Tool::UtilLinux]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("unprivileged")?;
    let home = Home::new(&config(&cgroup.relative(), 1.0, RUNGS))?;
    let mut command = std::process::Command::new("setpriv");
    command.args(["--bounding-set=-all", "--inh-caps=-all", "--"]);
    command
        .arg(home.command().get_program())
        .args(home.command().get_args());
    let ended = command.args(["--once", "--dry-run"]).output()?;
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{ended:?}");
    assert!(said.contains("no eBPF (") && said.contains("CAP_BPF"), "{said}");
    assert!(said.contains("blocked: there is no process"), "{said}");
    Ok(())
}

#[test]
fn it_runs_on_after_its_stdout_is_closed() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let home = Home::new(&config("nothing".as_ref(), 0.5, RUNGS))?;
    let mut process = home.command().stdout(Stdio::piped()).spawn()?;
    let first = BufReader::new(process.stdout.take().context("no stdout")?)
        .lines()
        .next();
    assert!(
        first.is_some_and(|line| line.is_ok()),
        "it says that it has started, and is listened to no more"
    );
    // The held times are saved at the end of each check.
    let state = home.runtime().join("state.json");
    let checked = || fs::metadata(&state).and_then(|file| file.modified()).ok();
    let before = checked();
    let again = until("another check", LIMIT, || {
        checked().filter(|now| Some(*now) > before)
    });
    let alive = process.try_wait()?.is_none();
    process.kill()?;
    process.wait()?;
    again?;
    assert!(alive);
    Ok(())
}
