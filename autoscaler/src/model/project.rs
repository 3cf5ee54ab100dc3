//! The validated configuration. Every value here has been checked: `min <= max`, rungs never fall, names stay
//! inside the cgroup tree.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{
    Budget, Family, Measure, Metrics, Policy, ProcessFilter, ProcessId, Promise, Schedules, Storage, Target,
    TaskQueue,
};

/// The whole configuration in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What holds for the daemon as a whole.
    pub global: Global,
    /// Projects by name, in the order of their names.
    pub projects: BTreeMap<String, Project>,
    /// Those that stand for the instances of a template, by name. Which there are, systemd knows ([`Config::follow_instances`]).
    pub families: BTreeMap<String, Family>,
}

/// Settings of the daemon as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Global {
    /// Time between two checks.
    pub check_interval: Duration,
    /// Language of the log lines.
    pub language: Language,
    /// What is kept of the past.
    pub history: Storage,
    /// Where figures are served to Prometheus; `None` for nowhere.
    pub metrics: Option<Metrics>,
    /// The memory that all projects with a promise share; `None`: each has what the host has left.
    pub budget: Option<Budget>,
}

/// Language of the log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Spanish: the lines as the user documented them.
    #[default]
    Es,
    /// English.
    En,
}

impl Language {
    /// Its name for machines: `es`, `en`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Es => "es",
            Self::En => "en",
        }
    }

    /// The language of this name.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::Es, Self::En]
            .into_iter()
            .find(|language| language.code() == code)
    }
}

/// One project: a service, its bounds, and the thresholds or the promise that moves its workers.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// The project's key in the configuration.
    pub name: String,
    /// Whether the daemon may act on it.
    pub enabled: bool,
    /// The systemd service; also the project's name in log lines. `NAME.service` unless configured; of a container, the
    /// container's name.
    pub service_name: String,
    /// What its processes are in.
    pub target: Target,
    /// Which of the servers in there it is, where there are several.
    pub process: Option<ProcessFilter>,
    /// Fewest and most workers: the project's own, or those that a schedule asks for now ([`Project::follow`]).
    pub bounds: Bounds,
    /// What the bounds are at certain times.
    pub schedules: Schedules,
    /// By what its workers are decided on. With a promise it has no ladder.
    pub policy: Policy,
    /// What one late request of it counts for beside those of others, where they share a pool of memory; 1 unless
    /// configured.
    pub weight: f64,
    /// How often it is looked at where it has a promise: 1 s unless configured.
    pub cadence: Duration,
    /// What 100 % means for this project.
    pub cpu_basis: CpuBasis,
    /// Whether to add workers although every CPU of the host is busy and the project's tasks wait for one.
    pub scale_up_on_saturated_host: bool,
    /// How long a step up waits for a reload where the application's code on disk is newer than every worker; 0: it is
    /// not looked at.
    pub reload_wait: Duration,
    /// Thresholds over the CPU, in percent.
    pub cpu: Option<Ladder>,
    /// Thresholds over the length of its task queues, in waiting tasks.
    pub queue: Option<QueueRule>,
    /// What its requests are looked at for.
    pub requests: RequestRules,
    /// Memory rules for scaling and the limit written to `memory.max`.
    pub memory: MemoryRules,
}

impl Project {
    /// How often a project with a promise is looked at unless configured: a queue of requests grows within a second.
    pub const CADENCE: Duration = Duration::from_secs(1);

    /// What the project's workers are.
    #[must_use]
    pub fn workload(&self) -> Workload {
        match self.queue.as_ref().map(|rule| rule.actuator) {
            None => Workload::SignalledServer,
            Some(QueueActuator::Pool) => Workload::CeleryPool,
            Some(QueueActuator::Units) => Workload::TemplateInstances,
        }
    }

    /// The project's ladders: any one may lead up, a step down needs the word of each. One with a promise has none.
    pub fn ladders(&self) -> impl Iterator<Item = Rungs<'_>> {
        let cpu = self.cpu.as_ref().map(|ladder| Rungs {
            measure: Measure::Cpu,
            ladder,
            direct: false,
        });
        let queue = self.queue.as_ref().map(|rule| Rungs {
            measure: Measure::Queue,
            ladder: rule.sizing.ladder(),
            direct: rule.sizing.is_direct(),
        });
        let requests = [
            (Measure::Busy, self.requests.busy.as_ref()),
            (Measure::Wait, self.requests.wait.as_ref()),
        ];
        let requests = requests.into_iter().filter_map(|(measure, ladder)| {
            Some(Rungs {
                measure,
                ladder: ladder?,
                direct: false,
            })
        });
        cpu.into_iter().chain(queue).chain(requests)
    }

    /// The promise about its requests; `None` where it goes by thresholds.
    #[must_use]
    pub fn promise(&self) -> Option<Promise> {
        match self.policy {
            Policy::Ladders => None,
            Policy::Target(promise) => Some(promise),
        }
    }

    /// Whether it is scaled by a promise, and looked at each second for it.
    #[must_use]
    pub fn keeps_promise(&self) -> bool {
        self.enabled && self.promise().is_some()
    }

    /// Whether its requests are to be seen.
    #[must_use]
    pub fn wants_requests(&self) -> bool {
        let wanted = self.requests.wanted || self.promise().is_some();
        let told_apart = self.workload() == Workload::SignalledServer && self.process.is_none();
        self.enabled && wanted && told_apart
    }

    /// The main process of the server or node that is meant, of which `master` was seen; `None` where it is the only one.
    #[must_use]
    pub fn one_of_several(&self, master: ProcessId) -> Option<ProcessId> {
        self.process.is_some().then_some(master)
    }

    /// The template whose instances are the project's workers; `None` where they are processes of one service.
    #[must_use]
    pub fn template(&self) -> Option<&str> {
        (self.workload() == Workload::TemplateInstances).then_some(self.service_name.as_str())
    }
}

