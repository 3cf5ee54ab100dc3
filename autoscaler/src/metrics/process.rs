//! What the program itself uses.

use std::time::{Duration, SystemTime};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// What a process uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Process {
    /// CPU time, user and system.
    pub cpu: Duration,
    /// Resident memory, bytes; `None` where /proc cannot be read.
    pub resident: Option<u64>,
    /// When it started.
    pub started_at: SystemTime,
}

impl Process {
    /// This process, which started at `started_at`.
    #[must_use]
    pub fn own(started_at: SystemTime) -> Self {
        Self {
            cpu: own_cpu(),
            resident: own_memory(),
            started_at,
        }
    }
}

fn own_cpu() -> Duration {
    getrusage(UsageWho::RUSAGE_SELF)
        .map(|usage| usage.user_time() + usage.system_time())
        .ok()
        .and_then(|time| u64::try_from(time.num_microseconds()).ok())
        .map(Duration::from_micros)
        .unwrap_or_default()
}

/// Resident memory, bytes: the second field of /proc/self/statm (`proc_pid_statm(5)`), in pages.
fn own_memory() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
}
