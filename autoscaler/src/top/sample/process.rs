//! The processes of one cgroup with their own CPU and wait.

use std::fs;
use std::time::Duration;

use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use super::ProcessSample;
use crate::host::process::Procfs;
use crate::model::ProcessError;

impl ProcessSample {
    /// Reads one process; `None` when it ended.
    ///
    /// # Errors
    /// When a file of the process cannot be read or understood.
    pub fn read(procfs: &Procfs, pid: u32) -> Result<Option<Self>, ProcessError> {
        let stat = match procfs.stat(pid) {
            Ok(stat) => stat,
            Err(ProcessError::Gone { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(cpu) = cpu_time(pid) else {
            return Ok(None);
        };
        let arguments = match procfs.cmdline(pid) {
            Ok(arguments) => arguments,
            Err(ProcessError::Gone { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let command = if arguments.is_empty() {
            format!("[{}]", stat.command)
        } else {
            arguments.join(" ")
        };
        Ok(Some(Self {
            id: stat.id,
            command: command.trim_end().to_owned(),
            state: stat.letter,
            threads: stat.threads,
            cpu_ns: u64::try_from(cpu.as_nanos()).unwrap_or(u64::MAX),
            wait_ns: wait_ns(procfs, pid),
        }))
    }
}

/// The process's own CPU clock: exact to the ns, with the threads that ended (`clock_getcpuclockid(3)`). The
/// times in /proc/PID/stat have a resolution of 10 ms.
fn cpu_time(pid: u32) -> Option<Duration> {
    let pid = Pid::from_raw(i32::try_from(pid).ok()?);
    let clock: ClockId = clock_getcpuclockid(pid).ok()?;
    clock_gettime(clock).ok().map(Duration::from)
}

/// Sum over the threads of the second field of schedstat: ns spent runnable but not running (Linux
/// Documentation/scheduler/sched-stats.rst). /proc/PID/schedstat itself covers the main thread alone.
fn wait_ns(procfs: &Procfs, pid: u32) -> Option<u64> {
    let mut total = None;
    for thread in fs::read_dir(procfs.root().join(pid.to_string()).join("task")).ok()? {
        // A thread that ended between the listing and the reading has nothing to add.
        let Ok(text) = fs::read_to_string(thread.ok()?.path().join("schedstat")) else {
            continue;
        };
        let wait: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
        *total.get_or_insert(0) += wait;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_this_very_process() {
        let procfs = Procfs::default();
        let pid = std::process::id();
        let before = ProcessSample::read(&procfs, pid).unwrap().unwrap();
        let mut burnt = 0_u64;
        let after = loop {
            burnt = std::hint::black_box(burnt.wrapping_add(1));
            let after = ProcessSample::read(&procfs, pid).unwrap().unwrap();
            if after.cpu_ns > before.cpu_ns {
                break after;
            }
        };
        assert_eq!(after.id, before.id);
        assert!(after.threads >= 1);
        assert!(!after.command.is_empty());
        assert!(after.wait_ns.is_some());
    }

    #[test]
    fn a_process_that_ended_is_none() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert_eq!(ProcessSample::read(&Procfs::default(), pid).unwrap(), None);
    }
}
