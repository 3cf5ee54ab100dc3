//! Processes that burn CPU in a cgroup of the test's choice.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// One process in a cgroup. It ends by itself after a minute at most, and with its process group when this
/// is dropped.
#[derive(Debug)]
pub struct Burner {
    child: Child,
}

impl Burner {
    /// Burns one CPU until it is dropped.
    ///
    /// # Errors
    /// When the process cannot be started or moved.
    pub fn busy(cgroup: &Path) -> Result<Self> {
        Self::script(cgroup, "while :; do :; done")
    }

    /// Runs a shell script.
    ///
    /// # Errors
    /// As [`Self::busy`].
    pub fn script(cgroup: &Path, script: &str) -> Result<Self> {
        // The shell moves itself before it does anything: all that it does is done in the cgroup.
        let script = format!(
            "echo $$ > '{}/cgroup.procs' && exec timeout 60 sh -c '{script}'",
            cgroup.display()
        );
        let child = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = child.context("cannot start a shell")?;
        Ok(Self { child })
    }

    /// The pid of the process that stands above what runs.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the script has ended.
    ///
    /// # Errors
    /// When it failed.
    pub fn finish(mut self) -> Result<()> {
        let status = self.child.wait().context("cannot wait for a shell")?;
        anyhow::ensure!(status.success(), "the script ended with {status}");
        Ok(())
    }
}

impl Drop for Burner {
    fn drop(&mut self) {
        // `timeout` hands SIGTERM on to what it started (timeout(1)).
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGTERM);
        }
        let _ = self.child.wait();
    }
}

/// The sum of the run-queue waits of every task in a cgroup, ns: the second field of
/// /proc/PID/task/TID/schedstat (Documentation/scheduler/sched-stats.rst).
///
/// # Errors
/// When the cgroup cannot be read, or a task's file does not hold a wait.
pub fn run_delay(cgroup: &Path) -> Result<u64> {
    let threads = cgroup.join("cgroup.threads");
    let tasks = fs::read_to_string(&threads).with_context(|| threads.display().to_string())?;
    let mut total = 0;
    for task in tasks.lines() {
        let file = format!("/proc/{task}/schedstat");
        // A task that has ended meanwhile took its wait with it.
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        let wait = text.split(' ').nth(1).and_then(|field| field.parse::<u64>().ok());
        total += wait.with_context(|| format!("{file} holds no wait: {text:?}"))?;
    }
    Ok(total)
}
