//! A project for each instance of a template, on a host that cannot tell which there are.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use autoscaler_tests::{Address, Daemon, Home, require_root, until};

const LIMIT: Duration = Duration::from_mins(1);

fn config(metrics: &Path) -> String {
    format!(
        r#"{{ "global": {{ "check_interval_seconds": 0.5, "language": "en",
                          "metrics": {{ "listen": "unix:{}" }} }},
             "projects": {{ "sites": {{ "enabled": true, "service_name": "gunicorn@*.service", "max_workers": 3,
                                       "cpu_thresholds": {{ "scale_up_2": 60 }} }} }} }}"#,
        metrics.display()
    )
}

/// Checks that the daemon has made.
fn checks(metrics: &Address) -> Option<f64> {
    let (_, text) = metrics.get("/metrics", LIMIT).ok()?;
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix("autoscaler_checks_total ")?.parse().ok())
}

#[test]
fn without_systemd_it_is_said_once_that_the_instances_are_unknown() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    if Path::new("/run/systemd/system").exists() {
        println!("skipped: systemd runs here, and tells which instances there are");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("metrics.sock");
    let home = Home::new(&config(&socket))?;
    let daemon = Daemon::start(home.command())?;
    let unknown = "which instances of a template run is not known";
    daemon.wait_line(unknown, LIMIT)?;
    let metrics = Address::Unix(socket);
    let first = until("a check", LIMIT, || checks(&metrics))?;
    until("more checks", LIMIT, || {
        checks(&metrics).filter(|now| *now > first + 3.0)
    })?;
    let said = daemon
        .printed()
        .iter()
        .filter(|line| line.contains(unknown))
        .count();
    ensure!(said == 1, "{:?}", daemon.printed());
    daemon.end()
}
