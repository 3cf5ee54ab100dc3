//! The figures of one check, as plain data. `decide` sees nothing else of the host.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{
    Container, ContainerFault, PoolFault, ProcessFilter, QueueFault, ReadFault, RequestFault, RequestSample,
    ServiceError, TaskQueue, Uncounted, kept,
};

/// Everything one check saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// `CLOCK_MONOTONIC` at the moment the kernel counters were read.
    pub taken_at: Duration,
    /// The host as a whole.
    pub host: Host,
    /// Each project of the configuration, or why it cannot be observed.
    pub projects: BTreeMap<String, Result<ProjectSample, Unobservable>>,
}

/// The host as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// CPUs online.
    pub cpus: u32,
    /// `MemTotal` of /proc/meminfo, MiB.
    pub memory_total_mib: u64,
    /// `MemAvailable` of /proc/meminfo, MiB.
    pub memory_available_mib: u64,
    /// Share of all CPUs that was busy since the last check, percent; `None` at the first.
    pub busy_percent: Option<f64>,
}

/// A process that cannot be confused with a later one that got the same pid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessId {
    /// Process id in the daemon's pid namespace.
    pub pid: u32,
    /// Start time in clock ticks since boot: field 22 of /proc/PID/stat (proc(5)).
    pub start_ticks: u64,
}

/// One project as seen by one check.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectSample {
    /// The project's cgroup v2 directory, absolute.
    pub cgroup: PathBuf,
    /// The container that it is, where it is one.
    pub container: Option<Container>,
    /// The process that takes SIGTTIN and SIGTTOU.
    pub master: ProcessId,
    /// The processes that serve, oldest first.
    pub workers: Vec<ProcessId>,
    /// CPU since the last check; `None` at the first check, or when the counters could not be read.
    pub cpu: Option<CpuSample>,
    /// Memory of the cgroup.
    pub memory: CgroupMemory,
    /// The task queues of the project, or why they cannot be read; `None` for a project without a queue rule.
    pub queue: Option<Result<QueueSample, QueueFault>>,
    /// Requests since the last check, or why they cannot be seen; `None` where nobody wants them, and at the first check.
    pub requests: Option<Result<RequestSample, RequestFault>>,
}

impl ProjectSample {
    /// How many workers were seen.
    #[must_use]
    pub fn worker_count(&self) -> u32 {
        u32::try_from(self.workers.len()).unwrap_or(u32::MAX)
    }
}

/// The task queues of one project at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSample {
    /// Time since the queues were last read: the interval that this reading stands for.
    pub covered: Duration,
    /// Tasks waiting in the broker, all queues and priorities together.
    pub waiting: u64,
    /// Tasks that a worker fetched ahead and that do not run yet, or, where only the broker can be asked, all
    /// that it delivered and that are not acknowledged. `None` where nobody can tell.
    pub reserved: Option<u64>,
    /// Of these, the tasks that the project's own pool holds back for want of a process: they wait, as those in the
    /// broker do. 0 where it cannot be told which are the project's.
    pub ahead: u64,
    /// Workers that are running a task: pool processes, or instances; `None` where nobody can tell.
    pub active: Option<u32>,
    /// Tasks that the broker delivered to some worker and that are not acknowledged; `None` where it cannot tell.
    /// Redis counts those of all queues of its database together.
    pub unacknowledged: Option<u64>,
    /// Why the broker does not tell, where it should.
    pub unacknowledged_fault: Option<QueueFault>,
    /// The oldest waiting task has waited at least this long; `None` where nothing waits or nobody can tell.
    pub oldest_waiting: Option<Duration>,
    /// Why the pool cannot be commanded, when the project scales by Celery's remote control and it cannot; of instances, why
    /// nobody tells which are busy.
    pub pool_fault: Option<PoolFault>,
    /// The node of the project's pool, where it answered.
    pub node: Option<String>,
    /// Tasks that are in none of these figures, as far as is known.
    pub uncounted: Vec<Uncounted>,
}

impl QueueSample {
    /// All tasks that wait for a process: in the broker, and fetched ahead by the project's own pool.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        self.waiting.saturating_add(self.ahead)
    }

    /// Tasks that run: by the workers that say so, or, of a program whose workers do not, those that were given out and are
    /// not done. `None` where nobody tells.
    #[must_use]
    pub fn running(&self, task_queue: TaskQueue) -> Option<u64> {
        match task_queue {
            TaskQueue::Celery | TaskQueue::Rq => self.active.map(u64::from),
            TaskQueue::Dramatiq | TaskQueue::Arq => self.unacknowledged,
            TaskQueue::Huey => None,
        }
    }
}

/// What the kernel's counters say of one cgroup (with all below it) over one interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CpuSample {
    /// The interval that the means cover.
    pub covered: Duration,
    /// On-CPU time of the project's tasks within it.
    pub on_cpu: Duration,
    /// Run-queue wait of the project's tasks within it; `None` where the source cannot tell (cpu.stat).
    pub wait: Option<Duration>,
    /// CPUs that the cgroup may use: cpuset and cpu.max of itself and its ancestors. Never 0.
    pub allowed_cpus: f64,
    /// Throttling by cpu.max within the interval; `None` where the cpu controller is not on.
    pub throttle: Option<Throttle>,
}

