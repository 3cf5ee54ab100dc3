//! One project with task queues, read check by check: its queues, and who runs their tasks.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::host::cgroup::Cgroup;
use crate::host::process::Procfs;
use crate::model::{
    BrokerUrl, PoolFault, ProcessId, ProjectSample, QueueActuator, QueueFault, QueueRule, QueueSample,
    Uncounted,
};
use crate::observe::measure::busy::Busy;
use crate::observe::measure::celery::{Inspector, Pool};
use crate::observe::measure::queue::{self, Broker, QueueMonitor};

/// Keeps the connection to one project's broker, and what was learnt of its node, where it is Celery's.
pub(crate) struct Watched {
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

/// The queues, and the pool of the node that is commanded.
pub(crate) type Looked = Result<(QueueSample, Option<Pool>), QueueFault>;

impl Watched {
    /// Nothing is known of it yet.
    pub(crate) fn new(procfs: &Procfs, cgroup: &Cgroup, rule: &QueueRule) -> Self {
        Self {
            rule: rule.clone(),
            opened: None,
            inspector: Inspector::new(procfs, cgroup),
        }
    }

    /// The rule that it is read by.
    pub(crate) fn rule(&self) -> &QueueRule {
        &self.rule
    }

    /// The node is in this cgroup now.
    pub(crate) fn follow(&mut self, procfs: &Procfs, cgroup: &Cgroup) {
        if self.inspector.cgroup().id() != cgroup.id() {
            self.inspector = Inspector::new(procfs, cgroup);
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

    /// Its node is the one of this main process, where there are several in the cgroup.
    pub(crate) fn only(&mut self, main: Option<ProcessId>) {
        self.inspector.only(main);
    }

    /// What the project's broker says, and of a pool that is commanded, what its worker says.
    pub(crate) async fn look(&mut self, procfs: &Procfs, sample: &ProjectSample, now: Duration) -> Looked {
        let monitor = Self::open(&mut self.opened, &self.rule, procfs, sample.master)?;
        let (depth, covered) = monitor.read(now).await?;
        let mut uncounted = monitor.uncounted(now).await;
        let broker = monitor.broker();
        let (pool, active, ahead, pool_fault) = match self.rule.actuator {
            QueueActuator::Pool => match whole(
                &mut self.inspector,
                broker,
                (&self.rule.queues, depth.unacknowledged),
            )
            .await
            {
                Ok(pool) => {
                    uncounted.extend(further(&pool, &self.rule.queues));
                    uncounted.extend(prefetched(&pool));
                    let (active, reserved) = (pool.active, pool.reserved);
                    (Some(pool), Some(active), reserved, None)
                }
                Err(fault) => (None, None, None, Some(fault)),
            },
            QueueActuator::Units => {
                let host = (procfs, self.inspector.cgroup());
                match Busy::look(host, broker, &self.rule.queues).await {
                    Ok(busy) => {
                        let reserved = busy.reserved(broker, &sample.workers, depth.unacknowledged);
                        // Beside the tasks in the broker these are an addition that may be missing.
                        let reserved = reserved.await.ok().flatten();
                        (None, busy.active(&sample.workers), reserved, None)
                    }
                    Err(fault) => (None, None, None, Some(fault)),
                }
            }
        };
        if matches!(pool_fault, Some(PoolFault::ListensElsewhere { .. })) {
            // It says the same, and more.
            uncounted.retain(|found| !matches!(found, Uncounted::Elsewhere { .. }));
        }
        let queue = QueueSample {
            covered,
            waiting: depth.waiting,
            reserved: ahead.or(depth.fetched_ahead).or(depth.unacknowledged),
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

/// How long a pool is waited for to be whole: its worker replaces the processes that have ended every 5 s
/// (billiard/pool.py, `Supervisor.body`).
const REPLACED_WITHIN: Duration = Duration::from_secs(6);

/// Between two looks at it.
const POLL: Duration = Duration::from_millis(500);

/// The pool, looked at again while processes of it have ended (`max_tasks_per_child`, a crash) and are not replaced yet: a
/// count of that moment is too low. Of several looks, the one that saw most.
async fn whole(
    inspector: &mut Inspector,
    broker: &mut dyn Broker,
    (queues, unacknowledged): (&[String], Option<u64>),
) -> Result<Pool, PoolFault> {
    let since = Instant::now();
    let mut most = inspector.look(broker, queues, unacknowledged).await?;
    let mut last = most.ended;
    while last > 0 && since.elapsed() < REPLACED_WITHIN {
        sleep(POLL).await;
        let pool = inspector.look(broker, queues, unacknowledged).await?;
        last = pool.ended;
        if pool.processes.len() >= most.processes.len() {
            most = pool;
        }
    }
    Ok(most)
}

/// The queues that the project's worker takes tasks from and that are not counted.
fn further(pool: &Pool, counted: &[String]) -> Option<Uncounted> {
    (!pool.further.is_empty()).then(|| Uncounted::Queues {
        node: pool.node.clone(),
        queues: pool.further.clone(),
        all: counted.iter().chain(&pool.further).cloned().collect(),
    })
}

/// That the worker's tasks fetched ahead are not known, since it has too many to list.
fn prefetched(pool: &Pool) -> Option<Uncounted> {
    let node = pool.node.clone();
    pool.reserved.is_none().then_some(Uncounted::Prefetched { node })
}
