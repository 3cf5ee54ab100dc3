//! What the processes of two checks tell of each other: a reload or restart, and the time in which the old workers
//! of a reload live on beside the new ones.
//!
//! gunicorn's HUP starts as many workers as were configured and tells the old ones to end, which they do after their
//! requests. A check within that time counts both; only when the last of the old ones has gone does the count show
//! what the reload left.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{ProcessId, ProjectSample};

/// How long the workers that a reload replaces may live on: gunicorn's `timeout` and `graceful_timeout` are 30 s each
/// unless configured. A check's interval is longer, unless configured: then it is the next check that counts.
const OVERLAP: Duration = Duration::from_secs(45);

/// What a look at the processes alone, or one without CPU figures, counts for: a source that fails must not keep an
/// overlap open for ever.
const UNMEASURED: Duration = Duration::from_secs(15);

/// The project as a check and its steps left it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) master: ProcessId,
    /// The workers that the check saw, or that its steps left.
    pub(super) workers: Vec<ProcessId>,
    /// How many the check saw: those that came since boot within the next one's interval. `None` in what a daemon of
    /// before wrote down.
    pub(super) counted: Option<u32>,
    /// The count that the check left or asked for.
    pub(super) expected: u32,
}

impl Seen {
    fn count(&self) -> u32 {
        u32::try_from(self.workers.len()).unwrap_or(u32::MAX)
    }

    /// Whether one of the workers is still there.
    fn lives_in(&self, sample: &ProjectSample) -> bool {
        self.workers.iter().any(|worker| sample.workers.contains(worker))
    }

    /// The same with the workers that the check asked for and that its steps did not wait for: of those that came, the
    /// oldest.
    fn with_asked(&self, sample: &ProjectSample) -> Self {
        let asked = self.expected.saturating_sub(self.count());
        let came = sample
            .workers
            .iter()
            .filter(|worker| !self.workers.contains(worker));
        let mut seen = self.clone();
        seen.workers.extend(came.take(asked as usize));
        seen
    }

    fn has_newcomers(&self, sample: &ProjectSample) -> bool {
        sample.workers.iter().any(|worker| !self.workers.contains(worker))
    }

    /// Whether workers have gone and come, and fewer came than went: each one that is recycled is replaced.
    fn lacks(&self, sample: &ProjectSample) -> bool {
        let gone = self.workers.iter().any(|worker| !sample.workers.contains(worker));
        gone && self.has_newcomers(sample) && sample.worker_count() < self.expected
    }

    /// Whether `sample` is what a restart, or a reload that lost workers, made of it. None of the old workers outlives
    /// either: where one does, only the oldest of a template's instances has ended, which stood for a master. A reload
    /// never leaves none: then all workers have ended by themselves, and the master is about to replace them.
    pub(super) fn was_reset(&self, sample: &ProjectSample) -> bool {
        let restarted = self.master != sample.master;
        let fewer = (1..self.expected).contains(&sample.worker_count());
        !self.lives_in(sample) && (restarted || fewer)
    }
}

/// Workers came beside the old ones. A worker that was recycled (`max_requests`) looks the same at first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Overlap {
    /// The project before they came.
    before: Seen,
    /// How long they have been watched.
    watched: Duration,
    /// The count is none that recycled workers would show: a reload may be under way.
    unsettled: bool,
}

impl Overlap {
    pub(super) fn before(&self) -> &Seen {
        &self.before
    }

    pub(super) fn is_unsettled(&self) -> bool {
        self.unsettled
    }

    /// What `sample` makes of it, after a check that left `seen`. It ends with the last of the old workers, or when
    /// none of them can be a reload's any more.
    pub(super) fn follow(earlier: Option<Self>, seen: &Seen, sample: &ProjectSample) -> Option<Self> {
        if sample.queue.is_some() {
            // Neither Celery nor a template reloads beside its old workers.
            return None;
        }
        let surplus = sample.worker_count() > seen.expected.max(seen.count());
        let covered = sample.cpu.as_ref().map_or(UNMEASURED, |cpu| cpu.covered);
        if let Some(mut overlap) = earlier.filter(|overlap| overlap.before.lives_in(sample)) {
            let unsettled = surplus || overlap.before.lacks(sample);
            overlap.watched += covered;
            if surplus || (unsettled && !overlap.unsettled) {
                overlap.watched = Duration::ZERO;
            }
            overlap.unsettled |= unsettled;
            if overlap.watched < OVERLAP {
                return Some(overlap);
            }
        }
        if !seen.lives_in(sample) {
            return None;
        }
        let before = seen.with_asked(sample);
        before.has_newcomers(sample).then(|| Self {
            unsettled: surplus || before.lacks(sample),
            before,
            watched: Duration::ZERO,
        })
    }
}
