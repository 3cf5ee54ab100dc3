//! What the checks so far have left behind for the next one: held times, and what was last seen.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::decide::Occasion;
use crate::decide::boot::{FailedBoot, UnreadCode};
use crate::decide::held::{Above, Below, Held, Pending};
use crate::decide::measure::Measured;
use crate::decide::occupied::Occupied;
use crate::decide::seen::{Overlap, Seen};
use crate::decide::target::Target;
use crate::decide::tried::{Tried, is_over_requests};
use crate::model::{Action, Bounds, Decision, Measure, ProcessId, Project, ProjectSample, Pulse, Reason};

/// One project's memory from check to check. Everything in it can be lost at the price of waiting anew.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PolicyState {
    seen: Option<Seen>,
    /// Workers came that may be a reload's, beside the old ones.
    overlap: Option<Overlap>,
    /// This check's figures contain the boot of workers that the check before did not see.
    booting: bool,
    /// A look between two checks saw such a boot: the figures of the next check contain it.
    #[serde(default)]
    boot_to_come: bool,
    /// The count before a reload or restart put it back, while the load may still ask for it.
    restore: Option<u32>,
    /// A worker that a step brought did not come to serve, and the server is still the one of then.
    #[serde(default)]
    failed_boot: Option<FailedBoot>,
    /// The loop found code on disk that no worker runs yet.
    #[serde(skip)]
    unread_code: Option<UnreadCode>,
    /// The requests before the last step up that they asked for, while they ask for more.
    #[serde(default)]
    tried: Option<Tried>,
    /// How busy requests have kept the workers since the last step.
    #[serde(default)]
    occupied: Occupied,
    /// What is known of a project with a promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Box<Target>>,
    /// The held times of each measure.
    #[serde(flatten)]
    held: BTreeMap<Measure, Held>,
}

impl PolicyState {
    /// Whether the last check saw a reload or restart, that is, whether the project is on its way back to
    /// the count it had: that count.
    #[must_use]
    pub fn count_to_restore(&self) -> Option<u32> {
        self.restore
    }

    /// Takes a look of a second in at a project with a promise; `coming` is the count that a step under way leads to.
    pub fn pulse(&mut self, project: &Project, pulse: &Pulse, coming: Option<u32>) {
        let seen = self.seen.as_ref().map(|seen| seen.workers.len());
        let seen = seen.and_then(|workers| u32::try_from(workers).ok());
        if let Some(workers) = coming.or(seen).filter(|workers| *workers > 0) {
            let target = self.target.get_or_insert_default();
            target.pulse(project, pulse, workers);
        }
    }

    /// Whether a project with a promise is to be looked at as a whole, since another count is wanted.
    #[must_use]
    pub fn wants_a_look(&self) -> bool {
        self.target().is_some_and(Target::wants_a_look)
    }

    pub(super) fn target_mut(&mut self) -> Option<&mut Target> {
        self.target.as_deref_mut()
    }

    /// A worker that a step brought took so long to boot.
    pub fn booted(&mut self, boot: Duration) {
        if let Some(target) = &mut self.target {
            target.booted(boot);
        }
    }

    pub(super) fn target(&self) -> Option<&Target> {
        self.target.as_deref()
    }

    pub(super) fn drop_restore(&mut self) {
        self.restore = None;
    }

    /// The step that the last check decided has brought a worker that did not come to serve. `lasts`: it is still
    /// there, or comes again and again.
    pub fn boot_failed(&mut self, lasts: bool) {
        self.failed_boot = self.seen.as_ref().map(|seen| FailedBoot {
            master: seen.master,
            workers: seen.workers.clone(),
            lasts,
        });
    }

    /// The workers of `sample` whose boot is still waited for after [`PolicyState::boot_failed`]: once all of them serve,
    /// [`PolicyState::boot_mended`] ends it.
    #[must_use]
    pub fn still_booting(&self, sample: &ProjectSample) -> Vec<ProcessId> {
        let failed = self.failed_boot.as_ref().filter(|failed| failed.lasts);
        let came = |failed: &FailedBoot| {
            let workers = sample.workers.iter().copied();
            workers
                .filter(|worker| !failed.workers.contains(worker))
                .collect()
        };
        failed.map(came).unwrap_or_default()
    }

    /// The worker whose boot had failed serves after all.
    pub fn boot_mended(&mut self) {
        self.failed_boot = None;
    }

    /// Whether the application's code on disk is newer than what any worker runs.
    pub fn code_on_disk(&mut self, unread: Option<UnreadCode>) {
        self.unread_code = unread;
    }

    pub(super) fn failed_boot(&self) -> Option<&FailedBoot> {
        self.failed_boot.as_ref()
    }

    pub(super) fn unread_code(&self) -> Option<&UnreadCode> {
        self.unread_code.as_ref()
    }

    pub(super) fn in_boot(&self) -> bool {
        self.booting
    }

    /// Whether this check's means contain the boot of workers, seen now or by a look since the check before.
    pub(super) fn boot_in_means(&self) -> bool {
        self.booting || self.boot_to_come
    }

    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The project's rules have changed: what was held under the old ones does not count.
    pub fn rules_changed(&mut self) {
        self.forget_held();
    }

    pub(super) fn forget_held(&mut self) {
        self.held.clear();
        self.occupied = Occupied::default();
    }

