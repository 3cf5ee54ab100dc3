//! The memory of one check, spent once: what one project's step up takes is not there for another's.

use crate::decide::{Case, Proposal, memory};
use crate::model::{Action, Host, Project, Reason};

/// What the steps up that are under way, and those that one check has granted so far, are going to take of the host's
/// memory. New workers fill their memory while they boot: `MemAvailable` shows it at a later check only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Promised {
    mib: u64,
}

impl Promised {
    /// Grants one more proposal, or refuses a step up for which the memory does not suffice that is left.
    pub fn allot(&mut self, case: &Case<'_>, mut proposal: Proposal) -> Proposal {
        let left = Host {
            memory_available_mib: case.host.memory_available_mib.saturating_sub(self.mib),
            ..*case.host
        };
        if self.mib > 0
            && let Some(workers) = proposal.more_workers()
            && memory::against_up(case.project, &left, workers).is_some()
        {
            proposal.refuse(Reason::MemoryPromised {
                promised_mib: self.mib,
            });
        }
        self.add(case.project, proposal.action());
        proposal
    }

    /// Adds what a step takes: `memory_per_worker_mb` for each new worker, as its memory limit grows by that.
    pub fn add(&mut self, project: &Project, action: Action) {
        if let Action::ScaleUp { from, to } = action {
            let workers = u64::from(to.saturating_sub(from));
            let mib = workers.saturating_mul(project.memory.per_worker_mib);
            self.mib = self.mib.saturating_add(mib);
        }
    }
}