impl CpuSample {
    /// This interval and the `later` one that follows it, as one.
    #[must_use]
    pub fn and_then(self, later: Self) -> Self {
        let both = |earlier: Option<Duration>, later: Option<Duration>| Some(earlier? + later?);
        let throttle = |earlier: Throttle, later: Throttle| Throttle {
            periods: earlier.periods + later.periods,
            time: earlier.time + later.time,
        };
        Self {
            covered: self.covered + later.covered,
            on_cpu: self.on_cpu + later.on_cpu,
            wait: both(self.wait, later.wait),
            allowed_cpus: later.allowed_cpus,
            throttle: self.throttle.zip(later.throttle).map(|(a, b)| throttle(a, b)),
        }
    }
}

/// Throttling by `cpu.max` within one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Periods in which the cgroup was held back (`nr_throttled`).
    pub periods: u64,
    /// Time for which it was held back (`throttled_usec`).
    pub time: Duration,
}

/// Memory of one cgroup, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CgroupMemory {
    /// `memory.current`; `None` without the memory controller.
    pub current: Option<u64>,
    /// `memory.max`; `None` without the memory controller, `Some(u64::MAX)` for `max`.
    pub max: Option<u64>,
}

/// Why a project cannot be observed. Each is a `blocked` decision, never silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unobservable {
    /// systemd knows no such unit.
    UnitNotFound {
        /// The unit that was asked for.
        unit: String,
    },
    /// The unit exists but is not running.
    UnitInactive {
        /// The unit that was asked for.
        unit: String,
        /// systemd's `ActiveState`.
        state: String,
    },
    /// The unit is up, and has no cgroup: a oneshot service that stays active after its process has ended.
    UnitWithoutCgroup {
        /// The unit that was asked for.
        unit: String,
        /// systemd's `ActiveState`.
        state: String,
    },
    /// Neither systemd nor a configured cgroup can tell where the project is.
    NoServiceManager {
        /// Why systemd could not be asked.
        #[serde(flatten, with = "kept")]
        why: ServiceError,
    },
    /// The container is not found.
    Container {
        /// Why not.
        #[serde(flatten, with = "kept")]
        why: ContainerFault,
    },
    /// The cgroup directory does not exist.
    CgroupNotFound {
        /// The directory that was looked for.
        path: PathBuf,
    },
    /// The cgroup has no process.
    CgroupEmpty {
        /// The cgroup's directory.
        path: PathBuf,
    },
    /// The cgroup is frozen, as that of a container that is paused: nothing in it runs until it is thawed.
    Frozen {
        /// The cgroup's directory.
        path: PathBuf,
    },
    /// The main process does not catch SIGTTIN and SIGTTOU, and neither does exactly one process below it.
    NotAWorkerServer {
        /// The process that would have been signalled.
        pid: u32,
        /// Its command name.
        command: String,
    },
    /// None of several servers in the cgroup is the one that was asked for.
    NoSuchProcess {
        /// What was asked for.
        filter: ProcessFilter,
    },
    /// More than one process could be the master.
    SeveralMasters {
        /// Their pids.
        pids: Vec<u32>,
    },
    /// A child of the master was forked just now: it may become a worker, a new master or another program.
    Forking {
        /// Its pid.
        pid: u32,
    },
    /// The master systemd names is not in the project's cgroup.
    MasterElsewhere {
        /// The master's pid.
        pid: u32,
        /// The cgroup it is in.
        cgroup: String,
    },
    /// Other projects are over the same cgroup: their steps and memory limits would undo each other.
    SharedCgroup {
        /// Those projects.
        others: Vec<String>,
    },
    /// Something could not be read; the message names it.
    Unreadable {
        /// The error with its path.
        #[serde(flatten, with = "kept")]
        why: ReadFault,
    },
}

impl Unobservable {
    /// The fault's name for machines. Stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnitNotFound { .. } => "unit_not_found",
            Self::UnitInactive { .. } | Self::UnitWithoutCgroup { .. } => "unit_inactive",
            Self::NoServiceManager { .. } => "no_service_manager",
            Self::Container { why } => match why {
                ContainerFault::NotRunning { .. } => "container_stopped",
                ContainerFault::Unreachable { .. } | ContainerFault::Refused { .. } => "container_runtime",
                _ => "container_not_found",
            },
            Self::CgroupNotFound { .. } => "cgroup_not_found",
            Self::CgroupEmpty { .. } => "cgroup_empty",
            Self::Frozen { .. } => "frozen",
            Self::NotAWorkerServer { .. } => "not_a_worker_server",
            Self::NoSuchProcess { .. } => "no_such_process",
            Self::SeveralMasters { .. } => "several_masters",
            Self::Forking { .. } => "forking",
            Self::MasterElsewhere { .. } => "master_elsewhere",
            Self::SharedCgroup { .. } => "shared_cgroup",
            Self::Unreadable { .. } => "unreadable",
        }
    }
}

impl From<ContainerFault> for Unobservable {
    fn from(why: ContainerFault) -> Self {
        Self::Container { why }
    }
}

impl From<ReadFault> for Unobservable {
    fn from(why: ReadFault) -> Self {
        Self::Unreadable { why }
    }
}
