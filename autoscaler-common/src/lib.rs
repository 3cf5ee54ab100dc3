//! The records that cross from the kernel programs to userspace, and nothing else.
//!
//! All of them live in arrays that userspace maps and reads in place. Every counter only grows.
#![no_std]
#![forbid(unsafe_code)]

mod requests;

pub use requests::{BUCKETS, Connection, Live, Placed, Requests, SEATS_EACH, bucket_of, lower_bound};

/// How many ancestors of a cgroup an [`Owner`] records, nearest first.
pub const MAX_DEPTH: usize = 32;

/// Entries of a CPU's cache from a cgroup to where its counters are. A power of two.
pub const CACHE: usize = 64;

/// The index that stands for "no room was left": what could not be charged to its cgroup is kept there.
pub const NOWHERE: u32 = 0;

/// What one CPU has charged to one cgroup. Entry `base + index` of the map `COUNTERS`, with that CPU's [`Cpu::base`].
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

/// The task that a CPU runs, and where its counters stood when it was put there.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Slot {
    /// Its address; 0 while the idle task runs.
    pub task: u64,
    /// Address of its set of cgroups: another one means that it was moved meanwhile.
    pub css_set: u64,
    /// Address of its cgroup.
    pub cgroup: u64,
    /// What tells its words in the map `LEFT` from those of other tasks.
    pub tag: u64,
    /// `se.sum_exec_runtime`, ns, plus `tag`.
    pub exec: u64,
    /// `sched_info.run_delay`, ns, plus `tag`.
    pub delay: u64,
    /// Its pid in the initial namespace.
    pub pid: u32,
    /// Where in the map `COUNTERS` this CPU charges its cgroup.
    pub place: u32,
}

/// One remembered translation from a cgroup to where its counters are.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Cached {
    /// The cgroup's address; 0 for none.
    pub cgroup: u64,
    /// Where in the map `COUNTERS` this CPU charges it.
    pub place: u64,
}

/// Everything of one CPU that only programs on that CPU write, with one exception: a cgroup's removal empties its
/// place in `cache`. Entry `cpu` of the map `CPUS`. In whole cache lines, the first of which is all that a switch
/// touches besides the place of one cgroup.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    /// The task that runs.
    pub slot: Slot,
    /// Where this CPU's part of the map `COUNTERS` begins. Userspace sets it before the programs are attached.
    pub base: u32,
    /// Up to a whole word.
    pub unused: u32,
    /// Switches that the tracepoint never reported.
    pub lost_switches: u64,
    /// Slices that found no room and went to [`NOWHERE`].
    pub full: u64,
    /// Differences that came out negative and were left out.
    pub discarded: u64,
    /// Address of the cgroup whose removal was told of last on this CPU.
    pub removing: u64,
    /// When what runs was last charged for userspace, `CLOCK_MONOTONIC`, ns; 0 before the first time: since then `slot`
    /// is known.
    pub flushed: u64,
    /// Up to a whole cache line.
    pub reserved: [u64; 3],
    /// The last translations made on this CPU, by a hash of the cgroup's address.
    pub cache: [Cached; CACHE],
}

impl Default for Cpu {
    fn default() -> Self {
        Self {
            slot: Slot::default(),
            base: 0,
            unused: 0,
            lost_switches: 0,
            full: 0,
            discarded: 0,
            removing: 0,
            flushed: 0,
            reserved: [0; 3],
            cache: [Cached::default(); CACHE],
        }
    }
}

/// A field of a kernel structure that the programs read.
///
/// Where it lies differs from kernel to kernel. In the object, an instruction that loads it has the number that stands
/// here in the place of the offset; the loader writes the offset of the running kernel over it.
#[repr(u16)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `task_struct.pid`
    TaskPid = PLACEHOLDER,
    /// `task_struct.tgid`
    TaskTgid = PLACEHOLDER + 8,
    /// `task_struct.se.sum_exec_runtime`
    TaskExec = PLACEHOLDER + 16,
    /// `task_struct.se.prev_sum_exec_runtime`
    TaskPrevExec = PLACEHOLDER + 24,
    /// `task_struct.sched_info.run_delay`
    TaskDelay = PLACEHOLDER + 32,
    /// `task_struct.cgroups`
    TaskCgroups = PLACEHOLDER + 40,
    /// `css_set.dfl_cgrp`
    CssSetCgroup = PLACEHOLDER + 48,
    /// `cgroup.kn`
    CgroupNode = PLACEHOLDER + 56,
    /// `cgroup.self.flags`
    CgroupFlags = PLACEHOLDER + 64,
    /// `kernfs_node.id`
    NodeId = PLACEHOLDER + 72,
    /// `kernfs_node.parent`, `__parent` since 6.15
    NodeParent = PLACEHOLDER + 80,
    /// `sock.sk_bpf_storage`
    SockStorage = PLACEHOLDER + 88,
    /// `sock.__sk_common.skc_family`
    SockFamily = PLACEHOLDER + 96,
    /// `sock.__sk_common.skc_state`
    SockState = PLACEHOLDER + 104,
    /// `sock.sk_type`
    SockType = PLACEHOLDER + 112,
    /// `sock.__sk_common.skc_num`
    SockPort = PLACEHOLDER + 120,
    /// `sock.__sk_common.skc_net.net`
    SockNet = PLACEHOLDER + 128,
    /// `unix_sock.addr`
    UnixAddress = PLACEHOLDER + 136,
    /// `sock.sk_shutdown`
    SockShutdown = PLACEHOLDER + 144,
    /// `socket.sk`
    SocketSock = PLACEHOLDER + 152,
    /// `tcp_sock.rcv_nxt`
    TcpReceived = PLACEHOLDER + 160,
    /// `tcp_sock.copied_seq`
    TcpRead = PLACEHOLDER + 168,
    /// `sock.__sk_common.skc_cookie`
    SockCookie = PLACEHOLDER + 176,
}

/// The first number that stands for a field: larger than any offset into what the programs share with userspace, small
/// enough for an instruction, which has 15 bits for it.
const PLACEHOLDER: u16 = 0x7000;
