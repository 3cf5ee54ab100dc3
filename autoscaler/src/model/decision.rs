//! What a check decided for one project, always with one reason and the figures behind it.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Asked, Demand, PoolFault, QueueFault, RequestFault, RequestSummary, Unobservable};

/// The outcome of one check for one project.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What is to be done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The figures the decision was taken from.
    pub figures: Figures,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Add workers, one after the other.
    ScaleUp {
        /// Workers seen.
        from: u32,
        /// Workers wanted, more than `from`.
        to: u32,
    },
    /// Take workers away, one after the other.
    ScaleDown {
        /// Workers seen.
        from: u32,
        /// Workers wanted, fewer than `from`.
        to: u32,
    },
    /// Nothing to do.
    Hold,
    /// Something stands against acting on this project.
    Blocked,
}

/// The figures behind a decision.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// Workers seen.
    pub workers: Option<u32>,
    /// CPU in percent of the project's basis.
    pub cpu_percent: Option<f64>,
    /// Run-queue wait as a share of the time the project's tasks wanted a CPU, percent.
    pub wait_percent: Option<f64>,
    /// Memory available on the host, MiB.
    pub memory_available_mib: u64,
    /// Waiting tasks in the project's queues.
    pub queue: Option<u64>,
    /// Tasks that workers fetched ahead and that do not run yet.
    pub reserved: Option<u64>,
    /// The oldest waiting task has waited at least this long.
    pub oldest_waiting: Option<Duration>,
    /// The project's requests, where they are seen.
    pub requests: Option<RequestSummary>,
}

/// The measure that a rung is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// CPU, percent.
    #[default]
    Cpu,
    /// Queue length, waiting tasks.
    Queue,
    /// Busy slots, percent of workers times threads.
    Busy,
    /// Wait of 95 of 100 requests, ms.
    Wait,
}

