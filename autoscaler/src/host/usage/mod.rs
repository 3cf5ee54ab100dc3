//! How much CPU each cgroup used: one interface over the kernel program and over `cpu.stat`.

mod cpu_stat;
mod ebpf;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use nix::time::{ClockId, clock_gettime};

use crate::model::{SourceKind, SourceNews, WhyNotEbpf};

pub use cpu_stat::CpuStatSource;
pub use ebpf::{EbpfSource, for_this_kernel};

/// A cgroup's id: the inode number of its cgroup v2 directory (kernfs `kn->id`).
pub type CgroupId = u64;

/// Counters of one cgroup with all below it. They only grow while the cgroup lives: what cgroups below it
/// used stays counted after they are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The cgroup that the figures belong to: a directory made anew under the same name has another id.
    pub id: CgroupId,
    /// On-CPU time, ns.
    pub cpu_ns: u64,
    /// Run-queue wait, ns; `None` where the source cannot tell.
    pub wait_ns: Option<u64>,
}

/// The counters of several cgroups, read at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// `CLOCK_MONOTONIC` at that moment.
    pub taken_at: Duration,
    /// One entry for each cgroup asked for, in the same order; `None` where the directory does not exist.
    pub usage: Vec<Option<Usage>>,
}

/// What the source knows of its own losses, since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// Switches that the kernel never reported and that were recovered from the task's own counters.
    pub lost_switches: u64,
    /// Slices that could not be charged because the map was full.
    pub map_full: u64,
    /// Differences that came out negative and were left out: not 0 means an error in the kernel program.
    pub discarded: u64,
}

/// What the kernel measured of a program while it was asked to: `run_time_ns` and `run_cnt` of `struct bpf_prog_info`
/// (include/uapi/linux/bpf.h). The time includes most of the two clock reads that measure it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunCost {
    /// Time in all runs.
    pub time: Duration,
    /// How many runs there were.
    pub runs: u64,
}

impl RunCost {
    /// What came after `earlier`; `None` when it never ran, or when the counters are of another program.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Self> {
        let runs = self.runs.checked_sub(earlier.runs).filter(|runs| *runs > 0)?;
        let time = self.time.checked_sub(earlier.time)?;
        Some(Self { time, runs })
    }

    /// The mean of one run, ns.
    #[must_use]
    pub fn ns_per_run(&self) -> f64 {
        self.time.as_nanos() as f64 / self.runs.max(1) as f64
    }
}

/// Where CPU figures come from.
pub trait UsageSource: Send {
    /// Which source this is.
    fn kind(&self) -> SourceKind;

    /// Reads the counters of `cgroups` (absolute cgroup v2 directories), each with all below it.
    ///
    /// # Errors
    /// When the source as a whole cannot be read; a missing directory is no error.
    fn read(&mut self, cgroups: &[PathBuf]) -> Result<Reading>;

    /// The same for a caller that keeps a list of the directories and of the ids that they had when they were listed:
    /// it hears of what it cannot see itself, that a cgroup has gone or another one has its name. Then its entry is
    /// `None` or has the other id. With thousands of cgroups this is cheaper than [`Self::read`], which looks at every
    /// directory that the source knows nothing of.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn read_listed(&mut self, cgroups: &[PathBuf], ids: &[CgroupId]) -> Result<Reading> {
        let _ = ids;
        self.read(cgroups)
    }

    /// What the source lost so far.
    fn health(&self) -> Health;

    /// What the source has to tell since it was last asked.
    fn news(&mut self) -> Vec<SourceNews> {
        Vec::new()
    }

    /// What the source's program costs at each switch, measured now and then from one call to a later one: for those
    /// who show it. `None` before, without a program, and where the kernel does not permit it.
    fn cost(&mut self) -> Option<RunCost> {
        None
    }
}

/// The current `CLOCK_MONOTONIC`, the clock of every [`Reading`].
#[must_use]
pub fn monotonic() -> Duration {
    // CLOCK_MONOTONIC exists on every Linux (clock_gettime(2)): the default is never seen.
    clock_gettime(ClockId::CLOCK_MONOTONIC)
        .map(Duration::from)
        .unwrap_or_default()
}

/// Opens the best source that this host allows, and says why it is not the kernel program where it is not.
#[must_use]
pub fn open() -> (Box<dyn UsageSource>, Option<WhyNotEbpf>) {
    match EbpfSource::open() {
        Ok(source) => (Box::new(source), None),
        Err(why) => (Box::<CpuStatSource>::default(), Some(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_a_run_is_told_of_the_runs_between_two_looks() {
        let ran = |ns, runs| RunCost {
            time: Duration::from_nanos(ns),
            runs,
        };
        let cost = ran(50_000, 300).since(ran(10_000, 100)).unwrap();
        assert!((cost.ns_per_run() - 200.0).abs() < 1e-9);
        assert_eq!(ran(5, 1).since(ran(5, 1)), None, "it never ran");
        assert_eq!(ran(5, 1).since(ran(9, 3)), None, "another program's counters");
    }
}
