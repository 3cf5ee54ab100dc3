//! Everything the daemon can say, as data, and its lines.

use std::path::Path;
use std::time::Duration;

use tracing::Level;

use crate::model::{
    Bounds, Changes, Decision, HistoryNews, HostError, InstanceChange, LoadError, MemoryError, MetricsNews,
    Notice, Order, Peer, QueueFault, ScaleError, Schedule, ServiceError, SocketError, SourceKind, SourceNews,
    SystemFault, Uncounted, UsageFault, WhyNotEbpf,
};

/// One thing to say.
#[derive(Debug)]
pub enum Message<'a> {
    /// The daemon is up.
    Started {
        /// Version of the program.
        version: &'a str,
        /// Projects it may act on.
        enabled: usize,
        /// Projects in the configuration.
        projects: usize,
        /// Time between checks.
        interval: Duration,
        /// Where CPU figures come from.
        source: SourceKind,
        /// Whether it only shows what it would do.
        dry_run: bool,
    },
    /// CPU figures come from `cpu.stat` because the kernel program cannot be used.
    WithoutEbpf {
        /// Why not.
        why: &'a WhyNotEbpf,
    },
    /// The daemon ends; workers stay as they are.
    Stopped,
    /// The line for `systemctl status`.
    Status {
        /// Projects it may act on.
        enabled: usize,
        /// Projects with a step under way.
        acting: usize,
    },
    /// The whole host could not be observed at this check.
    CheckFailed {
        /// The error.
        why: &'a HostError,
    },
    /// A step's code broke down: a fault of this program.
    StepBroken {
        /// What the runtime says of it.
        why: &'a str,
    },
    /// Checks work again.
    CheckRecovered,
    /// The source of CPU figures cannot be read; they are missing until it can.
    NoCpuFigures {
        /// The error.
        why: &'a UsageFault,
    },
    /// What the source of CPU figures has to tell.
    Source {
        /// It.
        news: &'a SourceNews,
    },
    /// There are CPU figures again.
    CpuFiguresBack,
    /// The requests of projects that want it cannot be seen.
    RequestsUnseen {
        /// Why not.
        why: &'a WhyNotEbpf,
    },
    /// They can be seen again.
    RequestsSeen,
    /// The new configuration is in force.
    Reloaded {
        /// What it changes.
        changes: &'a Changes,
    },
    /// The configuration on disk cannot be used; the one before stays in force.
    ConfigKept {
        /// What is wrong with it.
        why: &'a LoadError,
    },
    /// The configuration file is gone; what was in it stays in force.
    ConfigGone {
        /// The file.
        path: &'a Path,
    },
    /// Something in the configuration that loads but is worth a word.
    Notice {
        /// What is odd.
        notice: &'a Notice,
    },
    /// Held times were not taken over from before the restart.
    StateIgnored {
        /// The file.
        path: &'a Path,
        /// Why.
        why: &'a StateFault,
    },
    /// What the history's writer has to tell.
    History {
        /// It.
        news: &'a HistoryNews,
    },
    /// What the metrics' server has to tell.
    Metrics {
        /// It.
        news: &'a MetricsNews,
    },
    /// Held times cannot be kept over a restart.
    StateNotSaved {
        /// The file.
        path: &'a Path,
        /// Why.
        why: &'a StateFault,
    },

    /// A step is about to be taken.
    Step {
        /// The project's unit.
        unit: &'a str,
        /// The decision.
        decision: &'a Decision,
    },
    /// A step has been taken and seen.
    Scaled {
        /// The project's unit.
        unit: &'a str,
        /// What came of it.
        done: Done,
    },
    /// A step failed.
    StepFailed {
        /// The project's unit.
        unit: &'a str,
        /// How far it came, and what stood in the way.
        error: &'a ScaleError,
    },
    /// The way to a count was left: another is wanted.
    StepWithdrawn {
        /// The project's unit.
        unit: &'a str,
        /// How far it came.
        error: &'a ScaleError,
    },
    /// A step has been under way for far longer than any takes.
    StepEndless {
        /// The project's unit.
        unit: &'a str,
        /// For how long.
        since: Duration,
    },
    /// A step that could not be taken is no longer asked for.
    StepForgotten {
        /// The project's unit.
        unit: &'a str,
    },
    /// Something stands against acting.
    Blocked {
        /// The project's unit.
        unit: &'a str,
        /// The decision.
        decision: &'a Decision,
    },
    /// Nothing stands against acting any more.
    Unblocked {
        /// The project's unit.
        unit: &'a str,
    },
    /// A check's decision, whatever it is, with its reason.
    Verdict {
        /// The project's unit.
        unit: &'a str,
        /// The decision.
        decision: &'a Decision,
    },
    /// A schedule is in force from now on.
    ScheduleBegins {
        /// The project's unit.
        unit: &'a str,
        /// It.
        schedule: &'a Schedule,
    },
    /// A schedule is no longer in force.
    ScheduleEnded {
        /// The project's unit.
        unit: &'a str,
        /// Its cron expression.
        cron: &'a str,
        /// What holds now.
        bounds: Bounds,
    },
    /// An instance of a template came or went, whose project it is.
    Instance {
        /// It.
        change: &'a InstanceChange,
    },
    /// Which instances of a template there are is not known; those that are known are looked at as before.
    InstancesUnknown {
        /// Why.
        why: &'a ServiceError,
    },
    /// It is known again.
    InstancesKnown,
    /// A reload or restart put the count back.
    CountReset {
        /// The project's unit.
        unit: &'a str,
        /// Workers before.
        before: u32,
        /// Workers now.
        now: u32,
    },
    /// The memory limit cannot be kept; scaling goes on without it.
    LimitUnavailable {
        /// The project's unit.
        unit: &'a str,
        /// Why.
        error: &'a MemoryError,
    },
    /// The memory limit stays higher than wanted for as long as the memory is in use.
    LimitInUse {
        /// The project's unit.
        unit: &'a str,
        /// MiB wanted.
        wanted_mib: u64,
        /// MiB in use.
        current_mib: u64,
    },
    /// Somebody ordered something by hand.
    Ordered {
        /// The project's unit.
        unit: &'a str,
        /// What.
        order: Order,
        /// For how long.
        lasts: Lasts,
        /// Who.
        by: &'a Peer,
    },
    /// An order no longer holds: the thresholds rule again.
    OrderEnded {
        /// The project's unit.
        unit: &'a str,
        /// Who ended it; `None` when its time was over.
        by: Option<&'a Peer>,
    },
    /// There is no control socket; everything else goes on.
    NoControl {
        /// Why not.
        why: &'a SocketError,
    },
    /// How many tasks are not acknowledged is not known; everything else goes on.
    UnacknowledgedUnknown {
        /// The project's unit.
        unit: &'a str,
        /// Why.
        fault: &'a QueueFault,
    },
    /// Tasks of the project wait, or may wait, that its count leaves out.
    Uncounted {
        /// The project's unit.
        unit: &'a str,
        /// Which, and what would have them counted.
        what: &'a Uncounted,
    },
    /// Nothing is left out of the count any more.
    AllCounted {
        /// The project's unit.
        unit: &'a str,
    },
    /// It is known again.
    UnacknowledgedKnown {
        /// The project's unit.
        unit: &'a str,
    },
    /// The memory limit is as it should be again.
    LimitRestored {
        /// The project's unit.
        unit: &'a str,
    },
}