    /// Nobody saw this measure at this check: what was held of it has had a break.
    pub(super) fn forget_measure(&mut self, measure: Measure) {
        self.held.remove(&measure);
    }

    /// Takes this look's requests in: `measured` says whether they still ask for more workers.
    pub(super) fn requests_seen(
        &mut self,
        project: &Project,
        sample: &ProjectSample,
        measured: &[Measured<'_>],
    ) {
        let Some(Ok(requests)) = &sample.requests else {
            return;
        };
        self.occupied.track(project, &requests.figures);
        let workers = sample.worker_count();
        let asks = |m: &Measured<'_>| {
            let next = m.rungs.ladder.next_up(workers);
            is_over_requests(m.rungs.measure) && next.is_some_and(|(_, threshold)| m.value > threshold)
        };
        if !self.boot_in_means() && !measured.iter().any(asks) {
            // The last step has helped, or nobody asks any more.
            self.tried = None;
        }
    }

    pub(super) fn occupied(&self) -> &Occupied {
        &self.occupied
    }

    /// What the last step up has shown against another one for `measure`.
    pub(super) fn last_step_up(&self, measure: Measure, sample: &ProjectSample) -> Option<Reason> {
        self.tried?.against(measure, sample)
    }

    /// Whether old and new workers of a reload may stand side by side: the old ones go by themselves, and the count
    /// that the server goes by is another than is seen.
    pub(super) fn is_unsettled(&self) -> bool {
        self.overlap.as_ref().is_some_and(Overlap::is_unsettled)
    }

    /// Compares the processes with those of the last check, and with those before an overlap: new workers boot within
    /// this check's interval; none of the old workers, and a new master or fewer of them, is a restart or reload that
    /// may have lost workers the load still needs.
    pub(super) fn observe(&mut self, sample: &ProjectSample) {
        let workers = sample.worker_count();
        self.failed_boot.take_if(|failed| failed.is_over(sample));
        let Some(seen) = &self.seen else {
            self.booting = false;
            return;
        };
        let before = self.overlap.as_ref().map(Overlap::before);
        let reset = before
            .into_iter()
            .chain([seen])
            .find(|earlier| earlier.was_reset(sample))
            .map(|earlier| earlier.expected);
        let moved = workers > seen.expected;
        self.booting = reset.is_some() || seen.counted.is_some_and(|counted| workers > counted);
        self.overlap = match reset {
            Some(_) => None,
            None => Overlap::follow(self.overlap.take(), seen, sample),
        };
        if let Some(expected) = reset {
            self.tried = None;
            self.restore = (workers < expected).then_some(expected.max(self.restore.unwrap_or(0)));
        }
        if reset.is_some() || moved {
            // Another count than the one the held times were about: somebody's hand, or a fresh start.
            self.forget_held();
        }
    }

    /// Takes this look's value of a measure into what is held of it.
    pub(super) fn track(&mut self, m: &Measured<'_>, workers: u32, bounds: Bounds) {
        // A queue's length is no mean.
        let boot = self.boot_in_means() && m.rungs.measure != Measure::Queue;
        let held = self.held.entry(m.rungs.measure).or_default();
        held.track(m, workers, bounds, boot);
    }

    pub(super) fn held_above(&self, measure: Measure, rung: u32) -> Option<Above> {
        self.held.get(&measure)?.above(rung)
    }

    pub(super) fn held_below(&self, measure: Measure, rung: u32) -> Option<&Below> {
        self.held.get(&measure)?.below(rung)
    }

    /// The crossed rungs of one measure that have not held for long enough yet.
    pub(super) fn pending(&self, m: &Measured<'_>, workers: u32, bounds: Bounds) -> Vec<Pending> {
        let held = self.held.get(&m.rungs.measure);
        held.map(|held| held.pending(m, workers, bounds))
            .unwrap_or_default()
    }

    /// Notes the workers of a project that nothing has been decided about yet.
    pub fn found(&mut self, sample: &ProjectSample) {
        self.seen.get_or_insert_with(|| Seen {
            master: sample.master,
            workers: sample.workers.clone(),
            counted: Some(sample.worker_count()),
            expected: sample.worker_count(),
        });
    }

    /// Notes what a look leaves behind. After an action the held times start afresh.
    pub(super) fn settle(&mut self, sample: &ProjectSample, decision: &Decision, occasion: Occasion) {
        let expected = match decision.action {
            Action::ScaleUp { to, .. } | Action::ScaleDown { to, .. } => {
                self.tried = match decision.reason {
                    Reason::AboveRung { measure, .. } => Tried::before(measure, sample),
                    _ => None,
                };
                self.forget_held();
                // Workers that come or go from here on are this step's.
                self.overlap = None;
                to
            }
            Action::Hold | Action::Blocked => sample.worker_count(),
        };
        if let Some(target) = &mut self.target {
            target.decided(decision.action);
        }
        self.boot_to_come = match occasion {
            Occasion::Check => false,
            // No interval has ended: a boot that this look saw, or an earlier one, is in the figures to come.
            Occasion::Between => self.boot_in_means(),
        };
        self.seen = Some(Seen {
            master: sample.master,
            workers: sample.workers.clone(),
            counted: Some(sample.worker_count()),
            expected,
        });
    }

    /// The steps that the last check decided are over and left these workers: the next check compares with them.
    pub fn step_left(&mut self, workers: &[ProcessId]) {
        if let Some(seen) = &mut self.seen {
            seen.workers = workers.to_vec();
        }
    }
}
