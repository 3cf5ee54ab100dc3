//! The queues and the pool of every Celery project, for one check.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures_util::future::join_all;

use super::{Inspector, Pool, PoolFault, fleet};
use crate::config::{BrokerUrl, CeleryActuator, Config, QueueRule};
use crate::observe::cgroup::Cgroup;
use crate::observe::process::Procfs;
use crate::observe::queue::{self, QueueFault, QueueMonitor, Uncounted};
use crate::observe::snapshot::{ProcessId, ProjectSample, QueueSample, Unobservable};

/// Keeps a connection to each Celery project's broker, and what was learnt of its node.
pub(crate) struct Watch {
    procfs: Procfs,
    projects: HashMap<String, Watched>,
}

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

impl Watch {
    pub(crate) fn new(procfs: Procfs) -> Self {
        Self {
            procfs,
            projects: HashMap::new(),
        }
    }

    /// Fills in the queues of the enabled Celery projects among `samples`, all brokers at the same time, and
    /// with them the processes that the worker itself counts as its pool. `cgroups` has the projects' cgroups.
    pub(crate) async fn fill(
        &mut self,
        config: &Config,
        cgroups: &BTreeMap<String, Cgroup>,
        samples: &mut BTreeMap<String, Result<ProjectSample, Unobservable>>,
        now: Duration,
    ) {
        let rules: BTreeMap<&String, &QueueRule> = config
            .projects
            .iter()
            .filter(|(_, project)| project.enabled)
            .filter_map(|(name, project)| Some((name, project.queue.as_ref()?)))
            .collect();
        // A rule that changed means another broker or other queues: everything is learnt anew.
        self.projects
            .retain(|name, watched| rules.get(name).is_some_and(|rule| **rule == watched.rule));
        for (name, rule) in rules {
            let Some(cgroup) = cgroups.get(name) else { continue };
            let watched = self
                .projects
                .entry(name.clone())
                .or_insert_with(|| Watched::new(&self.procfs, cgroup, rule));
            if watched.inspector.cgroup().id() != cgroup.id() {
                watched.inspector = Inspector::new(&self.procfs, cgroup);
            }
        }
        let looks = self
            .projects
            .iter_mut()
            .filter_map(|(name, watched)| match samples.get(name) {
                Some(Ok(sample)) => {
                    let procfs = &self.procfs;
                    Some(async move { (name, watched.look(procfs, sample, now).await) })
                }
                _ => None,
            });
        for (name, looked) in join_all(looks).await {
            let Some(Ok(sample)) = samples.get_mut(name) else {
                continue;
            };
            let (queue, pool) = match looked {
                Ok((queue, pool)) => (Ok(queue), pool),
                Err(fault) => (Err(fault), None),
            };
            sample.queue = Some(queue);
            if let Some(pool) = pool {
                sample.master = pool.main;
                sample.workers = pool.processes;
            }
        }
    }
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
    async fn look(
        &mut self,
        procfs: &Procfs,
        sample: &ProjectSample,
        now: Duration,
    ) -> Result<(QueueSample, Option<Pool>), QueueFault> {
        let monitor = Self::open(&mut self.opened, &self.rule, procfs, sample.master)?;
        let (depth, covered) = monitor.read(now).await?;
        let mut uncounted = monitor.uncounted(now).await;
        let broker = monitor.broker();
        let (pool, active, pool_fault) = match self.rule.actuator {
            CeleryActuator::Pool => match self
                .inspector
                .look(broker, &self.rule.queues, depth.unacknowledged)
                .await
            {
                Ok(pool) => {
                    uncounted.extend(further(&pool, &self.rule.queues));
                    let active = pool.active;
                    (Some(pool), Some(active), None)
                }
                Err(fault) => (None, None, Some(fault)),
            },
            CeleryActuator::Units => match fleet::busy(procfs, self.inspector.cgroup(), broker).await {
                Ok(busy) => (None, fleet::count(&busy, &sample.workers), None),
                Err(fault) => (None, None, Some(fault)),
            },
        };
        if matches!(pool_fault, Some(PoolFault::ListensElsewhere { .. })) {
            // It says the same, and more.
            uncounted.retain(|found| !matches!(found, Uncounted::Elsewhere { .. }));
        }
        let queue = QueueSample {
            covered,
            waiting: depth.waiting,
            reserved: pool
                .as_ref()
                .and_then(|pool| pool.reserved)
                .or(depth.unacknowledged),
            ahead: pool.as_ref().and_then(|pool| pool.reserved).unwrap_or(0),
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
