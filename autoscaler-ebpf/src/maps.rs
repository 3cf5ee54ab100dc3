//! What the programs share with each other and with userspace. The loader sets the sizes.

use autoscaler_common::{Counters, Cpu, Owner};
use aya_ebpf::bindings::BPF_F_MMAPABLE;
use aya_ebpf::macros::map;
use aya_ebpf::maps::{Array, HashMap, Queue};

/// State of each CPU, by its number.
#[map]
pub(crate) static CPUS: Array<Cpu> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// What each CPU has charged to each index, at its `base + index`.
#[map]
pub(crate) static COUNTERS: Array<Counters> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// Whom each index stands for.
#[map]
pub(crate) static OWNERS: Array<Owner> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// Cgroup id → index.
#[map]
pub(crate) static INDEX: HashMap<u64, u32> = HashMap::with_max_entries(1, 0);

/// Indexes that stand for no cgroup. Userspace fills it, and returns those of removed cgroups.
#[map]
pub(crate) static FREE: Queue<u32> = Queue::with_max_entries(1, 0);

/// How many tasks `LEFT` remembers. A power of two.
const LEFT_ENTRIES: u32 = 16 * 1024;

/// The entry of a task in `LEFT`. As with the low bits of the pid alone, only pids that are a multiple of
/// [`LEFT_ENTRIES`] apart share one; but neighbours, which are the workers of one server and run on several CPUs at once,
/// come 144 bytes apart. On one cache line, or on two that the CPU fetches together, each switch of the one would take
/// the line away from the other.
#[inline(always)]
pub(crate) fn left_entry(pid: u32) -> u32 {
    const ODD: u32 = 9;
    pid.wrapping_mul(ODD) & (LEFT_ENTRIES - 1)
}

/// Where a task's counters stood when it last left a CPU. Each is one word, the counter plus a tag that is made of the
/// task's address and far larger, so that two tasks that share an entry can only replace each other's.
#[derive(Clone, Copy)]
pub(crate) struct Left {
    /// `se.sum_exec_runtime`, ns, plus the tag.
    pub(crate) exec: u64,
    /// `sched_info.run_delay`, ns, plus the tag.
    pub(crate) delay: u64,
}

/// By the task's pid: [`left_entry`]. Nobody maps it: the flag has it begin on a page, so that no entry lies across two
/// cache lines.
#[map]
pub(crate) static LEFT: Array<Left> = Array::with_max_entries(LEFT_ENTRIES, BPF_F_MMAPABLE);

/// A task's (or its process's) change of cgroup.
#[derive(Clone, Copy)]
pub(crate) struct Move {
    /// `CLOCK_MONOTONIC`, ns.
    pub(crate) at: u64,
    /// The on-CPU time of the task that the entry is named after, ns.
    pub(crate) exec: u64,
    /// The index of the cgroup that it was moved from; `NOWHERE` if that is not known.
    pub(crate) from: u32,
    /// The index of the cgroup that it was moved to.
    pub(crate) to: u32,
}

/// How many moves of a task are remembered. A power of two.
pub(crate) const REMEMBERED: u32 = 32;

/// The last changes of one task.
pub(crate) struct Moves {
    /// The task's address, which tells it from an earlier one with the same pid.
    pub(crate) task: u64,
    pub(crate) pid: u32,
    /// How many there were: the next goes to that place, modulo the ring's length.
    pub(crate) made: u32,
    pub(crate) ring: [Move; REMEMBERED as usize],
}

/// How many tasks' moves `MOVED` remembers. A power of two.
pub(crate) const MOVED_ENTRIES: u32 = 256;

/// By the low bits of the pid. An entry that another task took costs no more than the split of one slice.
#[map]
pub(crate) static MOVED: Array<Moves> = Array::with_max_entries(MOVED_ENTRIES, 0);
