//! How the daemon and its projects stand: what it publishes after every check.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{ListenQueue, RequestSummary};
use crate::report::PromiseStatus;

/// The daemon and all of its projects.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Status {
    /// The daemon's version.
    pub program: String,
    /// Its process.
    pub pid: u32,
    /// Language of the sentences: `es` or `en`.
    pub language: String,
    /// When it started: Unix time, seconds.
    pub started_at: i64,
    /// When it last looked at the host; `None` before the first check.
    pub checked_at: Option<i64>,
    /// Time between two checks, seconds.
    pub check_interval_seconds: f64,
    /// Where CPU figures come from: `ebpf` or `cpu_stat`.
    pub source: String,
    /// Why they do not come from the kernel program.
    pub without_ebpf: Option<String>,
    /// By what requests are seen: `tracepoints`, `functions` or `listen_queues`; `None` where no project wants it.
    #[serde(default)]
    pub requests_by: Option<String>,
    /// Why requests cannot be seen, where a project wants them.
    #[serde(default)]
    pub without_requests: Option<String>,
    /// Whether it only shows what it would do.
    pub dry_run: bool,
    /// Why the last check failed as a whole.
    pub failing: Option<String>,
    /// CPUs online.
    pub cpus: u32,
    /// Share of them that was busy, percent.
    pub busy_percent: Option<f64>,
    /// Memory available on the host, MiB.
    pub memory_available_mib: u64,
    /// Memory of the host, MiB.
    pub memory_total_mib: u64,
    /// The projects, by name.
    pub projects: Vec<ProjectStatus>,
}

/// One project.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProjectStatus {
    /// Its key in the configuration.
    pub name: String,
    /// Its systemd unit.
    pub unit: String,
    /// Its cgroup v2 directory, as the last check found it; `None` while it cannot be observed.
    pub cgroup: Option<String>,
    /// What its workers are: `signalled`, `celery` or `units`.
    pub server: Option<String>,
    /// What 100 % of `cpu_percent` stands for: `workers` or `host`.
    pub cpu_basis: Option<String>,
    /// Whether the daemon may act on it.
    pub enabled: bool,
    /// Workers seen; `None` while it cannot be observed.
    pub workers: Option<u32>,
    /// Fewest workers.
    pub min_workers: u32,
    /// Most workers.
    pub max_workers: u32,
    /// What its bounds are at certain times, in the order of the configuration; `min_workers` and `max_workers` above are
    /// those that hold.
    #[serde(default)]
    pub schedules: Vec<ScheduleStatus>,
    /// Where a step under way leads.
    pub scaling_to: Option<u32>,
    /// CPU in percent of the project's basis.
    pub cpu_percent: Option<f64>,
    /// Run-queue wait, percent.
    pub wait_percent: Option<f64>,
    /// `memory.current`, MiB.
    pub memory_current_mib: Option<u64>,
    /// `memory.max`, MiB; `None` without a limit.
    pub memory_limit_mib: Option<u64>,
    /// Waiting tasks.
    pub queue: Option<u64>,
    /// Tasks that workers fetched ahead and that do not run yet.
    pub reserved: Option<u64>,
    /// Pool processes that run a task.
    pub active: Option<u32>,
    /// Tasks delivered to some worker and not acknowledged, where the broker tells.
    pub unacknowledged: Option<u64>,
    /// The oldest waiting task has waited at least this long, seconds.
    pub oldest_waiting_seconds: Option<f64>,
    /// What the figures of its queues leave out, each in words with the line to write.
    #[serde(default)]
    pub uncounted: Vec<String>,
    /// Its requests since the check before, where they are seen.
    #[serde(default)]
    pub requests: Option<RequestsStatus>,
    /// How its promise about requests was kept; `None` where it goes by thresholds.
    #[serde(default)]
    pub promise: Option<PromiseStatus>,
    /// Its listening sockets, where its requests are wanted.
    #[serde(default)]
    pub listen_queues: Vec<ListenQueueStatus>,
    /// What the last check decided.
    pub decision: Option<DecisionStatus>,
    /// The last decision that changed the count.
    pub last_step: Option<DecisionStatus>,
    /// Steps to more workers: any one is enough.
    pub up: Vec<NextStep>,
    /// Steps to fewer workers: all are needed.
    pub down: Vec<NextStep>,
    /// What was ordered by hand and still holds.
    pub order: Option<OrderStatus>,
}

/// Other bounds at certain times.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScheduleStatus {
    /// When it begins: a cron expression.
    pub cron: String,
    /// When it ends: a time of day.
    pub until: String,
    /// The time zone of both; `None` for the host's own.
    pub time_zone: Option<String>,
    /// Fewest workers meanwhile, where it says so.
    pub min_workers: Option<u32>,
    /// Most workers meanwhile, where it says so.
    pub max_workers: Option<u32>,
    /// Whether it is in force.
    pub in_force: bool,
    /// When it ends, where it is: Unix time, seconds.
    pub ends_at: Option<i64>,
    /// When it begins next: Unix time, seconds.
    pub begins_at: Option<i64>,
    /// All of it in words.
    pub words: String,
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ListenQueueStatus {
    /// Where it listens.
    pub address: String,
    /// Connections that nobody has accepted yet.
    pub waiting: u32,
    /// As many as there is room for.
    pub limit: u32,
    /// Connections that the kernel has thrown away since it listens, where that is counted.
    pub dropped: Option<u64>,
}