/// What a project's workers are, and so how they are found, counted and changed in number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// Processes of a server that takes SIGTTIN and SIGTTOU: gunicorn, uvicorn, puma, unicorn.
    SignalledServer,
    /// The pool of one Celery node, which takes commands over its broker.
    CeleryPool,
    /// Instances of a systemd template, started and stopped.
    TemplateInstances,
}

impl Workload {
    /// Its name for machines. Stable across releases.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SignalledServer => "signalled",
            Self::CeleryPool => "celery",
            Self::TemplateInstances => "units",
        }
    }

    /// The workload of this name.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::SignalledServer, Self::CeleryPool, Self::TemplateInstances]
            .into_iter()
            .find(|workload| workload.code() == code)
    }
}

/// Fewest and most workers a project may have; `1 <= min <= max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Fewest workers.
    pub min: u32,
    /// Most workers.
    pub max: u32,
}

/// What a CPU figure of 100 % stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CpuBasis {
    /// Every worker on a CPU all the time: capacity is `min(workers, CPUs the cgroup may use)`.
    #[default]
    Workers,
    /// Every CPU of the host taken by this project.
    Host,
}

/// The rungs of one measure: `scale_up_N` and `scale_down_K` with how long each condition must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Ladder {
    /// Threshold by worker count: above `up[N]`, go to N workers. Never falls as N rises.
    pub up: BTreeMap<u32, f64>,
    /// Threshold by worker count: below `down[K]`, go down towards K workers. Never falls as K rises.
    pub down: BTreeMap<u32, f64>,
    /// How long a scale-up condition must hold.
    pub up_hold: Duration,
    /// How long a scale-down condition must hold.
    pub down_hold: Duration,
}

impl Ladder {
    /// The lowest scale-up rung above `workers`: its worker count and its threshold.
    #[must_use]
    pub fn next_up(&self, workers: u32) -> Option<(u32, f64)> {
        self.up
            .range(workers.checked_add(1)?..)
            .next()
            .map(|(n, t)| (*n, *t))
    }

    /// The scale-down rungs below `workers`, lowest first.
    pub fn rungs_below(&self, workers: u32) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.down.range(..workers).map(|(k, t)| (*k, *t))
    }
}

/// A ladder of a project's, and the measure that it is over.
#[derive(Debug, Clone, Copy)]
pub struct Rungs<'a> {
    /// The measure.
    pub measure: Measure,
    /// Its rungs.
    pub ladder: &'a Ladder,
    /// A step leads straight to the count asked for, not to the next rung.
    pub direct: bool,
}

/// What a project's requests are looked at for.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestRules {
    /// Whether they are looked at.
    pub wanted: bool,
    /// Thresholds over the busy slots, in percent.
    pub busy: Option<Ladder>,
    /// Thresholds over the wait of 95 of 100 requests, in ms.
    pub wait: Option<Ladder>,
    /// Requests that one worker serves at a time; `None`: as its command line tells.
    pub threads_per_worker: Option<u32>,
    /// Whether a step down may leave workers busy, or requests waiting.
    pub down_while_busy: bool,
    /// What is served for longer is no request like others: a websocket, a long poll.
    pub long: Duration,
}

impl Default for RequestRules {
    fn default() -> Self {
        Self {
            wanted: false,
            busy: None,
            wait: None,
            threads_per_worker: None,
            down_while_busy: false,
            long: Duration::from_secs(30),
        }
    }
}

/// How the length of a project's task queues moves its workers, and where the queues are.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueRule {
    /// How many workers a queue's length asks for.
    pub sizing: QueueSizing,
    /// Where the queues are.
    pub broker: BrokerAccess,
    /// The queues that belong to the project: the default one of its [`TaskQueue`] unless configured.
    pub queues: Vec<String>,
    /// Whether tasks that run count beside those that wait.
    pub count_running: bool,
    /// What changes the worker count.
    pub actuator: QueueActuator,
}

