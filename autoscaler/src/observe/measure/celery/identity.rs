//! Which node is the project's own.
//!
//! A pid alone proves nothing: on another host, or in a container, a worker may have the same. Three things
//! together do: its main process is in the project's cgroup, each of its pool's processes is a child of that
//! one, and the CPU time that it says it has used is what the kernel here has counted for it.

use crate::host::process::{ProcessTable, Procfs};
use crate::model::{PoolFault, ProcessId};
use crate::observe::measure::celery::stats::Stats;
use crate::observe::measure::queue::Reply;

/// How far the two figures of CPU time may be apart: the kernel's is given in ticks of 10 ms, user and system
/// time cut off separately.
const TOLERANCE_SECONDS: f64 = 0.05;

/// A node and what it said.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) main: ProcessId,
    pub(super) stats: Stats,
}

/// The one node among `replies` to `stats` that runs in the cgroup whose processes `before` lists, as they were
/// before the question was asked; of several, the one of the process `main`.
pub(super) fn find(
    procfs: &Procfs,
    before: &ProcessTable,
    replies: &[Reply],
    main: Option<ProcessId>,
) -> Result<Node, PoolFault> {
    let mut ours: Vec<Node> = replies
        .iter()
        .filter_map(|reply| proven(procfs, before, reply))
        .filter(|node| main.is_none_or(|main| node.main == main))
        .collect();
    match (ours.pop(), ours.is_empty()) {
        (Some(node), true) => {
            let namesakes = replies.iter().filter(|reply| reply.node == node.name).count();
            if namesakes > 1 {
                return Err(PoolFault::SameName { node: node.name });
            }
            Ok(node)
        }
        (Some(last), false) => {
            let mut nodes: Vec<String> = ours.into_iter().map(|node| node.name).collect();
            nodes.push(last.name);
            nodes.sort();
            nodes.dedup();
            Err(PoolFault::SeveralNodes { nodes })
        }
        (None, _) => {
            let mut answered: Vec<String> = replies.iter().map(|reply| reply.node.clone()).collect();
            answered.sort();
            Err(PoolFault::NotOurs { answered })
        }
    }
}

/// The node behind a reply, if it is proven to run in the cgroup.
pub(super) fn proven(procfs: &Procfs, before: &ProcessTable, reply: &Reply) -> Option<Node> {
    let stats: Stats = serde_json::from_value(reply.body.clone()).ok()?;
    let main = before.get(stats.pid)?;
    let after = procfs.stat(stats.pid).ok().filter(|after| after.id == main.id)?;
    let said = stats.cpu_seconds()?;
    let lowest = seconds(main.cpu_ticks) - TOLERANCE_SECONDS;
    let highest = seconds(after.cpu_ticks) + TOLERANCE_SECONDS;
    if !(lowest..=highest).contains(&said) {
        return None;
    }
    let children_of_main = |pid: &u32| match before.get(*pid) {
        Some(child) => child.parent == stats.pid,
        // Forked since the table was read, or just gone: either way its parent tells.
        None => procfs.stat(*pid).map_or(true, |child| child.parent == stats.pid),
    };
    // Pools without processes are refused by name later, so that the operator reads the true reason.
    let pool = stats.processes().unwrap_or_default();
    pool.iter().all(children_of_main).then(|| Node {
        name: reply.node.clone(),
        main: main.id,
        stats,
    })
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}
