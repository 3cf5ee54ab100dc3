//! What is known of the boot of new workers stands against further steps: one that failed, and code on disk that no
//! worker runs yet.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::decide::state::PolicyState;
use crate::model::{ProcessId, Project, ProjectSample, Reason};

/// A worker that a step brought did not come to serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FailedBoot {
    /// The master that it was a child of.
    pub(super) master: ProcessId,
    /// The workers that were there beside it.
    pub(super) workers: Vec<ProcessId>,
    /// It is still counted, booting or started again and again: a step down may take one of the others.
    pub(super) lasts: bool,
}

impl FailedBoot {
    /// Whether `sample` is the server after a restart or a reload: another master, or none of the workers of then. Those
    /// that came since have booted what is on disk now.
    pub(super) fn is_over(&self, sample: &ProjectSample) -> bool {
        let lives = || self.workers.iter().any(|worker| sample.workers.contains(worker));
        self.master != sample.master || !(sample.workers.is_empty() || lives())
    }
}

/// Code of the application that changed after the youngest worker had started: nobody runs it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadCode {
    /// What changed last.
    pub path: PathBuf,
    /// How long a step up has waited for the reload.
    pub waited: Duration,
}

/// What is known of new workers' boots has this against a step up.
pub(super) fn against_up(project: &Project, state: &PolicyState) -> Option<Reason> {
    if state.failed_boot().is_some() {
        return Some(Reason::BootFailed);
    }
    let code = state.unread_code()?;
    (code.waited < project.reload_wait).then(|| Reason::CodeNewer {
        path: code.path.clone(),
        held: code.waited,
        needed: project.reload_wait,
    })
}

/// The same against a step down.
pub(super) fn against_down(state: &PolicyState) -> Option<Reason> {
    state
        .failed_boot()
        .is_some_and(|failed| failed.lasts)
        .then_some(Reason::BootFailed)
}
