//! Celery workers that are instances of one template: which of them run a task, and what they have fetched ahead.

use std::collections::HashMap;

use crate::host::cgroup::Cgroup;
use crate::host::process::Procfs;
use crate::model::{PoolFault, ProcessId};
use crate::observe::measure::celery::identity::{Node, proven};
use crate::observe::measure::celery::inspector::{MOST_LISTED, ask_all, table};
use crate::observe::measure::queue::{Broker, Reply};

/// The nodes of a template's instances, as far as they answer: a program that is no Celery, or one without remote control,
/// is not among them.
#[derive(Debug, Default)]
pub(in crate::observe::measure) struct Fleet {
    nodes: HashMap<String, Node>,
    /// The tasks that each node runs, of those that said so.
    running: HashMap<ProcessId, usize>,
}

/// Asks the nodes whose main processes are in `cgroup` what they run.
///
/// # Errors
/// When the broker or the cgroup's processes cannot be asked.
pub(in crate::observe::measure) async fn look(
    procfs: &Procfs,
    cgroup: &Cgroup,
    broker: &mut dyn Broker,
) -> Result<Fleet, PoolFault> {
    let before = table(procfs, cgroup)?;
    let stats = ask_all(broker, "stats").await?.unwrap_or_default();
    let mut fleet = Fleet::default();
    for reply in &stats {
        // Two workers of one name could not be told apart in the next answer.
        let alone = stats.iter().filter(|other| other.node == reply.node).count() == 1;
        if alone && let Some(node) = proven(procfs, &before, reply) {
            fleet.nodes.insert(node.name.clone(), node);
        }
    }
    if fleet.nodes.is_empty() {
        return Ok(fleet);
    }
    let active = ask_all(broker, "active").await?.unwrap_or_default();
    fleet.running = active
        .iter()
        .filter_map(|reply| Some((fleet.nodes.get(&reply.node)?.main, listed(reply)?)))
        .collect();
    Ok(fleet)
}

impl Fleet {
    /// Whether each main process runs a task, where its node says so.
    pub(in crate::observe::measure) fn busy(&self) -> HashMap<ProcessId, bool> {
        let running = self.running.iter();
        running.map(|(main, tasks)| (*main, *tasks > 0)).collect()
    }

    /// The tasks that `workers` have fetched ahead and that do not run yet; `None` unless it is known of each, or where
    /// they may be too many to be listed. `unacknowledged` is how many the broker has delivered in all: none was
    /// fetched ahead where all of those run.
    ///
    /// # Errors
    /// When the broker cannot be asked.
    pub(in crate::observe::measure) async fn reserved(
        &self,
        broker: &mut dyn Broker,
        workers: &[ProcessId],
        unacknowledged: Option<u64>,
    ) -> Result<Option<u64>, PoolFault> {
        if !workers.iter().all(|worker| self.running.contains_key(worker)) {
            return Ok(None);
        }
        let running: usize = self.running.values().sum();
        if unacknowledged.is_some_and(|count| count <= running as u64) {
            return Ok(Some(0));
        }
        // 0 stands for no limit.
        let limited = |node: &Node| matches!(node.stats.prefetch_count, Some(1..=MOST_LISTED));
        let few =
            self.nodes.values().all(limited) || unacknowledged.is_some_and(|count| count <= MOST_LISTED);
        if !few {
            return Ok(None);
        }
        let answers = ask_all(broker, "reserved").await?.unwrap_or_default();
        let of = |worker: &ProcessId| {
            let answer = answers.iter().find(|reply| {
                self.nodes
                    .get(&reply.node)
                    .is_some_and(|node| node.main == *worker)
            });
            answer.and_then(listed)
        };
        Ok(workers.iter().map(|worker| Some(of(worker)? as u64)).sum())
    }
}

/// How many tasks an answer lists.
fn listed(reply: &Reply) -> Option<usize> {
    Some(reply.body.as_array()?.len())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::host::cgroup::CgroupMount;
    use crate::host::fixture::Fixture;
    use crate::observe::measure::queue::{Answer, Command, Depth};

    /// A broker whose nodes run and have fetched as many tasks as is written here.
    struct Nodes {
        tasks: Vec<(&'static str, u32, usize, usize)>,
        asked: Vec<String>,
    }

    impl Broker for Nodes {
        fn depth<'a>(&'a mut self, _: &'a [String]) -> Answer<'a, Depth> {
            Box::pin(async { Ok(Depth::default()) })
        }

        fn call<'a>(&'a mut self, command: &'a Command<'a>, _: Duration) -> Answer<'a, Option<Vec<Reply>>> {
            self.asked.push(command.method.to_owned());
            let list = |count: usize| Value::Array(vec![json!({}); count]);
            let body = |pid: u32, running, reserved| match command.method {
                "stats" => json!({ "pid": pid, "prefetch_count": 40, "pool": { "processes": [] },
                    "rusage": { "utime": 0.0, "stime": 0.0 } }),
                "active" => list(running),
                _ => list(reserved),
            };
            let replies = self.tasks.iter().map(|(node, pid, running, reserved)| Reply {
                node: (*node).to_owned(),
                body: body(*pid, *running, *reserved),
            });
            let replies = replies.collect();
            Box::pin(async move { Ok(Some(replies)) })
        }
    }

    async fn reserved(
        tasks: Vec<(&'static str, u32, usize, usize)>,
        unacknowledged: Option<u64>,
    ) -> (Option<u64>, usize) {
        let mut host = Fixture::new();
        for pid in [11, 12] {
            host.process(pid, 1, &[], "celery");
        }
        host.cgroup("mail", &[11, 12]);
        let procfs = host.procfs();
        let mount = CgroupMount::discover(&procfs).unwrap();
        let cgroup = mount.open(std::path::Path::new("mail")).unwrap();
        let workers = [11, 12].map(|pid| procfs.stat(pid).unwrap().id);
        let mut broker = Nodes {
            tasks,
            asked: Vec::new(),
        };
        let fleet = look(&procfs, &cgroup, &mut broker).await.unwrap();
        let reserved = fleet.reserved(&mut broker, &workers, unacknowledged).await;
        (reserved.unwrap(), broker.asked.len())
    }

    #[tokio::test]
    async fn what_each_instance_has_fetched_ahead_is_counted() {
        let both = vec![
            ("a@h", 11, 1, 39),
            ("b@h", 12, 1, 3),
            ("of another project", 13, 1, 100),
        ];
        assert_eq!(reserved(both.clone(), Some(144)).await, (Some(42), 3));
        assert_eq!(reserved(both, None).await.0, Some(42));
    }

    #[tokio::test]
    async fn nobody_is_asked_where_all_that_was_delivered_runs() {
        let both = vec![("a@h", 11, 1, 0), ("b@h", 12, 1, 0)];
        assert_eq!(reserved(both, Some(2)).await, (Some(0), 2));
    }

    #[tokio::test]
    async fn a_node_that_does_not_answer_leaves_it_unknown() {
        assert_eq!(reserved(vec![("a@h", 11, 1, 39)], Some(40)).await.0, None);
    }
}