/// How many workers a queue's length asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum QueueSizing {
    /// `queue_thresholds`: rungs in waiting tasks.
    Rungs(Ladder),
    /// `tasks_per_worker`: as many workers as `ceil(waiting / tasks)`, within the bounds.
    TasksPerWorker {
        /// Waiting tasks that each worker is there for; at least 1.
        tasks: u32,
        /// The same as rungs: one for each count within the bounds.
        ladder: Ladder,
    },
}

impl QueueSizing {
    /// `tasks_per_worker` as rungs: N workers above `(N - 1) * tasks` waiting tasks, K again when they fit K.
    #[must_use]
    pub fn tasks_per_worker(tasks: u32, bounds: Bounds, up_hold: Duration, down_hold: Duration) -> Self {
        let load = |workers: u32| f64::from(workers) * f64::from(tasks);
        let ladder = Ladder {
            // One more than the bounds allow: above it, it is the maximum that stands in the way.
            up: (bounds.min..=bounds.max)
                .map(|n| (n.saturating_add(1), load(n)))
                .collect(),
            // Tasks are whole: "below one more than fits" is "at most what fits".
            down: (bounds.min..bounds.max).map(|k| (k, load(k) + 1.0)).collect(),
            up_hold,
            down_hold,
        };
        Self::TasksPerWorker { tasks, ladder }
    }

    /// The rungs over the waiting tasks.
    #[must_use]
    pub fn ladder(&self) -> &Ladder {
        match self {
            Self::Rungs(ladder) | Self::TasksPerWorker { ladder, .. } => ladder,
        }
    }

    /// Whether a step leads straight to the count that the queue asks for, not to the next rung.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        matches!(self, Self::TasksPerWorker { .. })
    }
}

/// What changes the worker count of a project whose workers run tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QueueActuator {
    /// Celery's own remote control: `pool_grow` and `pool_shrink` over the broker. No other program has one.
    #[default]
    Pool,
    /// Instances of a systemd template: `service_name` is `NAME@.service`.
    Units,
}

/// How the broker of a project is reached, whose tasks are in it, and what the application calls its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerAccess {
    /// The program whose queues they are.
    pub task_queue: TaskQueue,
    /// Where its URL stands.
    pub url: BrokerUrl,
    /// What stands before every key of the database: [`TaskQueue::key_prefix`] unless configured.
    pub key_prefix: String,
    /// The lists that kombu makes of a queue of Celery's in Redis.
    pub priorities: Priorities,
    /// RabbitMQ's management API, which alone tells how many tasks are not acknowledged.
    pub management: Option<ManagementUrl>,
}

/// How kombu's Redis transport names the lists of a queue: its options `sep` and `priority_steps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priorities {
    /// Stands between a queue's name and a step.
    pub separator: String,
    /// The steps, rising. The list of step 0 bears the queue's bare name.
    pub steps: Vec<u32>,
}

impl Default for Priorities {
    /// kombu's own separator, and every step there can be: it holds priorities to 0..=9 (`min_priority` and
    /// `max_priority` in kombu/transport/virtual/base.py), so that an application with other steps than its default
    /// 0, 3, 6 and 9 is counted whole.
    fn default() -> Self {
        Self {
            separator: "\u{6}\u{16}".to_owned(),
            steps: (0..=9).collect(),
        }
    }
}

/// The `http://` URL of RabbitMQ's management API. It may hold a password: it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ManagementUrl(pub String);

impl std::fmt::Debug for ManagementUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("http://…")
    }
}

/// Where a broker's URL stands. The URL may hold a password: it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum BrokerUrl {
    /// In the configuration: `redis://`, `rediss://`, `redis+socket://`, `unix://`, `amqp://` or `amqps://`.
    Written(String),
    /// In this variable of the environment that the project's main process was started with.
    Environment(String),
}

impl std::fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Written(url) => write!(f, "{}://…", url.split("://").next().unwrap_or_default()),
            Self::Environment(variable) => write!(f, "${variable}"),
        }
    }
}

/// Memory rules of one project, in MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryRules {
    /// Scaling up to N workers needs `available / N` of at least this.
    pub min_available_per_worker_mib: u64,
    /// Scaling down needs more than this available; `None` stands for 8/18 of the host's memory.
    pub scale_down_min_available_mib: Option<u64>,
    /// Scaling up needs at least this available, whatever the count; 0 when not configured.
    pub threshold_mib: u64,
    /// Part of the limit that each worker adds.
    pub per_worker_mib: u64,
    /// Part of the limit that the master takes.
    pub base_mib: u64,
}

impl MemoryRules {
    /// The `memory.max` that `workers` workers get, in bytes.
    #[must_use]
    pub fn limit_bytes(&self, workers: u32) -> u64 {
        u64::from(workers)
            .saturating_mul(self.per_worker_mib)
            .saturating_add(self.base_mib)
            .saturating_mul(1 << 20)
    }
}
