//! Celery workers that are instances of one template: which of them run a task.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;

use super::PoolFault;
use super::identity::proven;
use crate::observe::cgroup::Cgroup;
use crate::observe::process::{ProcessTable, Procfs};
use crate::observe::queue::{Broker, Command, Reply};
use crate::observe::snapshot::ProcessId;

/// For the answers of all nodes of a broker.
const LIMIT: Duration = Duration::from_secs(2);

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
    let unreadable = |why: String| PoolFault::Unreadable { why };
    let pids = cgroup
        .processes()
        .map_err(|error| unreadable(error.to_string()))?;
    let before = ProcessTable::read(procfs, &pids).map_err(|error| unreadable(error.to_string()))?;
    let stats = ask(broker, "stats").await?;
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
    let active = ask(broker, "active").await?;
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

async fn ask(broker: &mut dyn Broker, method: &'static str) -> Result<Vec<Reply>, PoolFault> {
    let question = Command {
        method,
        arguments: json!({}),
        node: None,
    };
    Ok(broker.call(&question, LIMIT).await?.unwrap_or_default())
}
