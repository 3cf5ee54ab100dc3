//! One project's node, check by check.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::host::cgroup::Cgroup;
use crate::host::process::{ProcessTable, Procfs};
use crate::model::{Oddity, PoolFault, ProcessId};
use crate::observe::measure::celery::identity::{self, Node};
use crate::observe::measure::queue::{Broker, Command, Reply};

/// For the answers of all nodes of a broker. A worker's main process answers within milliseconds, unless the
/// host is out of CPU.
const ALL_LIMIT: Duration = Duration::from_secs(2);

/// For the answer of the project's own node.
const ONE_LIMIT: Duration = Duration::from_secs(5);

/// Above this many prefetched tasks the worker is not asked to list them: it would be busy with the list, some 3 MB.
pub(super) const MOST_LISTED: u64 = 5000;

/// How long the queues that the worker takes tasks from stand for what it does: they can be changed while it runs
/// (`add_consumer`, `cancel_consumer`).
const QUEUES_STAND: Duration = Duration::from_mins(1);

/// A pool as its worker describes it, each process of it seen in the project's cgroup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// The node's name.
    pub node: String,
    /// The worker's main process.
    pub main: ProcessId,
    /// The pool's processes, oldest first.
    pub processes: Vec<ProcessId>,
    /// Processes that have ended but that the worker still counts: it notices within 5 s.
    pub ended: usize,
    /// Tasks that run.
    pub active: u32,
    /// Tasks fetched ahead that do not run yet; `None` where they may be too many to be listed.
    pub reserved: Option<u64>,
    /// Tasks begun since the worker was started.
    pub tasks: u64,
    /// After how many tasks a process is replaced by a new one (`--max-tasks-per-child`).
    pub tasks_per_process: Option<u64>,
    /// Queues that the worker takes tasks from beside those of the configuration.
    pub further: Vec<String>,
}

/// Finds the project's node and asks it.
#[derive(Debug)]
pub struct Inspector {
    procfs: Procfs,
    cgroup: Cgroup,
    /// Of several nodes in the cgroup, the one of this main process.
    main: Option<ProcessId>,
    /// The node found last.
    known: Option<Known>,
}

#[derive(Debug, Clone)]
struct Known {
    name: String,
    main: ProcessId,
    further: Vec<String>,
    /// When it was asked for its queues.
    asked: Instant,
}

impl Inspector {
    /// Looks for the node whose processes are in `cgroup`.
    #[must_use]
    pub fn new(procfs: &Procfs, cgroup: &Cgroup) -> Self {
        Self {
            procfs: procfs.clone(),
            cgroup: cgroup.clone(),
            main: None,
            known: None,
        }
    }

    /// Looks for the node of this main process alone from now on; `None`: for the only one in the cgroup.
    pub fn only(&mut self, main: Option<ProcessId>) {
        if self.main != main {
            (self.main, self.known) = (main, None);
        }
    }

    /// The cgroup that the node is looked for in.
    #[must_use]
    pub fn cgroup(&self) -> &Cgroup {
        &self.cgroup
    }

    /// The pool now. `queues` are those that the project is configured to have, `unacknowledged` what the broker says
    /// that it delivered and to how much that is: no worker can have fetched more ahead.
    ///
    /// # Errors
    /// When the node cannot be found or asked, or has no pool that can be changed.
    pub async fn look(
        &mut self,
        broker: &mut dyn Broker,
        queues: &[String],
        unacknowledged: Option<u64>,
    ) -> Result<Pool, PoolFault> {
        let node = match self.ask_known(broker).await? {
            Some(node) => node,
            None => self.identify(broker).await?,
        };
        let further = self.further(broker, &node, queues).await?;
        let active = self.list(broker, &node.name, "active").await?.len();
        let few = match node.stats.prefetch_count {
            Some(1..=MOST_LISTED) => true,
            // 0 stands for no limit.
            _ => unacknowledged.is_some_and(|count| count <= MOST_LISTED),
        };
        let reserved = if few {
            match self.list(broker, &node.name, "reserved").await {
                Ok(tasks) => Some(tasks.len() as u64),
                // Their arguments may be of a kind that cannot be written as JSON; there is no `safe` here.
                Err(PoolFault::NoAnswer { .. }) => None,
                Err(fault) => return Err(fault),
            }
        } else {
            None
        };
        let (processes, ended) = self.processes(&node)?;
        Ok(Pool {
            tasks: node.stats.tasks(),
            tasks_per_process: node.stats.tasks_per_process(),
            node: node.name,
            main: node.main,
            processes,
            ended,
            active: u32::try_from(active).unwrap_or(u32::MAX),
            reserved,
            further,
        })
    }

    /// The tasks fetched ahead that do not run yet: none of them has been handed to a pool process when this
    /// is 0, and every task that was handed to one has begun.
    pub async fn reserved(&self, broker: &mut dyn Broker, node: &str) -> Result<usize, PoolFault> {
        Ok(self.list(broker, node, "reserved").await?.len())
    }

    /// Sends one command to `node` alone and gives back what it returned.
    pub async fn command(
        &self,
        broker: &mut dyn Broker,
        node: &str,
        method: &'static str,
        arguments: Value,
    ) -> Result<Value, PoolFault> {
        let command = Command {
            method,
            arguments,
            node: Some(node),
        };
        let replies = broker
            .call(&command, ONE_LIMIT)
            .await?
            .ok_or(PoolFault::NobodyListens)?;
        let reply = replies.into_iter().find(|reply| reply.node == node);
        let late = || PoolFault::NoAnswer {
            node: node.to_owned(),
            method: method.into(),
            after: ONE_LIMIT,
        };
        reply.map(|reply| reply.body).ok_or_else(late)
    }

