//! What is looked up of new workers' boots, before and after a step.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::decide::UnreadCode;
use crate::host::process::Procfs;
use crate::model::{ProcessId, Project, ProjectSample, Workload};
use crate::observe::{Serving, newer_code, serving};

/// A step up that has not been asked for within this many checks waits anew when it is.
const FORGOTTEN_CHECKS: u32 = 3;

/// A worker that has lived for so long boots no more, where nothing shows whether it serves.
const LIVES: Duration = Duration::from_mins(1);

/// Since when steps up wait for a reload, by project.
#[derive(Debug, Default)]
struct ReloadWaits(BTreeMap<String, Wait>);

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

/// What is looked up of new workers' boots.
#[derive(Debug, Default)]
pub(super) struct Boots {
    procfs: Procfs,
    reload_waits: ReloadWaits,
}

impl Boots {
    /// Whether these workers have come to serve; false where there is none.
    pub(super) fn all_serve(&self, workers: &[ProcessId]) -> bool {
        let lives = |worker| self.procfs.age(worker).is_ok_and(|age| age >= LIVES);
        let serves = |worker: &ProcessId| match serving(&self.procfs, worker.pid) {
            Ok(Serving::Yes) => true,
            Ok(Serving::Untold) => lives(*worker),
            Ok(Serving::NotYet) | Err(_) => false,
        };
        !workers.is_empty() && workers.iter().all(serves)
    }

    /// The application's code that no worker runs yet; `None` where a new worker reads none.
    pub(super) fn unread_code(
        &mut self,
        project: &Project,
        sample: &ProjectSample,
        interval: Duration,
    ) -> Option<UnreadCode> {
        if project.reload_wait.is_zero() || project.workload() == Workload::CeleryPool {
            return None;
        }
        let Some(code) = newer_code(&self.procfs, sample) else {
            self.reload_waits.over(&project.name);
            return None;
        };
        let waited = self.reload_waits.waited(&project.name, interval);
        Some(UnreadCode {
            path: code.path,
            // A change that nobody has reloaded for that long is no deployment under way.
            waited: waited.max(code.changed_ago),
        })
    }
}
