//! What can be found, as data. `words` tells it.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::{
    Bounds, CgroupError, ClientError, Container, Fault, Host, HostError, ListenFault, ListenQueue, LoadError,
    Notice, PoolFault, Project, QueueFault, Refusal, RequestFault, RequestSummary, RequestsWay, Schedule,
    ServiceError, SourceKind, StoreError, SystemFault, TaskQueue, Uncounted, Unobservable, UsageFault,
    WhyNotEbpf,
};

/// One thing that was looked at.
#[derive(Debug)]
pub struct Finding {
    /// The project's name; `None` for the configuration and the host.
    pub project: Option<String>,
    /// How bad it is.
    pub grade: Grade,
    /// What it is.
    pub fact: Fact,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As it should be.
    Ok,
    /// Something works less well than it could, or not as one might think.
    Warning,
    /// Something does not work: the daemon cannot start, or a project cannot be scaled.
    Error,
}

impl Grade {
    /// The grade's name for machines. Stable across releases.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Why figures cannot be served at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Another program answers there, with something else than our figures.
    Another,
    /// Another program listens there, and what it says is no HTTP.
    NoHttp {
        /// What is odd about it.
        why: String,
    },
    /// What listens there did not answer within this time.
    Silent {
        /// The time.
        after: Duration,
    },
    /// It is no address of this host.
    Elsewhere {
        /// The address, without its port.
        host: IpAddr,
    },
    /// It cannot be listened at.
    Refused {
        /// The system's reason.
        why: SystemFault,
    },
}

/// Why the source of CPU figures is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceFault {
    /// It cannot be read.
    Usage(UsageFault),
    /// It has no figures of a cgroup.
    NoFigures {
        /// The cgroup's directory.
        path: PathBuf,
    },
    /// It counted nothing.
    Nothing,
}

/// What was found.
#[derive(Debug)]
pub enum Fact {
    /// The configuration can be used.
    ConfigLoaded {
        /// The file.
        path: PathBuf,
        /// Projects in it.
        projects: usize,
        /// Projects that may be acted on.
        enabled: usize,
    },
    /// The configuration cannot be read at all.
    ConfigUnreadable(LoadError),
    /// One of the faults for which the configuration cannot be used.
    ConfigFault {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        fault: Fault,
    },
    /// Which instances a project's pattern names.
    Instances {
        /// The project as it is written.
        project: String,
        /// Its `service_name`.
        pattern: String,
        /// The projects of the instances that there are.
        instances: Vec<String>,
    },
    /// Something in the configuration that loads but is worth a word.
    Notice(Notice),

