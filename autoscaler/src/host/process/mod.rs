//! Single processes, read by pid from procfs. Every read may find the process gone: that is [`ProcessError::Gone`],
//! and normal.

mod gone;
mod memory;
mod stat;
mod status;
mod table;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;

use crate::host::kernel_file;
use crate::model::{Lack, ProcessError, ProcessId};

pub(crate) use gone::unless_gone;
pub use stat::{Stat, State};
pub use status::{SignalSet, Status};
pub use table::ProcessTable;

/// A procfs tree: the host's `/proc`, or a fixture's.
#[derive(Debug, Clone)]
pub struct Procfs {
    root: PathBuf,
}

impl Default for Procfs {
    fn default() -> Self {
        Self::at("/proc")
    }
}

impl Procfs {
    /// The procfs tree below `root`.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory that the tree starts at.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The pids of all processes that may be seen, lowest first. Each may be gone by the time it is read.
    pub fn pids(&self) -> Result<Vec<u32>, ProcessError> {
        let unreadable = |source: io::Error| ProcessError::Unreadable {
            path: self.root.clone(),
            source: source.into(),
        };
        let mut pids = Vec::new();
        for entry in std::fs::read_dir(&self.root).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name();
            pids.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
        }
        pids.sort_unstable();
        Ok(pids)
    }

    /// Parent, state, start time and command name: `/proc/PID/stat`.
    pub fn stat(&self, pid: u32) -> Result<Stat, ProcessError> {
        let path = self.path(pid, "stat");
        let text = read(pid, &path)?;
        Stat::parse(pid, &text).map_err(|what| ProcessError::Malformed { path, what })
    }

    /// Caught signals and CPU affinity: `/proc/PID/status`.
    pub fn status(&self, pid: u32) -> Result<Status, ProcessError> {
        let path = self.path(pid, "status");
        let text = read(pid, &path)?;
        Status::parse(&text).map_err(|what| ProcessError::Malformed { path, what })
    }

    /// The user whose process it is; `None` where its real, effective, saved and file system uids are not the same, as in a
    /// program that runs with another's rights: the `Uid` line of `/proc/PID/status` (`proc_pid_status(5)`).
    pub fn owner(&self, pid: u32) -> Result<Option<u32>, ProcessError> {
        let path = self.path(pid, "status");
        let text = read(pid, &path)?;
        let line = text.lines().find_map(|line| line.strip_prefix("Uid:"));
        let line = line.ok_or(ProcessError::Malformed {
            path,
            what: Lack::line("Uid"),
        })?;
        let uids: Vec<u32> = line
            .split_whitespace()
            .filter_map(|uid| uid.parse().ok())
            .collect();
        let first = uids.first().copied();
        Ok(first.filter(|first| uids.len() == 4 && uids.iter().all(|uid| uid == first)))
    }

    /// How long its living threads have waited for a CPU so far: the second field of `/proc/PID/task/TID/schedstat`, ns
    /// (Documentation/scheduler/sched-stats.rst).
    pub fn cpu_wait(&self, pid: u32) -> Result<Duration, ProcessError> {
        let folder = self.path(pid, "task");
        let unreadable = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => ProcessError::Gone { pid },
            _ => ProcessError::Unreadable {
                path: folder.clone(),
                source: source.into(),
            },
        };
        let mut wait_ns: u64 = 0;
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path().join("schedstat");
            // Of a thread that has just ended nothing is known any more.
            let Some(text) = unless_gone(read(pid, &path))? else {
                continue;
            };
            let waited: Option<u64> = text
                .split_ascii_whitespace()
                .nth(1)
                .and_then(|field| field.parse().ok());
            wait_ns += waited.ok_or_else(|| ProcessError::Malformed {
                path,
                what: Lack::line("schedstat"),
            })?;
        }
        Ok(Duration::from_nanos(wait_ns))
    }

    /// The cgroup v2 path, as seen from the daemon's cgroup namespace: the `0::` line of `/proc/PID/cgroup`.
    ///
    /// Ends in ` (deleted)` when the cgroup was removed and only a zombie remains (cgroups(7)).
    pub fn cgroup(&self, pid: u32) -> Result<String, ProcessError> {
        let path = self.path(pid, "cgroup");
        let text = read(pid, &path)?;
        text.lines()
            .find_map(|line| line.strip_prefix("0::"))
            .map(str::to_owned)
            .ok_or(ProcessError::Malformed {
                path,
                what: Lack::CgroupLine,
            })
    }

    /// The command line, one string an argument, bytes that are no UTF-8 replaced. Empty for a zombie and for
    /// a kernel thread.
    pub fn cmdline(&self, pid: u32) -> Result<Vec<String>, ProcessError> {
        let text = read(pid, &self.path(pid, "cmdline"))?;
        let text = text.strip_suffix('\0').unwrap_or(&text);
        if text.is_empty() {
            return Ok(Vec::new());
        }
        Ok(text.split('\0').map(str::to_owned).collect())
    }

    /// The environment that the process was started with, `NAME=value` each: `/proc/PID/environ`. Where the
    /// process is another user's, `CAP_DAC_READ_SEARCH` opens the file and `CAP_SYS_PTRACE` lets it be read
    /// (`proc_pid_environ(5)`). No value is ever printed here.
    pub fn environ(&self, pid: u32) -> Result<Vec<String>, ProcessError> {
        let text = read(pid, &self.path(pid, "environ"))?;
        Ok(text.split_terminator('\0').map(str::to_owned).collect())
    }

    /// The host's name, as programs enter it in what they keep elsewhere: `/proc/sys/kernel/hostname`. Empty where it cannot
    /// be read.
    #[must_use]
    pub fn host_name(&self) -> String {
        let name = std::fs::read_to_string(self.root.join("sys/kernel/hostname"));
        name.unwrap_or_default().trim_end().to_owned()
    }

    /// Whether `id` still is the process it was: neither gone, nor a zombie, nor another process with its pid.
    pub fn is_alive(&self, id: ProcessId) -> Result<bool, ProcessError> {
        match self.stat(id.pid) {
            Ok(stat) => Ok(stat.id == id && stat.state.is_live()),
            Err(ProcessError::Gone { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// How long ago the process started. Both sides count suspended time (`CLOCK_BOOTTIME`), to 10 ms.
    pub fn age(&self, id: ProcessId) -> Result<Duration, ProcessError> {
        let path = self.root.join("uptime");
        let text = read(id.pid, &path)?;
        let uptime = text
            .split_ascii_whitespace()
            .next()
            .and_then(|seconds| seconds.parse().ok())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or(ProcessError::Malformed {
                path,
                what: Lack::Uptime,
            })?;
        Ok(uptime.saturating_sub(since_boot(id.start_ticks)))
    }

    /// The names in a directory of a process that are numbers, lowest first: its threads in `task`, its open files in
    /// `fd`.
    pub(crate) fn numbers_in(&self, pid: u32, directory: &str) -> Result<Vec<u32>, ProcessError> {
        let path = self.path(pid, directory);
        let unreadable = |source: io::Error| {
            if is_gone(&source) {
                ProcessError::Gone { pid }
            } else {
                ProcessError::Unreadable {
                    path: path.clone(),
                    source: source.into(),
                }
            }
        };
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name();
            numbers.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The text of another file of a process.
    pub(crate) fn text(&self, pid: u32, file: &str) -> Result<String, ProcessError> {
        read(pid, &self.path(pid, file))
    }

    /// Where a link of a process leads.
    pub(crate) fn link(&self, pid: u32, file: &str) -> Result<String, ProcessError> {
        let path = self.path(pid, file);
        match std::fs::read_link(&path) {
            Ok(target) => Ok(target.to_string_lossy().into_owned()),
            Err(source) if is_gone(&source) => Err(ProcessError::Gone { pid }),
            Err(source) => Err(ProcessError::Unreadable {
                path,
                source: source.into(),
            }),
        }
    }

    fn path(&self, pid: u32, file: &str) -> PathBuf {
        self.root.join(pid.to_string()).join(file)
    }
}

/// The time since boot that `ticks` stand for, in units of `sysconf(_SC_CLK_TCK)`.
fn since_boot(ticks: u64) -> Duration {
    let per_second = rustix::param::clock_ticks_per_second();
    Duration::from_secs(ticks / per_second)
        + Duration::from_nanos(ticks % per_second * 1_000_000_000 / per_second)
}

fn read(pid: u32, path: &Path) -> Result<String, ProcessError> {
    // The name in stat and the arguments in cmdline are the process's own bytes, not always UTF-8.
    match kernel_file::bytes(path) {
        Ok(bytes) => Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())),
        Err(source) if is_gone(&source) => Err(ProcessError::Gone { pid }),
        Err(source) => Err(ProcessError::Unreadable {
            path: path.to_owned(),
            source: source.into(),
        }),
    }
}

/// ENOENT when the process was gone at open, ESRCH when it went between open and read (fs/proc/base.c).
fn is_gone(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(Errno::from_raw);
    matches!(code, Some(Errno::ENOENT | Errno::ESRCH))
}

#[cfg(test)]
mod tests;
