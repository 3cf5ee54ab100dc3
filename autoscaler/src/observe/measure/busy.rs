//! Which instances of a template run a task, as far as anybody tells: Celery's workers answer to remote control, RQ's enter
//! themselves in Redis, other programs' workers say nothing.

use std::collections::HashMap;

use crate::host::cgroup::Cgroup;
use crate::host::process::{ProcessTable, Procfs};
use crate::model::{PoolFault, ProcessId};
use crate::observe::measure::celery::fleet::{self, Fleet};
use crate::observe::measure::celery::table;
use crate::observe::measure::queue::{Broker, Entry};

/// The workers whose programs say whether they run a task.
#[derive(Debug, Default)]
pub struct Busy {
    workers: HashMap<ProcessId, bool>,
    /// Celery's nodes, which can be asked for more.
    fleet: Option<Fleet>,
}

impl Busy {
    /// Asks which of the workers in `cgroup`, of those that take tasks from `queues`, run one.
    ///
    /// # Errors
    /// When the broker or the cgroup's processes cannot be asked.
    pub async fn look(
        (procfs, cgroup): (&Procfs, &Cgroup),
        broker: &mut dyn Broker,
        queues: &[String],
    ) -> Result<Self, PoolFault> {
        let Some(entries) = broker.entries(queues).await? else {
            let fleet = fleet::look(procfs, cgroup, broker).await?;
            return Ok(Self {
                workers: fleet.busy(),
                fleet: Some(fleet),
            });
        };
        if entries.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self {
            workers: entered(&table(procfs, cgroup)?, &procfs.host_name(), entries),
            fleet: None,
        })
    }

    /// Whether each main process runs a task, or has a process below it that does, where somebody says so.
    #[must_use]
    pub fn workers(&self) -> &HashMap<ProcessId, bool> {
        &self.workers
    }

    /// How many of `workers` are busy; `None` unless it is known of each.
    #[must_use]
    pub fn active(&self, workers: &[ProcessId]) -> Option<u32> {
        let busy = |worker| self.workers.get(worker).map(|busy| u32::from(*busy));
        workers.iter().map(busy).sum()
    }

    /// The tasks that `workers` have fetched ahead and that do not run yet; `None` where it is not known of each.
    /// `unacknowledged` is how many the broker has delivered in all.
    ///
    /// # Errors
    /// When the broker cannot be asked.
    pub async fn reserved(
        &self,
        broker: &mut dyn Broker,
        workers: &[ProcessId],
        unacknowledged: Option<u64>,
    ) -> Result<Option<u64>, PoolFault> {
        match &self.fleet {
            Some(fleet) => fleet.reserved(broker, workers, unacknowledged).await,
            None => Ok(None),
        }
    }
}

/// The processes of `table` that workers on the host named `here` have entered, and those above them: one instance may
/// have several workers (`rq worker-pool`), and is busy as long as one of them is.
///
/// A worker that was killed stays entered for minutes, and its pid may have gone to another meanwhile, as after a reboot:
/// of several entries for one process the last one is its own.
fn entered(table: &ProcessTable, here: &str, mut entries: Vec<Entry>) -> HashMap<ProcessId, bool> {
    entries.retain(|entry| entry.host == here);
    entries.sort_by_key(|entry| entry.entered);
    let last: HashMap<u32, bool> = entries.iter().map(|entry| (entry.pid, entry.busy)).collect();
    let mut workers: HashMap<ProcessId, bool> = HashMap::new();
    for (pid, busy) in last {
        let mut above = table.get(pid);
        // A table that was read while processes came and went could have a ring.
        for _ in 0..table.all().count() {
            let Some(process) = above else { break };
            *workers.entry(process.id).or_default() |= busy;
            above = table.get(process.parent);
        }
    }
    workers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fixture::Fixture;

    fn entry(host: &str, pid: u32, second: i64, busy: bool) -> Entry {
        Entry {
            host: host.into(),
            pid,
            entered: jiff::Timestamp::from_second(second).ok(),
            busy,
        }
    }

    /// Pid → busy, of a host with the workers 11 and 12 and the pool 20 of the workers 21 and 22.
    fn busy(entries: Vec<Entry>) -> Vec<(u32, bool)> {
        let mut host = Fixture::new();
        for (pid, parent) in [(11, 1), (12, 1), (20, 1), (21, 20), (22, 20)] {
            host.process(pid, parent, &[], "rq");
        }
        let table = ProcessTable::read(&host.procfs(), &[11, 12, 20, 21, 22]).unwrap();
        let mut known: Vec<_> = entered(&table, "here", entries)
            .into_iter()
            .map(|(id, busy)| (id.pid, busy))
            .collect();
        known.sort_unstable();
        known
    }

    #[test]
    fn a_worker_is_its_own_hosts_and_of_this_cgroup() {
        let entries = vec![
            entry("here", 11, 5, false),
            entry("elsewhere", 12, 5, true),
            entry("here", 99, 5, true),
        ];
        assert_eq!(busy(entries), [(11, false)]);
    }

    #[test]
    fn of_two_entries_for_one_process_the_last_is_its_own() {
        for entries in [
            vec![entry("here", 11, 5, true), entry("here", 11, 9, false)],
            vec![entry("here", 11, 9, false), entry("here", 11, 5, true)],
        ] {
            assert_eq!(busy(entries), [(11, false)]);
        }
    }

    #[test]
    fn an_instance_with_several_workers_is_busy_while_one_of_them_is() {
        let one = vec![entry("here", 21, 5, false), entry("here", 22, 5, true)];
        assert_eq!(busy(one), [(20, true), (21, false), (22, true)]);
        let none = vec![entry("here", 21, 5, false), entry("here", 22, 5, false)];
        assert_eq!(busy(none), [(20, false), (21, false), (22, false)]);
    }
}