    /// The kernel's release, as `uname -r` prints it.
    Kernel {
        /// The release.
        release: String,
    },
    /// The host's CPUs and memory.
    Host(Host),
    /// The host's own figures cannot be read.
    HostUnreadable(HostError),
    /// This is not root: what the daemon may do can only be told in part.
    NotRoot {
        /// The user.
        uid: u32,
    },
    /// The cgroup v2 hierarchy.
    CgroupTree {
        /// Its mount point.
        path: PathBuf,
    },
    /// There is none.
    NoCgroupTree(CgroupError),
    /// The hierarchy does not have the memory controller: no project's memory can be limited.
    TreeWithoutMemory {
        /// Its mount point.
        path: PathBuf,
    },
    /// The kernel tells how long tasks stood still for lack of CPU (PSI).
    Pressure,
    /// It does not.
    NoPressure,
    /// The kernel's type information.
    KernelTypes {
        /// The file.
        path: PathBuf,
    },
    /// The kernel has none.
    NoKernelTypes {
        /// Where it should be.
        path: PathBuf,
    },
    /// The source of CPU figures was opened and read.
    Source {
        /// Which one.
        kind: SourceKind,
        /// CPUs that all tasks of the host used meanwhile.
        used_cpus: f64,
        /// CPUs that they waited for; `None` where the source cannot tell.
        waiting_cpus: Option<f64>,
    },
    /// The kernel program cannot be used: `cpu.stat` takes its place.
    WithoutEbpf(WhyNotEbpf),
    /// The source cannot be read.
    SourceUnreadable {
        /// Which one.
        kind: SourceKind,
        /// Why.
        why: SourceFault,
    },
    /// systemd answers over D-Bus.
    Systemd {
        /// Its version.
        version: String,
    },
    /// It does not.
    NoSystemd {
        /// Why.
        why: ServiceError,
        /// Whether a project needs it.
        needed: bool,
    },
    /// A daemon is running.
    Daemon {
        /// Its process.
        pid: u32,
        /// Its version.
        version: String,
    },
    /// None is.
    NoDaemon {
        /// Where it was asked for.
        socket: PathBuf,
    },
    /// Whether one is cannot be told.
    DaemonSilent(ClientError),
    /// The history can be written.
    History {
        /// The file.
        path: PathBuf,
    },
    /// The configuration wants none.
    NoHistory,
    /// It cannot be written.
    HistoryNotWritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        why: SystemFault,
    },
    /// It is broken: the daemon sets it aside at its start.
    HistoryDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: StoreError,
    },
    /// It is another program's, or a later version's, or cannot be opened.
    HistoryUnusable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: StoreError,
    },
    /// No figures are to be served.
    NoMetrics,
    /// A daemon serves its figures there.
    MetricsServed {
        /// The address.
        at: String,
    },
    /// Nobody listens there yet, and the daemon could.
    MetricsFree {
        /// The address.
        at: String,
    },
    /// The daemon could not listen there.
    MetricsTaken {
        /// The address.
        at: String,
        /// Why.
        why: Taken,
    },

    /// The configuration says to leave the project alone.
    Disabled,
    /// The project runs.
    Place {
        /// Its unit; `None` where the configuration names a cgroup or a container.
        unit: Option<String>,
        /// The container that it is.
        container: Option<Container>,
        /// Its cgroup's directory.
        cgroup: PathBuf,
    },
    /// It cannot be observed.
    Unobservable(Unobservable),
    /// Its master and its workers are known.
    Workers {
        /// The master.
        pid: u32,
        /// Its command name.
        command: String,
        /// How many workers.
        workers: u32,
        /// Fewest and most.
        bounds: Bounds,
    },
    /// What its bounds are at certain times.
    Schedule {
        /// The schedule.
        schedule: Box<Schedule>,
        /// Whether it is in force.
        in_force: bool,
        /// When it begins next, in its time zone.
        next: Option<String>,
    },
    /// Its count is outside its bounds: the daemon brings it back at once.
    OutsideBounds {
        /// How many workers.
        workers: u32,
        /// Fewest and most.
        bounds: Bounds,
    },
    /// The master takes both signals, and may be sent them.
    Signals {
        /// The master.
        pid: u32,
    },
    /// A new worker is a fork of what its master has loaded.
    BootsFromMaster {
        /// The master.
        pid: u32,
    },
    /// A new worker reads the application's code from disk.
    BootsFromDisk {
        /// Whether the server is gunicorn, which ends where a worker cannot boot.
        gunicorn: bool,
    },
    /// The code on disk is newer than every worker.
    CodeNewer {
        /// What changed last.
        path: PathBuf,
    },
    /// It would be sent nothing.
    Refused(Refusal),
    /// Its CPU was measured.
    Cpu {
        /// In percent of the project's basis.
        percent: f64,
        /// Run-queue wait, percent.
        wait_percent: Option<f64>,
        /// CPUs that its cgroup may use.
        allowed_cpus: f64,
    },
    /// Its CPU could not be measured.
    NoCpu,
    /// The requests of projects that want it can be seen.
    RequestsSeen(RequestsWay),
    /// They cannot.
    RequestsUnseen(WhyNotEbpf),
    /// A listening socket of a project whose requests are wanted.
    Listens(ListenQueue),
    /// Why there may be more of them.
    ListensUnseen(ListenFault),
    /// A project's requests were seen.
    Requests(RequestSummary),
    /// A project's thresholds are over requests, which do not say what they ask.
    RequestsSayNothing(RequestFault),
    /// Its memory limit can be kept.
    MemoryLimit {
        /// The limit now, MiB; `None` for none.
        limit_mib: Option<u64>,
        /// In use, MiB.
        current_mib: u64,
    },
    /// Its cgroup has no memory controller.
    NoMemoryLimit {
        /// The cgroup's directory.
        cgroup: PathBuf,
        /// Its unit; `None` where the configuration names a cgroup.
        unit: Option<String>,
    },
    /// Its memory limit may not be written.
    LimitNotWritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        why: SystemFault,
    },
    /// Its queues can be read.
    Queue {
        /// Whose queues they are.
        task_queue: TaskQueue,
        /// The queues.
        queues: Vec<String>,
        /// Tasks that wait in them.
        waiting: u64,
        /// The keys in Redis that would hold them, where none waits and it is known.
        empty: Vec<String>,
    },
    /// They cannot.
    QueueUnreadable(QueueFault),
    /// How many tasks are not acknowledged is not known, although it was asked for.
    UnacknowledgedUnknown(QueueFault),
    /// Its count of waiting tasks leaves some out.
    Uncounted(Uncounted),
    /// Its worker takes tasks from the queues that are counted, and from no other.
    Consumes {
        /// The worker's node.
        node: String,
    },
    /// Its pool answers to remote control.
    Pool {
        /// Processes that run a task.
        active: Option<u32>,
    },
    /// Whether it is known which of its instances run a task.
    Busy {
        /// The program that they run.
        task_queue: TaskQueue,
        /// How many do; `None` where it is not known of each.
        active: Option<u32>,
    },
    /// It cannot be commanded.
    PoolUnreachable(PoolFault),
}

impl Finding {
    pub(crate) fn of_host(fact: Fact) -> Self {
        Self {
            project: None,
            grade: fact.grade(),
            fact,
        }
    }

    /// What is wrong with a project that is disabled harms nobody yet.
    pub(crate) fn of_project(project: &Project, fact: Fact) -> Self {
        let worst = if project.enabled {
            Grade::Error
        } else {
            Grade::Warning
        };
        Self {
            project: Some(project.name.clone()),
            grade: fact.grade().min(worst),
            fact,
        }
    }
}