impl From<&ListenQueue> for ListenQueueStatus {
    fn from(queue: &ListenQueue) -> Self {
        Self {
            address: queue.address.clone(),
            waiting: queue.waiting,
            limit: queue.limit,
            dropped: queue.dropped,
        }
    }
}

/// The requests of a project between two checks. Times in seconds; `None` where there were none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct RequestsStatus {
    /// Answered in a second.
    pub per_second: f64,
    /// Served at a time, in the mean.
    pub busy: f64,
    /// That can be served at a time; `None` for an event loop, or where it is not known.
    pub slots: Option<u32>,
    /// `busy` in percent of the slots that no long request takes.
    pub busy_percent: Option<f64>,
    /// Served for longer than a request should take, now.
    pub long: u32,
    /// Waiting now.
    pub waiting: u64,
    /// The oldest of those has waited for so long.
    pub oldest_waiting_seconds: Option<f64>,
    /// Mean wait.
    pub wait_mean_seconds: Option<f64>,
    /// Half waited no longer.
    pub wait_p50_seconds: Option<f64>,
    /// 95 of 100.
    pub wait_p95_seconds: Option<f64>,
    /// 99 of 100.
    pub wait_p99_seconds: Option<f64>,
    /// Mean time of service.
    pub service_mean_seconds: Option<f64>,
    /// 95 of 100 took no longer.
    pub service_p95_seconds: Option<f64>,
    /// Closed without an answer.
    pub abandoned: u64,
}

impl From<RequestSummary> for RequestsStatus {
    fn from(seen: RequestSummary) -> Self {
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        Self {
            per_second: seen.per_second,
            busy: seen.busy,
            slots: seen.slots,
            busy_percent: seen.busy_percent(),
            long: seen.long,
            waiting: seen.waiting,
            oldest_waiting_seconds: seconds(seen.oldest_waiting),
            wait_mean_seconds: seconds(seen.wait_mean),
            wait_p50_seconds: seconds(seen.wait_p50),
            wait_p95_seconds: seconds(seen.wait_p95),
            wait_p99_seconds: seconds(seen.wait_p99),
            service_mean_seconds: seconds(seen.service_mean),
            service_p95_seconds: seconds(seen.service_p95),
            abandoned: seen.abandoned,
        }
    }
}

/// A decision, told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DecisionStatus {
    /// Unix time, seconds.
    pub at: i64,
    /// `scale_up`, `scale_down`, `hold`, `blocked`.
    pub action: String,
    /// Workers wanted, where that is another count.
    pub workers_to: Option<u32>,
    /// The reason's stable name.
    pub reason: String,
    /// The reason in words.
    pub words: String,
}

/// A step that may come next.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NextStep {
    /// `cpu`, `queue`, `busy` or `wait`.
    pub measure: String,
    /// The rung's worker count, as in `scale_up_3`.
    pub rung: u32,
    /// Workers that it leads to.
    pub workers_to: u32,
    /// Percent, waiting tasks, or ms.
    pub threshold: f64,
    /// For how long the measure has been beyond it, seconds.
    pub held_seconds: f64,
    /// For how long it must be, seconds.
    pub needed_seconds: f64,
    /// The stable name of what would stand against it now.
    pub against: Option<String>,
    /// What would have to change, in words.
    pub words: String,
}

/// An order that still holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OrderStatus {
    /// The count ordered; `None` for a pause.
    pub workers: Option<u32>,
    /// When it ends: Unix time, seconds; `None` until it is resumed.
    pub until: Option<i64>,
    /// Who gave it.
    pub by: String,
}

impl ProjectStatus {
    /// Of the thresholds that are crossed the one that would act soonest, and whether it adds workers.
    #[must_use]
    pub fn soonest(&self) -> Option<(&NextStep, bool)> {
        let up = self.up.iter().map(|step| (step, true));
        let down = self.down.iter().map(|step| (step, false));
        up.chain(down)
            .filter(|(step, _)| step.held_seconds > 0.0)
            .min_by(|(one, _), (other, _)| one.remaining_seconds().total_cmp(&other.remaining_seconds()))
    }
}

impl NextStep {
    /// For how much longer the measure must stay beyond the threshold, seconds.
    #[must_use]
    pub fn remaining_seconds(&self) -> f64 {
        self.needed_seconds - self.held_seconds
    }
}

impl Status {
    /// The project of this name.
    #[must_use]
    pub fn project(&self, name: &str) -> Option<&ProjectStatus> {
        self.projects.iter().find(|project| project.name == name)
    }
}
