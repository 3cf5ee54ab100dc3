//! The records that cross from the kernel programs to userspace, and nothing else.
//!
//! All of them live in arrays that userspace maps and reads in place. Every counter only grows.
#![no_std]
#![forbid(unsafe_code)]

/// How many ancestors of a cgroup an [`Owner`] records, nearest first.
pub const MAX_DEPTH: usize = 32;

/// Entries of a CPU's cache from cgroup id to index. A power of two.
pub const CACHE: usize = 64;

/// The index that stands for "no room was left": what could not be charged to its cgroup is kept there.
pub const NOWHERE: u32 = 0;

/// What one CPU has charged to one cgroup. Entry `cpu * capacity + index` of the map `COUNTERS`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// On-CPU time, ns.
    pub cpu_ns: u64,
    /// Run-queue wait, ns.
    pub wait_ns: u64,
}

/// Which cgroup an index stands for. Entry `index` of the map `OWNERS`; all zero while the index is free.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The cgroup's id: its kernfs inode number.
    pub id: u64,
    /// Not 0 once the cgroup's directory is gone.
    pub removed: u32,
    /// How many of `ancestors` are set.
    pub depth: u32,
    /// Ids of the cgroups above it, the nearest first, the root last unless it is further than that.
    pub ancestors: [u64; MAX_DEPTH],
}

impl Default for Owner {
    fn default() -> Self {
        Self {
            id: 0,
            removed: 0,
            depth: 0,
            ancestors: [0; MAX_DEPTH],
        }
    }
}

/// The task that a CPU runs, and its counters when it was put there.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Slot {
    /// Its pid in the initial namespace; 0 for the idle task.
    pub pid: u32,
    /// The index of its cgroup.
    pub index: u32,
    /// Its address: tells tasks apart that had the same pid.
    pub task: u64,
    /// Address of its set of cgroups: another one means that it was moved meanwhile.
    pub css_set: u64,
    /// `se.sum_exec_runtime`, ns.
    pub exec: u64,
    /// `sched_info.run_delay`, ns.
    pub delay: u64,
}

/// One remembered translation from a cgroup's id to its index.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Cached {
    /// The cgroup's id; 0 for none.
    pub id: u64,
    /// Its index.
    pub index: u64,
}

/// Everything of one CPU that only programs on that CPU write. Entry `cpu` of the map `CPUS`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    /// The task that runs.
    pub slot: Slot,
    /// Not 0 once `slot` has been filled for the first time.
    pub started: u64,
    /// Switches that the tracepoint never reported.
    pub lost_switches: u64,
    /// Slices that found no room and went to [`NOWHERE`].
    pub full: u64,
    /// Differences that came out negative and were left out.
    pub discarded: u64,
    /// The last translations made on this CPU, by the id's low bits.
    pub cache: [Cached; CACHE],
}