/// Why the file of held times cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateFault {
    /// It cannot be read or written.
    System(SystemFault),
    /// It is not what this version writes.
    Format(String),
    /// It was written by another version.
    Version {
        /// Its format.
        found: u32,
        /// The one that is known.
        known: u32,
    },
}

/// What a finished step left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Workers seen.
    pub workers: u32,
    /// MiB of the memory limit for each worker; `None` where no limit could be set.
    pub limit_per_worker_mib: Option<u64>,
    /// Nothing was really done.
    pub dry_run: bool,
}

/// How long an order by hand holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// The thresholds rule again at the next check.
    Once,
    /// For this time.
    For(Duration),
    /// Until somebody ends it.
    UntilResumed,
}

impl Message<'_> {
    /// How loud it is.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::CheckFailed { .. }
            | Self::StepBroken { .. }
            | Self::NoCpuFigures { .. }
            | Self::ConfigKept { .. }
            | Self::StepFailed { .. } => Level::ERROR,
            Self::WithoutEbpf { .. }
            | Self::RequestsUnseen { .. }
            | Self::ConfigGone { .. }
            | Self::Source {
                news: SourceNews::NoRoom { .. },
            }
            | Self::StateIgnored { .. }
            | Self::StateNotSaved { .. }
            | Self::History {
                news: HistoryNews::Unavailable { .. } | HistoryNews::SetAside { .. },
            }
            | Self::Metrics {
                news: MetricsNews::Unavailable { .. },
            }
            | Self::Blocked { .. }
            | Self::NoControl { .. }
            | Self::StepEndless { .. }
            | Self::CountReset { .. }
            | Self::InstancesUnknown { .. }
            | Self::UnacknowledgedUnknown { .. }
            | Self::Uncounted { .. }
            | Self::LimitUnavailable { .. } => Level::WARN,
            _ => Level::INFO,
        }
    }
}