/// Why a check decided as it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Above the rung `scale_up_{rung}` for the whole time it must hold.
    AboveRung {
        /// What was measured.
        measure: Measure,
        /// Its value, where only requests tell it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<f64>,
        /// The rung's worker count.
        rung: u32,
        /// The rung's threshold.
        threshold: f64,
        /// How long it held.
        held: Duration,
    },
    /// Below the rung `scale_down_{rung}` for the whole time it must hold.
    BelowRung {
        /// What was measured.
        measure: Measure,
        /// Its value, where only requests tell it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<f64>,
        /// The rung's worker count.
        rung: u32,
        /// The rung's threshold.
        threshold: f64,
        /// How long it held.
        held: Duration,
    },
    /// The count is outside the configured bounds and is brought back.
    OutsideBounds,
    /// The same of a bound that a schedule asks for at this time.
    OutsideSchedule {
        /// Fewest workers, or most.
        bound: u32,
        /// Whether the count is below the fewest; above the most if not.
        below: bool,
        /// Who asks for it.
        schedule: Asked,
    },
    /// A reload or restart took workers away that the load still asks for.
    Restore {
        /// The count held before.
        held_before: u32,
    },
    /// Somebody ordered this count by hand.
    ByHand {
        /// The count ordered, within the bounds.
        workers: u32,
    },

    /// No rung is crossed.
    WithinThresholds,
    /// A rung is crossed, but not yet for long enough.
    NotHeldYet {
        /// What was measured.
        measure: Measure,
        /// The rung's worker count.
        rung: u32,
        /// The rung's threshold.
        threshold: f64,
        /// How long it has held.
        held: Duration,
        /// How long it must hold.
        needed: Duration,
        /// Whether it leads to more workers.
        up: bool,
    },
    /// The load asks for another count, to keep the promise about waiting.
    Demand(Demand),
    /// The load asks for the count that there is.
    DemandMet(Demand),
    /// The load asks for another count, and has not for long enough to be worth a step.
    DemandPending(Demand),
    /// There is no mean yet: the first check, or the counters could not be read.
    NoFiguresYet,
    /// The figures contain the boot of a new worker.
    Booting,
    /// A worker that a step brought did not come to serve: another one would fare no better, and could end the server.
    BootFailed,
    /// The application's code on disk is newer than every worker: a new one would be the first to run it, perhaps in
    /// the middle of a deployment. The reload is waited for.
    CodeNewer {
        /// What changed last.
        path: PathBuf,
        /// How long the step has waited.
        held: Duration,
        /// How long it waits at most.
        needed: Duration,
    },
    /// Old and new workers stand side by side: a reload may be under way, whose old ones end by themselves.
    Unsettled,
    /// A step down would be followed by a step up at the same load.
    WouldFlap {
        /// What was measured.
        #[serde(default)]
        measure: Measure,
        /// The mildest step that was considered.
        to: u32,
        /// What this count would show of it, percent.
        projected: f64,
        /// The rung above it, percent.
        threshold: f64,
    },
    /// The load is low, and the workers that a step down leaves would have their hands full of requests.
    WorkersBusy {
        /// The mildest step that was considered.
        to: u32,
        /// Slots that would be busy with this count, percent.
        projected: f64,
        /// How many may be, percent.
        limit: f64,
    },
    /// The load is low, and requests wait for a worker.
    RequestsWait {
        /// 95 of 100 waited no longer.
        wait: Duration,
        /// How long they may.
        limit: Duration,
    },

    /// A hold that should have passed has not: see [`Reason::passes_within`].
    Overdue {
        /// For how long it has held.
        held: Duration,
        /// The hold.
        why: Box<Reason>,
    },
    /// Somebody ordered by hand that the workers be left alone.
    Paused,
    /// `enabled: false`.
    Disabled,
    /// The load asks for more than `max_workers`.
    AtMaximum {
        /// The maximum.
        max: u32,
        /// The schedule that asks for it; `None` where it is the project's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        schedule: Option<Asked>,
    },
    /// Too little memory per worker for a step up.
    MemoryPerWorker {
        /// The count wanted.
        workers: u32,
        /// MiB available for each.
        per_worker_mib: u64,
        /// MiB needed for each.
        needed_mib: u64,
    },
    /// There is memory for a step up, but the steps up of other projects at this check take it.
    MemoryPromised {
        /// MiB that they take.
        promised_mib: u64,
    },
    /// Every CPU of the host is busy and the project's tasks wait for one: another worker would wait too.
    HostSaturated {
        /// Of the time the project's tasks wanted a CPU, the share they waited, percent.
        wait_percent: f64,
        /// Share of the host's CPUs that is busy, percent.
        busy_percent: f64,
    },
    /// The project's own `cpu.max` holds it back: another worker would be held back too.
    Quota {
        /// Share of the time that the project was held back, percent.
        throttled_percent: f64,
    },
    /// Less memory available than `memory_threshold_mb`.
    MemoryThreshold {
        /// MiB needed.
        needed_mib: u64,
    },
    /// Too little memory available for a step down, by the user's rule.
    MemoryForScaleDown {
        /// MiB that must be exceeded.
        needed_mib: u64,
    },
    /// The last step up brought no more answers, only slower ones: something behind the workers holds them all up.
    SlowerNotBusier {
        /// Workers before that step.
        workers_before: u32,
        /// Answers a second then.
        answers_before: f64,
        /// Answers a second now.
        answers: f64,
        /// Mean time of service then.
        service_before: Duration,
        /// Mean time of service now.
        service: Duration,
    },
    /// The budget of memory is spent, and other projects need it more.
    BudgetSpent(Demand),
    /// A worker goes since its memory, of the budget, saves more late requests elsewhere.
    BudgetYields(Demand),
    /// Tasks of the host wait for memory: another worker would make it worse.
    MemoryPressure {
        /// Share of the last 10 s in which some task waited for it, percent.
        waiting_percent: f64,
    },
    /// The project has taken too many steps of late, for whatever reason.
    TooManySteps {
        /// Steps taken.
        steps: u32,
        /// In so long.
        within: Duration,
    },
    /// The project's requests do not say what its thresholds ask.
    RequestsUnseen(RequestFault),
    /// The project's queues cannot be read.
    QueueUnreadable(QueueFault),
    /// The project's pool cannot be seen or commanded.
    PoolUnreachable(PoolFault),
    /// A step down has to wait: every pool process, or every instance, is running a task.
    PoolBusy,
    /// The project cannot be observed.
    Unobservable(Unobservable),
}

