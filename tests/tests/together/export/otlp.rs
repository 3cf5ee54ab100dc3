//! Figures pushed to a real receiver: Rotel, which prints what it is sent.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use autoscaler_tests::{Address, Burner, Daemon, ScratchCgroup, Venv, in_ci, require_root, until};

use super::{ID, UID, export, pod};

const LIMIT: Duration = Duration::from_mins(1);

/// The receiver's environment; `None` where it cannot be had, which fails in CI.
fn rotel() -> Result<Option<Venv>> {
    match Venv::rotel() {
        Ok(venv) => Ok(Some(venv)),
        Err(error) if in_ci() => Err(error.context("this test must run in CI")),
        Err(error) => {
            eprintln!("skipped: {error:#}");
            Ok(None)
        }
    }
}

fn port(address: &Address) -> u16 {
    let Address::Loopback(port) = address else {
        unreachable!("a free port is one of the loopback's")
    };
    *port
}

/// A receiver at this port.
fn receiver(venv: &Venv, at: &Address) -> Result<Daemon> {
    let other = port(&Address::free_port()?);
    let mut command = Command::new(venv.package("rotel")?.join("rotel-agent"));
    command
        .args(["start", "--exporter", "blackhole", "--debug-log", "metrics"])
        .args(["--debug-log-verbosity", "detailed", "--otlp-http-endpoint"])
        .arg(format!("127.0.0.1:{}", port(at)))
        .arg("--otlp-grpc-endpoint")
        .arg(format!("127.0.0.1:{other}"));
    Daemon::start(command)
}

/// What a receiver has printed of the figures of this name, once those of the next have begun.
fn told(receiver: &Daemon, name: &str) -> Option<Vec<String>> {
    let printed = receiver.printed();
    let begins = |line: &String| line.trim().starts_with("-> Name: ");
    let wanted = format!("-> Name: {name}");
    let from = printed.iter().position(|line| line.trim() == wanted)?;
    let length = printed.iter().skip(from + 1).position(begins)?;
    Some(printed[from..=from + length].to_vec())
}

#[test]
fn a_receiver_is_told_with_the_names_of_the_conventions_and_its_absence_is_said_once() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let Some(venv) = rotel()? else {
        return Ok(());
    };
    let scratch = ScratchCgroup::new("export-otlp")?;
    let container = pod(&scratch)?;
    let _burner = Burner::busy(&container)?;
    let at = Address::free_port()?;
    let mut command = export(&super::program(), &scratch, &["--interval", "1", "--otlp"]);
    command.arg(format!("http://127.0.0.1:{}", port(&at)));
    let exporter = Daemon::start(command)?;
    exporter.wait_line("figures are not sent to http://127.0.0.1:", LIMIT)?;

    let receiver = receiver(&venv, &at)?;
    exporter.wait_line("figures are sent to http://127.0.0.1:", LIMIT)?;
    let cpu = until("figures of CPU", LIMIT, || {
        told(&receiver, "autoscaler.cgroup.cpu.time")
    })
    .with_context(|| receiver.printed().join("\n"))?;
    let has = |part: &str| cpu.iter().any(|line| line.contains(part));
    for part in [
        "Unit: s",
        "DataType: Sum",
        "IsMonotonic: true",
        "AGGREGATION_TEMPORALITY_CUMULATIVE",
        &format!("cri-containerd-{ID}.scope"),
        &format!("-> container.id: Str({ID})"),
        "-> container.runtime.name: Str(containerd)",
        &format!("-> k8s.pod.uid: Str({UID})"),
        "-> systemd.unit.name: Str(kubepods.slice)",
    ] {
        ensure!(has(part), "{part} is not in\n{}", cpu.join("\n"));
    }
    let times = |what: &str| -> Vec<u64> {
        let found = cpu.iter().filter_map(|line| line.trim().strip_prefix(what));
        found.filter_map(|nanos| nanos.trim().parse().ok()).collect()
    };
    let (starts, ends) = (times("StartTimestamp:"), times("Timestamp:"));
    ensure!(
        !starts.is_empty() && starts.len() == ends.len(),
        "{starts:?} {ends:?}"
    );
    ensure!(
        starts
            .iter()
            .zip(&ends)
            .all(|(start, end)| 0 < *start && start < end),
        "{starts:?} {ends:?}"
    );

    drop(receiver);
    exporter.wait_lines("figures are not sent to http://127.0.0.1:", 2, LIMIT)?;
    let receiver = self::receiver(&venv, &at)?;
    exporter.wait_lines("figures are sent to http://127.0.0.1:", 2, LIMIT)?;
    until("figures again", LIMIT, || {
        told(&receiver, "autoscaler.cgroup.cpu.time")
    })?;
    let printed = exporter.printed();
    let count = |part: &str| printed.iter().filter(|line| line.contains(part)).count();
    ensure!(
        (count("are not sent"), count("are sent")) == (2, 2),
        "each change is said once: {printed:?}"
    );
    exporter.end()
}
