//! The history of a real daemon: it survives what happens to a daemon and to a disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use autoscaler_tests::daemon::program;
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Burner, Daemon, Home, ScratchCgroup, Server, Venv, require_root, until};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::signal::Signal;
use serde_json::Value;

const LIMIT: Duration = Duration::from_mins(1);

fn config(cgroup: &Path, history: &str) -> String {
    format!(
        r#"{{ "global": {{ "check_interval_seconds": 0.5, "language": "en"{history} }},
             "projects": {{ "site": {{ "enabled": false, "cgroup": "/{}", "max_workers": 3,
                                       "cpu_thresholds": {{ "scale_up_2": 60 }} }} }} }}"#,
        cgroup.display()
    )
}

/// `autoscaler history site` over the home's store.
fn history(store: &Path, args: &[&str]) -> Result<String> {
    let mut command = Command::new(program());
    command.args(["history", "site", "--store"]).arg(store).args(args);
    printed(command.env("TZ", "UTC"))
}

/// What a command prints that has to succeed.
fn printed(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// The checks kept so far.
fn kept(store: &Path) -> Option<Vec<Value>> {
    let text = history(store, &["--json"]).ok()?;
    let value: Value = serde_json::from_str(&text).ok()?;
    value["checks"].as_array().cloned()
}

fn wait_kept(store: &Path, count: usize) -> Result<Vec<Value>> {
    until(&format!("{count} checks in the history"), LIMIT, || {
        kept(store).filter(|checks| checks.len() >= count)
    })
}

fn store(home: &Home) -> PathBuf {
    home.state().join("history.db")
}

#[test]
fn what_the_checks_saw_can_be_looked_at_while_the_daemon_runs() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("history")?;
    let _burner = Burner::busy(cgroup.path())?;
    let home = Home::new(&config(&cgroup.relative(), ""))?;
    let daemon = Daemon::start(home.command())?;
    let checks = wait_kept(&store(&home), 4)?;
    let last = checks.last().context("a check")?;
    assert_eq!(
        (&last["action"], &last["reason"]),
        (&"blocked".into(), &"disabled".into())
    );

    let chart = history(&store(&home), &["--since", "1m"])?;
    assert!(
        chart.starts_with("site, ") && chart.contains("CPU of its workers, %"),
        "{chart}"
    );
    let table = history(&store(&home), &["--csv"])?;
    assert!(table.starts_with("timestamp,workers,cpu_percent,"), "{table}");
    let picture = home.state().join("site.png");
    history(&store(&home), &["--png", &picture.display().to_string()])?;
    assert!(fs::read(&picture)?.starts_with(b"\x89PNG"));

    let unknown = Command::new(program())
        .args(["history", "siet", "--store"])
        .arg(store(&home))
        .output()?;
    let told = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert_eq!(unknown.status.code(), Some(2), "{told}");
    assert!(told.contains("did you mean \"site\"?"), "{told}");
    daemon.end()
}

#[test]
fn a_simulation_replays_what_the_daemon_recorded() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("history-replayed")?;
    let venv = Venv::gunicorn("23.0.0")?;
    let _server = Server::gunicorn(&venv, &cgroup, &Options::workers(1))?;
    let _burner = Burner::busy(cgroup.path())?;
    let home = Home::new(&config(&cgroup.relative(), ""))?;
    let daemon = Daemon::start(home.command())?;
    wait_kept(&store(&home), 8)?;
    // The simulation reads a store that the daemon is writing.
    let simulated = simulate(&home, &["--history", "site", "--json"])?;
    daemon.end()?;
    let checks = kept(&store(&home)).context("a history")?;
    let recorded: Vec<f64> = checks
        .iter()
        .filter_map(|check| Some(check["on_cpu_seconds"].as_f64()? / check["covered_seconds"].as_f64()?))
        .collect();
    let simulated: Value = serde_json::from_str(&simulated)?;
    let demand = &simulated["demand"];
    let highest = demand["highest_cpus"].as_f64().context("a demand")?;
    assert!(demand["checks"].as_u64() >= Some(5), "{simulated}");
    // The burner takes all the CPU that it gets, which may be little; what it got at some check is what is replayed.
    assert!(highest > 0.0, "{simulated}");
    assert!(
        recorded.iter().any(|cpus| (cpus - highest).abs() < 1e-3),
        "{highest} in {recorded:?}"
    );
    assert!(simulated["capped_percent"].is_number(), "{simulated}");
    let table = simulate(&home, &["--history", "site", "--set", "site.max_workers=2"])?;
    assert!(
        table.starts_with("site: 1 to 2 workers") && table.contains("history of site: "),
        "{table}"
    );
    Ok(())
}