impl Measure {
    /// The measure's name for machines. Stable across releases.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Queue => "queue",
            Self::Busy => "busy",
            Self::Wait => "wait",
        }
    }
}

impl Action {
    /// The action's name for machines. Stable across releases.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ScaleUp { .. } => "scale_up",
            Self::ScaleDown { .. } => "scale_down",
            Self::Hold => "hold",
            Self::Blocked => "blocked",
        }
    }

    /// The count that a step leads to; `None` for what is no step.
    #[must_use]
    pub fn to(self) -> Option<u32> {
        match self {
            Self::ScaleUp { to, .. } | Self::ScaleDown { to, .. } => Some(to),
            Self::Hold | Self::Blocked => None,
        }
    }
}

impl Reason {
    /// After what time a hold for this reason is a fault; `None` for what is no hold, or may last: a threshold that is not
    /// crossed, or not for long enough, a step down that would flap, an order by hand.
    #[must_use]
    pub fn passes_within(&self) -> Option<Duration> {
        match self {
            // gunicorn gives a worker 30 s unless configured, and one that ends starts another. Old workers of a reload end
            // within its `graceful_timeout`, 30 s unless configured. The next check has figures.
            Self::Booting | Self::Unsettled | Self::NoFiguresYet => Some(Duration::from_mins(5)),
            // A task ends, at last; one that takes an hour keeps the workers that are not needed.
            Self::PoolBusy => Some(Duration::from_hours(1)),
            _ => None,
        }
    }

    /// The reason's name for machines: journal field, JSON, metrics label. Stable across releases.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AboveRung { .. } => "above_rung",
            Self::BelowRung { .. } => "below_rung",
            Self::OutsideBounds => "outside_bounds",
            Self::OutsideSchedule { .. } => "outside_schedule",
            Self::Restore { .. } => "restore",
            Self::WithinThresholds => "within_thresholds",
            Self::NotHeldYet { .. } => "not_held_yet",
            Self::Demand(_) => "demand",
            Self::DemandMet(_) => "demand_met",
            Self::DemandPending(_) => "demand_pending",
            Self::NoFiguresYet => "no_figures_yet",
            Self::Booting => "booting",
            Self::BootFailed => "boot_failed",
            Self::CodeNewer { .. } => "code_newer",
            Self::Unsettled => "unsettled",
            Self::WouldFlap { .. } => "would_flap",
            Self::WorkersBusy { .. } => "workers_busy",
            Self::RequestsWait { .. } => "requests_wait",
            Self::SlowerNotBusier { .. } => "slower_not_busier",
            Self::TooManySteps { .. } => "too_many_steps",
            Self::BudgetSpent(_) => "budget_spent",
            Self::BudgetYields(_) => "budget_yields",
            Self::MemoryPressure { .. } => "memory_pressure",
            Self::RequestsUnseen(_) => "requests_unseen",
            Self::ByHand { .. } => "by_hand",
            Self::Overdue { .. } => "overdue",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
            Self::AtMaximum { .. } => "at_maximum",
            Self::MemoryPerWorker { .. } => "memory_per_worker",
            Self::MemoryPromised { .. } => "memory_promised",
            Self::HostSaturated { .. } => "host_saturated",
            Self::Quota { .. } => "quota",
            Self::MemoryThreshold { .. } => "memory_threshold",
            Self::MemoryForScaleDown { .. } => "memory_for_scale_down",
            Self::QueueUnreadable(_) => "queue_unreadable",
            Self::PoolUnreachable(_) => "pool_unreachable",
            Self::PoolBusy => "pool_busy",
            Self::Unobservable(fault) => fault.code(),
        }
    }
}
