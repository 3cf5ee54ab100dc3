//! The memory of one check: what one project's step up takes is not there for another's.

use crate::decide::History;
use crate::model::{Action, Decision, Host, Project, Reason};

/// What the steps up that are under way, and those that one check has decided so far, are going to take of the host's
/// memory. New workers fill their memory while they boot: `MemAvailable` shows it at a later check only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Promised {
    mib: u64,
}

impl Promised {
    /// Decides for one more project: by `decide` on the host as it is, and where that is a step up once more, on the memory
    /// that is left. `history` afterwards holds what came of the decision returned. Nothing else is judged on what is
    /// left: a step down takes no memory.
    pub fn judge(
        self,
        host: &Host,
        history: &mut History,
        mut decide: impl FnMut(&Host, &mut History) -> Decision,
    ) -> Decision {
        if self.mib == 0 {
            return decide(host, history);
        }
        let before = history.clone();
        let decision = decide(host, history);
        if !matches!(decision.action, Action::ScaleUp { .. }) {
            return decision;
        }
        *history = before;
        let left = Host {
            memory_available_mib: host.memory_available_mib.saturating_sub(self.mib),
            ..*host
        };
        let mut decision = decide(&left, history);
        // It is told with the host's own figures.
        decision.figures.memory_available_mib = host.memory_available_mib;
        if matches!(
            decision.reason,
            Reason::MemoryPerWorker { .. } | Reason::MemoryThreshold { .. }
        ) {
            decision.reason = Reason::MemoryPromised {
                promised_mib: self.mib,
            };
        }
        decision
    }

    /// Adds what a decision takes: `memory_per_worker_mb` for each new worker, as its memory limit grows by that.
    pub fn add(&mut self, project: &Project, action: Action) {
        if let Action::ScaleUp { from, to } = action {
            let workers = u64::from(to.saturating_sub(from));
            let mib = workers.saturating_mul(project.memory.per_worker_mib);
            self.mib = self.mib.saturating_add(mib);
        }
    }
}
