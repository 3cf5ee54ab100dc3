//! What the loop looks up of new workers' boots, before and after a step.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::daemon::check::Checks;
use crate::decide::{Case, Proposal, UnreadCode};
use crate::model::{ProcessId, Project, ProjectSample, Workload};
use crate::observe::{Serving, newer_code, serving};

/// A step up that has not been asked for within this many checks waits anew when it is.
const FORGOTTEN_CHECKS: u32 = 3;

/// A worker that has lived for so long boots no more, where nothing shows whether it serves.
const LIVES: Duration = Duration::from_mins(1);

/// Since when steps up wait for a reload, by project.
#[derive(Debug, Default)]
pub(super) struct ReloadWaits(BTreeMap<String, Wait>);

#[derive(Debug)]
struct Wait {
    since: Instant,
    last: Instant,
}

impl ReloadWaits {
    /// How long a project's step has waited, with this look at it; looks are `interval` apart.
    fn waited(&mut self, project: &str, interval: Duration) -> Duration {
        let now = Instant::now();
        let new = Wait {
            since: now,
            last: now,
        };
        let wait = self.0.entry(project.to_owned()).or_insert(new);
        if now.duration_since(wait.last) > interval * FORGOTTEN_CHECKS {
            wait.since = now;
        }
        wait.last = now;
        now.duration_since(wait.since)
    }

    fn over(&mut self, project: &str) {
        self.0.remove(project);
    }
}

impl Checks {
    /// Ends a failed boot whose worker has come to serve after all.
    pub(super) fn note_mended_boots(&mut self, project: &str, sample: &ProjectSample) {
        let history = self.histories.entry(project.to_owned()).or_default();
        let booting = history.still_booting(sample);
        let lives = |worker| self.procfs.age(worker).is_ok_and(|age| age >= LIVES);
        let serves = |worker: ProcessId| match serving(&self.procfs, worker.pid) {
            Ok(Serving::Yes) => true,
            Ok(Serving::Untold) => lives(worker),
            Ok(Serving::NotYet) | Err(_) => false,
        };
        if !booting.is_empty() && booting.iter().all(|worker| serves(*worker)) {
            history.boot_mended();
        }
    }

    /// What the rules propose; a step up is judged by what is on disk as well: whether a new worker would be the first
    /// to run it. To look at the code of every project at every check would cost far more than the check.
    pub(super) fn propose_knowing_code(&mut self, case: &Case<'_>) -> Proposal {
        let name = &case.project.name;
        let history = self.histories.entry(name.clone()).or_default();
        history.code_on_disk(None);
        let proposal = case.propose(history);
        let (Some(_), Ok(seen)) = (proposal.more_workers(), case.sample) else {
            return proposal;
        };
        let Some(unread) = self.unread_code(case.project, seen) else {
            return proposal;
        };
        let history = self.histories.entry(name.clone()).or_default();
        history.code_on_disk(Some(unread));
        case.propose(history)
    }

    /// The application's code that no worker runs yet; `None` where a new worker reads none.
    fn unread_code(&mut self, project: &Project, sample: &ProjectSample) -> Option<UnreadCode> {
        if project.reload_wait.is_zero() || project.workload() == Workload::CeleryPool {
            return None;
        }
        let Some(code) = newer_code(&self.procfs, sample) else {
            self.reload_waits.over(&project.name);
            return None;
        };
        let waited = self
            .reload_waits
            .waited(&project.name, self.config.global.check_interval);
        Some(UnreadCode {
            path: code.path,
            // A change that nobody has reloaded for that long is no deployment under way.
            waited: waited.max(code.changed_ago),
        })
    }
}
