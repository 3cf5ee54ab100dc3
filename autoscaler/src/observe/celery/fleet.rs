//! Celery workers that are instances of one template: which of them run a task.

use std::collections::HashMap;

use super::PoolFault;
use super::identity::proven;
use super::inspector::{ask_all, table};
use crate::observe::cgroup::Cgroup;
use crate::observe::process::Procfs;
use crate::observe::queue::Broker;
use crate::observe::snapshot::ProcessId;

/// Whether each main process in `cgroup` runs a task, as far as its node says so: a program that is no Celery, or one
/// without remote control, is not among them.
///
/// # Errors
/// When the broker or the cgroup's processes cannot be asked.
pub async fn busy(
    procfs: &Procfs,
    cgroup: &Cgroup,
    broker: &mut dyn Broker,
) -> Result<HashMap<ProcessId, bool>, PoolFault> {
    let before = table(procfs, cgroup)?;
    let stats = ask_all(broker, "stats").await?.unwrap_or_default();
    let mut nodes = HashMap::new();
    for reply in &stats {
        // Two workers of one name could not be told apart in the next answer.
        let alone = stats.iter().filter(|other| other.node == reply.node).count() == 1;
        if alone && let Some(node) = proven(procfs, &before, reply) {
            nodes.insert(node.name, node.main);
        }
    }
    if nodes.is_empty() {
        return Ok(HashMap::new());
    }
    let active = ask_all(broker, "active").await?.unwrap_or_default();
    Ok(active
        .iter()
        .filter_map(|reply| Some((*nodes.get(&reply.node)?, !reply.body.as_array()?.is_empty())))
        .collect())
}

/// How many of `workers` are busy; `None` unless it is known of each.
pub(super) fn count(busy: &HashMap<ProcessId, bool>, workers: &[ProcessId]) -> Option<u32> {
    workers
        .iter()
        .map(|worker| busy.get(worker).copied().map(u32::from))
        .sum()
}