    /// The node found before, if it is still the same.
    async fn ask_known(&mut self, broker: &mut dyn Broker) -> Result<Option<Node>, PoolFault> {
        let Some(Known { name, main, .. }) = self.known.clone() else {
            return Ok(None);
        };
        let before = self.table()?;
        if before.get(main.pid).is_none_or(|stat| stat.id != main) {
            self.known = None;
            return Ok(None);
        }
        let body = self.command(broker, &name, "stats", json!({})).await?;
        let node = identity::proven(&self.procfs, &before, &Reply { node: name, body });
        if node.is_none() {
            self.known = None;
        }
        Ok(node)
    }

    /// The queues that the node takes tasks from beside `queues`, all of which it must take tasks from.
    async fn further(
        &mut self,
        broker: &mut dyn Broker,
        node: &Node,
        queues: &[String],
    ) -> Result<Vec<String>, PoolFault> {
        let before = self.known.take();
        if let Some(known) = before.filter(|known| known.asked.elapsed() < QUEUES_STAND) {
            return Ok(self.known.insert(known).further.clone());
        }
        let answer = self.list(broker, &node.name, "active_queues").await?;
        let consumed: Vec<String> = answer.iter().filter_map(queue_of).collect();
        if let Some(queue) = queues.iter().find(|queue| !consumed.contains(queue)) {
            return Err(PoolFault::NotConsumed {
                node: node.name.clone(),
                queue: queue.clone(),
                consumed,
            });
        }
        let further: Vec<String> = consumed
            .into_iter()
            .filter(|queue| !queues.contains(queue))
            .collect();
        // Only now: a node with a fault is looked at anew each time.
        self.known = Some(Known {
            name: node.name.clone(),
            main: node.main,
            further: further.clone(),
            asked: Instant::now(),
        });
        Ok(further)
    }

    async fn identify(&mut self, broker: &mut dyn Broker) -> Result<Node, PoolFault> {
        let before = self.table()?;
        let Some(replies) = ask_all(broker, "stats").await? else {
            let places = broker.elsewhere().await.unwrap_or_default();
            return Err(if places.is_empty() {
                PoolFault::NobodyListens
            } else {
                PoolFault::ListensElsewhere { places }
            });
        };
        let node = identity::find(&self.procfs, &before, &replies, self.main)?;
        if node.stats.autoscaler.is_some() {
            return Err(PoolFault::OwnAutoscale { node: node.name });
        }
        if let Err(pool) = node.stats.processes() {
            return Err(PoolFault::NoProcesses {
                node: node.name,
                pool,
            });
        }
        Ok(node)
    }

    /// A command that answers with a list.
    async fn list(
        &self,
        broker: &mut dyn Broker,
        node: &str,
        method: &'static str,
    ) -> Result<Vec<Value>, PoolFault> {
        match self.command(broker, node, method, arguments(method)).await? {
            Value::Array(list) => Ok(list),
            other => {
                let error = other.get("error").map(ToString::to_string);
                let why = error.map_or(Oddity::NoList, Oddity::Words);
                Err(PoolFault::Malformed {
                    node: node.to_owned(),
                    method: method.into(),
                    why,
                })
            }
        }
    }

    /// The processes that the worker counts as its pool and that are alive in the cgroup, oldest first, and how
    /// many others it counts.
    fn processes(&self, node: &Node) -> Result<(Vec<ProcessId>, usize), PoolFault> {
        let pool = node.stats.processes().map_err(|pool| PoolFault::NoProcesses {
            node: node.name.clone(),
            pool,
        })?;
        let table = self.table()?;
        let mut processes: Vec<ProcessId> = pool
            .iter()
            .filter_map(|pid| table.get(*pid))
            .map(|stat| stat.id)
            .collect();
        processes.sort_by_key(|id| (id.start_ticks, id.pid));
        let ended = pool.len().saturating_sub(processes.len());
        Ok((processes, ended))
    }

    fn table(&self) -> Result<ProcessTable, PoolFault> {
        table(&self.procfs, &self.cgroup)
    }
}

/// The name of a queue of tasks in an answer to `active_queues`; none where each worker has a queue of its own, as for
/// what is broadcast.
fn queue_of(queue: &Value) -> Option<String> {
    if queue["exchange"]["type"] == "fanout" || queue["exclusive"] == true {
        return None;
    }
    queue.get("name")?.as_str().map(str::to_owned)
}

/// The arguments of a question. The running tasks' own arguments are not wanted, and may be of a kind that the node cannot
/// write as JSON: it would not answer at all (`safe`, celery/worker/control.py).
fn arguments(method: &str) -> Value {
    match method {
        "active" => json!({ "safe": true }),
        _ => json!({}),
    }
}

/// What each node of the broker returns; `None` where nobody listens.
pub(super) async fn ask_all(
    broker: &mut dyn Broker,
    method: &'static str,
) -> Result<Option<Vec<Reply>>, PoolFault> {
    let question = Command {
        method,
        arguments: arguments(method),
        node: None,
    };
    Ok(broker.call(&question, ALL_LIMIT).await?)
}

/// The processes of a cgroup.
pub(in crate::observe::measure) fn table(
    procfs: &Procfs,
    cgroup: &Cgroup,
) -> Result<ProcessTable, PoolFault> {
    let unreadable = |why| PoolFault::Unreadable { why };
    let pids = cgroup.processes().map_err(|error| unreadable(error.into()))?;
    ProcessTable::read(procfs, &pids).map_err(|error| unreadable(error.into()))
}
