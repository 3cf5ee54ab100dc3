//! The queues and the pools of the Celery projects, each read in a task of its own: a broker that does not answer keeps
//! nobody else waiting.

use std::collections::HashMap;
use std::future::pending;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};

use crate::host::cgroup::Cgroup;
use crate::host::process::Procfs;
use crate::model::{
    BrokerUrl, CeleryActuator, Config, PoolFault, ProcessId, Project, ProjectSample, QueueFault, QueueRule,
    QueueSample, Uncounted,
};
use crate::observe::measure::celery::{Inspector, Pool, fleet};
use crate::observe::measure::queue;
use crate::observe::measure::queue::QueueMonitor;

/// Keeps a connection to each Celery project's broker, and what was learnt of its node.
pub(crate) struct Queues {
    procfs: Procfs,
    /// The projects whose queues are not being read.
    idle: HashMap<String, Watched>,
    /// Those whose queues are.
    under_way: HashMap<String, UnderWay>,
    readings: JoinSet<(String, Watched, Looked)>,
}

/// A reading under way.
struct UnderWay {
    rule: QueueRule,
    task: AbortHandle,
}

/// What is known of one project's broker and of its node.
struct Watched {
    rule: QueueRule,
    /// The broker, once its URL is known and can be used.
    opened: Option<Opened>,
    inspector: Inspector,
}

struct Opened {
    /// The main process that the URL was learnt from.
    main: ProcessId,
    url: String,
    monitor: QueueMonitor,
}

type Looked = Result<(QueueSample, Option<Pool>), QueueFault>;

/// The queues of one project, read: what its sample still lacks.
#[derive(Debug)]
pub struct QueueReading {
    /// The project.
    pub project: String,
    looked: Looked,
}

impl QueueReading {
    /// Adds the queues to the project's sample, and with them the processes that the worker itself counts as its pool.
    pub fn complete(self, sample: &mut ProjectSample) {
        let pool = match self.looked {
            Ok((queue, pool)) => {
                sample.queue = Some(Ok(queue));
                pool
            }
            Err(fault) => {
                sample.queue = Some(Err(fault));
                None
            }
        };
        if let Some(pool) = pool {
            sample.master = pool.main;
            sample.workers = pool.processes;
        }
    }
}

impl Queues {
    pub(crate) fn new(procfs: Procfs) -> Self {
        Self {
            procfs,
            idle: HashMap::new(),
            under_way: HashMap::new(),
            readings: JoinSet::new(),
        }
    }

    /// Forgets the projects whose queues `config` has nothing to do with, and those whose rule has changed: another
    /// broker or other queues, everything is learnt anew.
    pub(crate) fn retain(&mut self, config: &Config) {
        let rule_of = |name: &String| config.projects.get(name).and_then(rule);
        self.idle
            .retain(|name, watched| rule_of(name) == Some(&watched.rule));
        self.under_way.retain(|name, reading| {
            let keep = rule_of(name) == Some(&reading.rule);
            if !keep {
                reading.task.abort();
            }
            keep
        });
    }

    /// Begins to read the queues of a project, `now` being `CLOCK_MONOTONIC`, unless they are being read already. A
    /// project without queues, or one that is not acted on, has none to read.
    pub(crate) fn begin(
        &mut self,
        project: &Project,
        cgroup: &Cgroup,
        sample: &ProjectSample,
        now: Duration,
    ) {
        let Some(rule) = rule(project).filter(|_| !self.is_reading(&project.name)) else {
            return;
        };
        let name = project.name.clone();
        let mut watched = self
            .idle
            .remove(&name)
            .unwrap_or_else(|| Watched::new(&self.procfs, cgroup, rule));
        if watched.inspector.cgroup().id() != cgroup.id() {
            watched.inspector = Inspector::new(&self.procfs, cgroup);
        }
        let (procfs, sample) = (self.procfs.clone(), sample.clone());
        let task = self.readings.spawn(async move {
            let looked = watched.look(&procfs, &sample, now).await;
            (name, watched, looked)
        });
        let reading = UnderWay {
            rule: rule.clone(),
            task,
        };
        self.under_way.insert(project.name.clone(), reading);
    }

    /// Whether the queues of a project are being read.
    pub(crate) fn is_reading(&self, project: &str) -> bool {
        self.under_way.contains_key(project)
    }