/// `autoscaler simulate` over the home's history and configuration.
fn simulate(home: &Home, args: &[&str]) -> Result<String> {
    let mut command = Command::new(program());
    command.arg("simulate").args(args);
    command.arg("--config").arg(home.config());
    printed(command.arg("--state-dir").arg(home.state()))
}

#[test]
fn a_killed_daemon_leaves_a_whole_store_and_the_next_goes_on_in_it() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("history-killed")?;
    let home = Home::new(&config(&cgroup.relative(), ""))?;
    let mut seen = 0;
    for _ in 0..3 {
        let mut daemon = Daemon::start(home.command())?;
        wait_kept(&store(&home), seen + 3)?;
        daemon.signal(Signal::SIGKILL)?;
        daemon.wait_end()?;
        let left = kept(&store(&home))
            .context("the store of a killed daemon is read")?
            .len();
        ensure!(
            left >= seen + 3,
            "{left} checks are left of at least {}",
            seen + 3
        );
        seen = left;
    }
    assert!(!home.state().join("history.db.damaged").exists());
    Ok(())
}

#[test]
fn a_damaged_store_is_told_of_and_begun_anew() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("history-damaged")?;
    let home = Home::new(&config(&cgroup.relative(), ""))?;
    fs::create_dir(home.state())?;
    fs::write(store(&home), "this is no database. ".repeat(1000))?;
    let daemon = Daemon::start(home.command())?;
    daemon.wait_line("and begun anew", LIMIT)?;
    wait_kept(&store(&home), 2)?;
    let aside = fs::read_to_string(home.state().join("history.db.damaged"))?;
    assert!(aside.starts_with("this is no database."));
    daemon.end()
}

/// A file system of its own, so small that it is soon full. Dropping it unmounts it.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        mount(
            Some("tmpfs"),
            directory.path(),
            Some("tmpfs"),
            MsFlags::empty(),
            Some("size=4m"),
        )
        .context("cannot mount a tmpfs")?;
        Ok(Self(directory))
    }

    /// Fills it to the last byte, and returns the file that does.
    fn fill(&self) -> PathBuf {
        let path = self.0.path().join("ballast");
        let _ = fs::write(&path, vec![0; 4 << 20]);
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Err(error) = umount2(self.0.path(), MntFlags::MNT_DETACH) {
            eprintln!("{} stays mounted: {error}", self.0.path().display());
        }
    }
}

#[test]
fn a_full_disk_costs_history_and_nothing_else() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let disk = SmallDisk::new()?;
    let path = disk.0.path().join("history.db");
    let cgroup = ScratchCgroup::new("history-full")?;
    let key = format!(r#", "history": {{ "path": "{}" }}"#, path.display());
    let home = Home::new(&config(&cgroup.relative(), &key))?;
    let mut command = home.command();
    command.arg("--verbose");
    let daemon = Daemon::start(command)?;
    wait_kept(&path, 2)?;
    let ballast = disk.fill();
    daemon.wait_line("the history is not kept", LIMIT)?;
    let checked = Command::new(program())
        .args(["check", "--json", "--config"])
        .arg(home.config())
        .output()?;
    let checked = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.contains("history_not_writable"), "{checked}");
    // Checks go on: each tells its decision at this level.
    let decided = |daemon: &Daemon| {
        let lines = daemon.printed();
        lines.iter().filter(|line| line.starts_with("[DEBUG]")).count()
    };
    let before = decided(&daemon);
    until("checks on a full disk", LIMIT, || {
        (decided(&daemon) >= before + 4).then_some(())
    })?;
    let told = daemon.printed();
    let told = told
        .iter()
        .filter(|line| line.contains("the history is not kept"));
    assert_eq!(told.count(), 1);

    let kept_before = kept(&path).context("a store on a full disk is read")?.len();
    fs::remove_file(ballast)?;
    // A minute of writes that succeed.
    daemon.wait_line("the history is kept again", 3 * LIMIT)?;
    wait_kept(&path, kept_before + 2)?;
    daemon.end()
}

#[test]
fn switched_off_it_leaves_no_file() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("history-off")?;
    let home = Home::new(&config(
        &cgroup.relative(),
        r#", "history": { "enabled": false }"#,
    ))?;
    let daemon = Daemon::start(home.command())?;
    daemon.wait_line("site.service: blocked", LIMIT)?;
    daemon.end()?;
    assert!(!home.state().exists());
    Ok(())
}