impl Fact {
    /// The fact's name for machines. Stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConfigLoaded { .. } => "config_loaded",
            Self::ConfigUnreadable(_) | Self::ConfigFault { .. } => "config_unusable",
            Self::Instances { .. } => "instances",
            Self::Notice(_) => "config_notice",
            Self::Kernel { .. } => "kernel",
            Self::Host(_) => "host",
            Self::HostUnreadable(_) => "host_unreadable",
            Self::NotRoot { .. } => "not_root",
            Self::CgroupTree { .. } => "cgroup_tree",
            Self::NoCgroupTree(_) => "no_cgroup_tree",
            Self::TreeWithoutMemory { .. } => "tree_without_memory",
            Self::Pressure => "pressure",
            Self::NoPressure => "no_pressure",
            Self::KernelTypes { .. } => "btf",
            Self::NoKernelTypes { .. } => "no_btf",
            Self::Source { .. } => "source",
            Self::WithoutEbpf(_) => "without_ebpf",
            Self::SourceUnreadable { .. } => "source_unreadable",
            Self::Systemd { .. } => "systemd",
            Self::NoSystemd { .. } => "no_systemd",
            Self::Daemon { .. } => "daemon",
            Self::NoDaemon { .. } => "no_daemon",
            Self::DaemonSilent(_) => "daemon_silent",
            Self::History { .. } => "history",
            Self::NoHistory => "no_history",
            Self::HistoryNotWritable { .. } => "history_not_writable",
            Self::HistoryDamaged { .. } => "history_damaged",
            Self::HistoryUnusable { .. } => "history_unusable",
            Self::NoMetrics => "no_metrics",
            Self::MetricsServed { .. } => "metrics_served",
            Self::MetricsFree { .. } => "metrics_free",
            Self::MetricsTaken { .. } => "metrics_taken",
            Self::Disabled => "disabled",
            Self::Place { .. } => "place",
            Self::Unobservable(fault) => fault.code(),
            Self::Workers { .. } => "workers",
            Self::Schedule { .. } => "schedule",
            Self::OutsideBounds { .. } => "outside_bounds",
            Self::Signals { .. } => "signals",
            Self::BootsFromMaster { .. } => "boots_from_master",
            Self::BootsFromDisk { .. } => "boots_from_disk",
            Self::CodeNewer { .. } => "code_newer",
            Self::Refused(_) => "refused",
            Self::Cpu { .. } => "cpu",
            Self::NoCpu => "no_cpu",
            Self::RequestsSeen(_) => "requests_seen",
            Self::Listens(_) => "listens",
            Self::ListensUnseen(_) => "listens_unseen",
            Self::RequestsUnseen(_) => "requests_unseen",
            Self::Requests(_) => "requests",
            Self::RequestsSayNothing(_) => "requests_say_nothing",
            Self::MemoryLimit { .. } => "memory_limit",
            Self::NoMemoryLimit { .. } => "no_memory_limit",
            Self::LimitNotWritable { .. } => "limit_not_writable",
            Self::Queue { .. } => "queue",
            Self::QueueUnreadable(_) => "queue_unreadable",
            Self::UnacknowledgedUnknown(_) => "unacknowledged_unknown",
            Self::Uncounted(_) => "uncounted",
            Self::Consumes { .. } => "consumes",
            Self::Pool { .. } => "pool",
            Self::Busy { .. } => "busy",
            Self::PoolUnreachable(_) => "pool_unreachable",
        }
    }

    /// How bad it is for a project that is enabled.
    fn grade(&self) -> Grade {
        match self {
            Self::Instances { instances, .. } if instances.is_empty() => Grade::Warning,
            Self::ConfigUnreadable(_)
            | Self::ConfigFault { .. }
            | Self::HostUnreadable(_)
            | Self::NoCgroupTree(_)
            | Self::SourceUnreadable { .. }
            | Self::NoSystemd { needed: true, .. }
            | Self::Unobservable(_)
            | Self::Refused(_)
            | Self::QueueUnreadable(_)
            | Self::RequestsSayNothing(_)
            | Self::PoolUnreachable(_) => Grade::Error,
            Self::Notice(_)
            | Self::NotRoot { .. }
            | Self::TreeWithoutMemory { .. }
            | Self::NoKernelTypes { .. }
            | Self::WithoutEbpf(_)
            | Self::NoDaemon { .. }
            | Self::DaemonSilent(_)
            | Self::HistoryNotWritable { .. }
            | Self::HistoryDamaged { .. }
            | Self::HistoryUnusable { .. }
            | Self::MetricsTaken { .. }
            | Self::OutsideBounds { .. }
            | Self::CodeNewer { .. }
            | Self::NoCpu
            | Self::RequestsUnseen(_)
            | Self::ListensUnseen(_)
            | Self::NoMemoryLimit { .. }
            | Self::UnacknowledgedUnknown(_)
            | Self::Uncounted(_)
            | Self::LimitNotWritable { .. } => Grade::Warning,
            _ => Grade::Ok,
        }
    }
}
