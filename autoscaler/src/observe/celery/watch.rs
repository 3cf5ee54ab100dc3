//! The queues and the pool of every Celery project, for one check.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures_util::future::join_all;

use super::{Inspector, PoolFault};
use crate::config::{CeleryActuator, Config, QueueRule};
use crate::observe::cgroup::Cgroup;
use crate::observe::process::Procfs;
use crate::observe::queue::{self, QueueFault, QueueMonitor};
use crate::observe::snapshot::{ProjectSample, QueueSample, Unobservable};

/// Keeps a connection to each Celery project's broker, and what was learnt of its node.
pub(crate) struct Watch {
    procfs: Procfs,
    projects: HashMap<String, Watched>,
}

struct Watched {
    rule: QueueRule,
    monitor: Result<QueueMonitor, QueueFault>,
    inspector: Inspector,
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
        let reads = self
            .projects
            .iter_mut()
            .filter_map(|(name, watched)| match samples.get(name) {
                Some(Ok(_)) => Some(async move { (name, watched.read(now).await) }),
                _ => None,
            });
        for (name, read) in join_all(reads).await {
            if let Some(Ok(sample)) = samples.get_mut(name) {
                read.note(sample);
            }
        }
    }
}

/// What one project's broker and worker said.
struct Read {
    queue: Result<QueueSample, QueueFault>,
    pool: Option<super::Pool>,
}

impl Read {
    fn note(self, sample: &mut ProjectSample) {
        sample.queue = Some(self.queue);
        if let Some(pool) = self.pool {
            sample.master = pool.main;
            sample.workers = pool.processes;
        }
    }
}

impl Watched {
    fn new(procfs: &Procfs, cgroup: &Cgroup, rule: &QueueRule) -> Self {
        let monitor = queue::open(&rule.broker).map(|broker| QueueMonitor::new(broker, rule.queues.clone()));
        Self {
            rule: rule.clone(),
            monitor,
            inspector: Inspector::new(procfs, cgroup),
        }
    }

    async fn read(&mut self, now: Duration) -> Read {
        let monitor = match &mut self.monitor {
            Ok(monitor) => monitor,
            Err(fault) => {
                return Read {
                    queue: Err(fault.clone()),
                    pool: None,
                };
            }
        };
        let (depth, covered) = match monitor.read(now).await {
            Ok(read) => read,
            Err(fault) => {
                return Read {
                    queue: Err(fault),
                    pool: None,
                };
            }
        };
        let looked = match self.rule.actuator {
            CeleryActuator::Pool => self.inspector.look(monitor.broker(), &self.rule.queues).await,
            CeleryActuator::Units => Err(PoolFault::UnitsNotActedOn),
        };
        let (pool, pool_fault) = match looked {
            Ok(pool) => (Some(pool), None),
            Err(fault) => (None, Some(fault)),
        };
        let queue = QueueSample {
            covered,
            waiting: depth.waiting,
            reserved: pool
                .as_ref()
                .and_then(|pool| pool.reserved)
                .or(depth.unacknowledged),
            active: pool.as_ref().map(|pool| pool.active),
            oldest_waiting: depth.oldest_waiting,
            pool_fault,
        };
        Read {
            queue: Ok(queue),
            pool,
        }
    }
}
