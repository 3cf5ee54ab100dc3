//! The demo leaves nothing behind when it is ended early.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler_tests::{cgroup, require_root, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The line that begins the first part of the demo: everything has been started by then.
const BEGUN: &str = "-- calm";

#[test]
fn ended_by_a_signal_it_ends_its_processes_and_removes_its_cgroups() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut demo = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("demo")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the demo")?;
        let output = BufReader::new(demo.stdout.take().context("no output")?);
        let begun = output
            .lines()
            .any(|line| line.is_ok_and(|line| line.starts_with(BEGUN)));
        assert!(begun, "the demo ended before it began: {:?}", demo.wait()?);

        let cgroups = cgroups_of(demo.id())?;
        assert_eq!(cgroups.len(), 2, "{cgroups:?}");
        let mut pids = Vec::new();
        for cgroup in &cgroups {
            let listed = std::fs::read_to_string(cgroup.join("cgroup.procs"))?;
            pids.extend(listed.lines().map(str::to_owned));
        }
        assert!(pids.len() >= 3, "a master, a worker and a neighbour: {pids:?}");
        pids.extend(children(demo.id())?);

        kill(Pid::from_raw(i32::try_from(demo.id())?), signal)?;
        let status = until("the demo to end", Duration::from_secs(30), || {
            demo.try_wait().ok()?
        })?;
        assert_eq!(status.code(), Some(1), "{signal}: {status}");
        assert_eq!(cgroups_of(demo.id())?, Vec::<PathBuf>::new(), "{signal}");
        for pid in pids {
            until(
                &format!("process {pid} to be gone"),
                Duration::from_secs(10),
                || (!PathBuf::from(format!("/proc/{pid}")).exists()).then_some(()),
            )?;
        }
    }
    Ok(())
}

/// The cgroups that this demo has made: their names hold its pid.
fn cgroups_of(pid: u32) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(cgroup::mount()?)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().contains(&format!("-{pid}-")) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// The pids of a process's children, the daemon among them.
fn children(pid: u32) -> Result<Vec<String>> {
    let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    Ok(listed.split_whitespace().map(str::to_owned).collect())
}