    /// Whether the queues of any project are.
    pub(crate) fn is_reading_any(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Waits for one project's queues to be read; for ever when none are. Dropped while it waits, it loses nothing.
    pub(crate) async fn next(&mut self) -> QueueReading {
        loop {
            match self.readings.join_next_with_id().await {
                Some(Ok((id, (project, watched, looked)))) => {
                    // One that was forgotten meanwhile may have come to its end before it heard of that.
                    let current = self.under_way.get(&project);
                    if current.is_some_and(|reading| reading.task.id() == id) {
                        self.under_way.remove(&project);
                        self.idle.insert(project.clone(), watched);
                        return QueueReading { project, looked };
                    }
                }
                Some(Err(ended)) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
                Some(Err(_)) => {}
                None => pending().await,
            }
        }
    }
}

/// The queues that are read for a project.
fn rule(project: &Project) -> Option<&QueueRule> {
    project.queue.as_ref().filter(|_| project.enabled)
}

impl Watched {
    fn new(procfs: &Procfs, cgroup: &Cgroup, rule: &QueueRule) -> Self {
        Self {
            rule: rule.clone(),
            opened: None,
            inspector: Inspector::new(procfs, cgroup),
        }
    }

    /// The broker, opened anew where its URL is the main process's and another main process has another.
    fn open<'o>(
        opened: &'o mut Option<Opened>,
        rule: &QueueRule,
        procfs: &Procfs,
        main: ProcessId,
    ) -> Result<&'o mut QueueMonitor, QueueFault> {
        let broker = &rule.broker;
        let now = match opened.take() {
            Some(before) if before.main == main || matches!(broker.url, BrokerUrl::Written(_)) => before,
            before => {
                let url = queue::url(broker, procfs, main)?;
                let monitor = match before {
                    Some(before) if before.url == url => before.monitor,
                    _ => QueueMonitor::new(queue::open(&url, broker)?, rule.queues.clone()),
                };
                Opened { main, url, monitor }
            }
        };
        Ok(&mut opened.insert(now).monitor)
    }

    /// What the project's broker says, and of a pool that is commanded, what its worker says.
    async fn look(&mut self, procfs: &Procfs, sample: &ProjectSample, now: Duration) -> Looked {
        let monitor = Self::open(&mut self.opened, &self.rule, procfs, sample.master)?;
        let (depth, covered) = monitor.read(now).await?;
        let mut uncounted = monitor.uncounted(now).await;
        let broker = monitor.broker();
        let (pool, active, ahead, pool_fault) = match self.rule.actuator {
            CeleryActuator::Pool => match self
                .inspector
                .look(broker, &self.rule.queues, depth.unacknowledged)
                .await
            {
                Ok(pool) => {
                    uncounted.extend(further(&pool, &self.rule.queues));
                    let (active, reserved) = (pool.active, pool.reserved);
                    (Some(pool), Some(active), reserved, None)
                }
                Err(fault) => (None, None, None, Some(fault)),
            },
            CeleryActuator::Units => match fleet::look(procfs, self.inspector.cgroup(), broker).await {
                Ok(fleet) => {
                    let reserved = fleet.reserved(broker, &sample.workers, depth.unacknowledged);
                    // Beside the tasks in the broker these are an addition that may be missing.
                    let reserved = reserved.await.ok().flatten();
                    (None, fleet.active(&sample.workers), reserved, None)
                }
                Err(fault) => (None, None, None, Some(fault)),
            },
        };
        if matches!(pool_fault, Some(PoolFault::ListensElsewhere { .. })) {
            // It says the same, and more.
            uncounted.retain(|found| !matches!(found, Uncounted::Elsewhere { .. }));
        }
        let queue = QueueSample {
            covered,
            waiting: depth.waiting,
            reserved: ahead.or(depth.unacknowledged),
            ahead: ahead.unwrap_or(0),
            active,
            unacknowledged: depth.unacknowledged,
            unacknowledged_fault: depth.unacknowledged_fault,
            oldest_waiting: depth.oldest_waiting,
            pool_fault,
            node: pool.as_ref().map(|pool| pool.node.clone()),
            uncounted,
        };
        Ok((queue, pool))
    }
}

/// The queues that the project's worker takes tasks from and that are not counted.
fn further(pool: &Pool, counted: &[String]) -> Option<Uncounted> {
    (!pool.further.is_empty()).then(|| Uncounted::Queues {
        node: pool.node.clone(),
        queues: pool.further.clone(),
        all: counted.iter().chain(&pool.further).cloned().collect(),
    })
}
