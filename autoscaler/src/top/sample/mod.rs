//! What the host and its cgroups look like at one moment. Nothing here knows of a terminal.

mod daemon;
mod detail;
mod focus;
mod host;
mod process;
mod project;
mod requests;
mod sampler;
mod sought;

pub use daemon::DaemonWatch;
pub use sampler::{Attention, Sampler};
pub use sought::{Projects, Sought, each_project};

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::control::Status;
use crate::host::cgroup::Place;
use crate::host::cpu_list::CpuList;
use crate::host::usage::{CgroupId, Health, RunCost, Usage};
use crate::model::{CgroupMemory, ProcessId, Project, RequestFigures, SourceKind, Unobservable};

/// One pass over the cgroups.
#[derive(Debug, Clone)]
pub struct Sample {
    /// `CLOCK_MONOTONIC` at the moment the usage counters were read.
    pub taken_at: Duration,
    /// The same moment by the calendar.
    pub wall: SystemTime,
    /// The host as a whole.
    pub host: HostSample,
    /// Each cgroup with its parent before it; the first is the root of what is shown.
    pub cgroups: Vec<CgroupSample>,
    /// The cgroup that is looked at closely, if any and if it still exists.
    pub focus: Option<Focus>,
    /// The projects, of the running daemon or of the configuration.
    pub projects: Vec<ProjectState>,
    /// Requests since the pass before, by cgroup; `None` where nobody asked for them.
    pub requests: Option<HashMap<CgroupId, RequestFigures>>,
    /// What a running daemon says of them; `None` while none answers.
    pub daemon: Option<Arc<Status>>,
    /// Where the usage comes from; `None` while that is not open yet: then there is no usage.
    pub source: Option<Source>,
    /// CPU time of this process so far.
    pub own_cpu: Duration,
    /// Failures of a part of the pass; the rest stands.
    pub troubles: Vec<String>,
}

/// Where the usage comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The kernel program or cpu.stat.
    pub kind: SourceKind,
    /// Why it is cpu.stat and what would make it the kernel program.
    pub why_not_ebpf: Option<String>,
    /// What it lost so far.
    pub health: Health,
    /// What its program costs at each switch, where that could be measured.
    pub cost: Option<RunCost>,
}

/// The host as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostSample {
    /// CPUs online.
    pub online: CpuList,
    /// `MemTotal` of /proc/meminfo, bytes.
    pub memory_total: u64,
    /// `MemAvailable` of /proc/meminfo, bytes.
    pub memory_available: u64,
    /// Switches of all CPUs since boot: `ctxt` of /proc/stat (`proc_stat(5)`).
    pub switches: u64,
    /// Time of all CPUs since boot that was not idle, ns: `cpu` of /proc/stat.
    pub busy_ns: u64,
    /// Tasks in all: /proc/loadavg.
    pub tasks: u64,
}

/// One cgroup.
#[derive(Debug, Clone)]
pub struct CgroupSample {
    /// Where it is.
    pub place: Arc<Place>,
    /// Index of its parent in the same sample; `None` for the root of what is shown.
    pub parent: Option<usize>,
    /// Its id.
    pub id: CgroupId,
    /// Its counters; `None` when it vanished meanwhile.
    pub usage: Option<Usage>,
    /// What else was read of it, in this pass or an earlier one.
    pub detail: Option<Detail>,
}

/// What is read of a cgroup besides its usage. On a host with many cgroups, those that are not on the
/// screen are read in turn, so that each pass stays cheap.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Detail {
    /// `CLOCK_MONOTONIC` when it was read.
    pub read_at: Duration,
    /// On-CPU time since the cgroup was made, ns.
    pub cpu_total_ns: Option<u64>,
    /// Memory in use and its limit.
    pub memory: CgroupMemory,
    /// Tasks in it and below.
    pub tasks: Option<u64>,
    /// Throttling since the cgroup was made; `None` without the cpu controller.
    pub throttled: Option<Throttled>,
    /// `some avg10` of `cpu.pressure`, percent; `None` without PSI.
    pub cpu_pressure: Option<f64>,
}

/// Throttling by `cpu.max` since the cgroup was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Throttled {
    /// `nr_throttled` of cpu.stat: periods in which it was held back.
    pub periods: u64,
    /// `throttled_usec` of cpu.stat, ns.
    pub time_ns: u64,
}

/// One cgroup looked at closely.
#[derive(Debug, Clone)]
pub struct Focus {
    /// The cgroup.
    pub id: CgroupId,
    /// When its processes were read, `CLOCK_MONOTONIC`.
    pub read_at: Duration,
    /// The processes in it and below, at most [`Focus::MOST_PROCESSES`].
    pub processes: Vec<ProcessSample>,
    /// Processes that were left out.
    pub left_out: usize,
    /// Its limits.
    pub limits: Limits,
    /// What happened in it since it was made.
    pub events: Events,
}

impl Focus {
    /// Most processes that are read of one cgroup.
    pub const MOST_PROCESSES: usize = 500;
}

/// Limits of one cgroup; `None` where the controller is not on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Limits {
    /// CPUs that `cpu.max` allows, its own or that of a cgroup above it; `None` for no limit.
    pub cpu_quota: Option<f64>,
    /// `cpu.weight`.
    pub cpu_weight: Option<u64>,
    /// How many CPUs `cpuset.cpus.effective` holds.
    pub cpus: Option<usize>,
    /// `memory.high`, bytes; `u64::MAX` for `max`.
    pub memory_high: Option<u64>,
    /// `memory.max`, bytes; `u64::MAX` for `max`.
    pub memory_max: Option<u64>,
    /// `pids.max`; `u64::MAX` for `max`.
    pub tasks_max: Option<u64>,
}

/// What happened in a cgroup and below since it was made: `memory.events`. `None` without the memory controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Events {
    /// Times its memory limit could not be kept by reclaiming.
    pub oom: Option<u64>,
    /// Processes that were killed for want of memory.
    pub oom_kill: Option<u64>,
    /// Times its use was throttled over `memory.high`.
    pub memory_high: Option<u64>,
}

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessSample {
    /// Which process.
    pub id: ProcessId,
    /// Command line, or the command's name in brackets where there is none.
    pub command: String,
    /// State letter (`proc_pid_stat(5)`).
    pub state: char,
    /// Its threads.
    pub threads: u32,
    /// On-CPU time of all its threads, those that ended included, ns.
    pub cpu_ns: u64,
    /// Run-queue wait of its living threads, ns: second field of schedstat of each; `None` without
    /// `CONFIG_SCHED_INFO`.
    pub wait_ns: Option<u64>,
}

/// One project as found on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectState {
    /// Its name.
    pub name: String,
    /// Its cgroup; `None` when it is not running.
    pub cgroup: Option<CgroupId>,
    /// How many workers it has and how many CPUs they may use, or why that cannot be told.
    pub workers: Result<(u32, f64), Unobservable>,
    /// Its rules, where it was taken from a configuration and not from the daemon.
    pub rules: Option<Arc<Project>>,
}
