//! The processes of one cgroup at one moment, and who is whose child.

use std::collections::BTreeMap;

use super::unless_gone;
use crate::host::process::{Procfs, Stat};
use crate::model::ProcessError;

/// Live processes by pid. Zombies and processes that ended during the reading are left out.
#[derive(Debug, Clone, Default)]
pub struct ProcessTable {
    by_pid: BTreeMap<u32, Stat>,
}

impl ProcessTable {
    /// Reads those of `pids` that are alive.
    pub fn read(procfs: &Procfs, pids: &[u32]) -> Result<Self, ProcessError> {
        let mut by_pid = BTreeMap::new();
        for &pid in pids {
            if let Some(stat) = unless_gone(procfs.stat(pid))?
                && stat.state.is_live()
            {
                by_pid.insert(pid, stat);
            }
        }
        Ok(Self { by_pid })
    }

    /// The process with this pid.
    #[must_use]
    pub fn get(&self, pid: u32) -> Option<&Stat> {
        self.by_pid.get(&pid)
    }

    /// All of them, lowest pid first.
    pub fn all(&self) -> impl Iterator<Item = &Stat> {
        self.by_pid.values()
    }

    /// Whether there is no live process.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_pid.is_empty()
    }

    /// The processes whose parent is not in the table, oldest first.
    #[must_use]
    pub fn roots(&self) -> Vec<&Stat> {
        oldest_first(|stat| !self.by_pid.contains_key(&stat.parent), self)
    }

    /// The children of `pid` that are in the table, oldest first.
    #[must_use]
    pub fn children(&self, pid: u32) -> Vec<&Stat> {
        oldest_first(|stat| stat.parent == pid, self)
    }
}

/// Start times have a resolution of 10 ms: siblings forked within one are told apart by pid, which rises but
/// for a wrap-around.
fn oldest_first(wanted: impl Fn(&Stat) -> bool, table: &ProcessTable) -> Vec<&Stat> {
    let mut found: Vec<&Stat> = table.by_pid.values().filter(|stat| wanted(stat)).collect();
    found.sort_by_key(|stat| (stat.id.start_ticks, stat.id.pid));
    found
}
