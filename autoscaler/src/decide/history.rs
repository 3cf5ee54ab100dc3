//! What the checks so far have left behind for the next one: held times, and what was last seen.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::decide::boot::{FailedBoot, UnreadCode};
use crate::decide::constraint::Constraint;
use crate::decide::measure::Measured;
use crate::decide::seen::{Overlap, Seen};
use crate::model::{Action, Bounds, Ladder, Measure, ProcessId, ProjectSample};

/// One project's memory from check to check. Everything in it can be lost at the price of waiting anew.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
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
    /// The held times of each measure.
    #[serde(flatten)]
    held: BTreeMap<Measure, Held>,
}

/// Held times of one measure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Held {
    /// The rung above that is being exceeded.
    up: Option<Climb>,
    /// By rung below, for how long the measure has been under it.
    #[serde(deserialize_with = "rungs")]
    down: BTreeMap<u32, Trough>,
}

/// The rungs of a map that was read as part of a larger one (`flatten`): serde holds its keys as the text that JSON has.
fn rungs<'de, D: Deserializer<'de>>(text: D) -> Result<BTreeMap<u32, Trough>, D::Error> {
    let rungs = BTreeMap::<String, Trough>::deserialize(text)?;
    let number = |(rung, trough): (String, Trough)| Ok((rung.parse().map_err(D::Error::custom)?, trough));
    rungs.into_iter().map(number).collect()
}

/// A measure that stays above a rung.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Climb {
    rung: u32,
    pub(super) held: Duration,
    /// What kept the project's tasks from the CPU they wanted for all of that time.
    pub(super) constraint: Option<Constraint>,
}

/// A measure that has stayed under a rung.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Trough {
    pub(super) held: Duration,
    /// Loads within the time that a step has to be held for, CPUs, each with the held time at its end: the
    /// highest first, and after each only the highest since.
    peaks: VecDeque<(Duration, f64)>,
}

impl Trough {
    /// One more interval of `covered` with this load; an interval that ended `window` ago counts no more, or
    /// the last of a load would hold its workers until the next one.
    fn extend(&mut self, covered: Duration, load_cpus: f64, window: Duration) {
        self.held += covered;
        while self.peaks.back().is_some_and(|(_, load)| *load <= load_cpus) {
            self.peaks.pop_back();
        }
        while self
            .peaks
            .front()
            .is_some_and(|(end, _)| *end + window <= self.held)
        {
            self.peaks.pop_front();
        }
        self.peaks.push_back((self.held, load_cpus));
    }

    /// The highest load within the time that a step has to be held for, CPUs.
    pub(super) fn peak_cpus(&self) -> f64 {
        self.peaks.front().map_or(0.0, |(_, load)| *load)
    }
}

/// A crossed rung on its way to being acted on.
pub(super) struct Pending {
    pub(super) measure: Measure,
    pub(super) rung: u32,
    pub(super) threshold: f64,
    pub(super) held: Duration,
    pub(super) needed: Duration,
    pub(super) up: bool,
}

/// The rung that judges whether `workers` are too few. At the maximum it is the rung that led there: while
/// the load stays above it, the maximum is what stands in the way.
pub(super) fn rung_above(ladder: &Ladder, workers: u32, bounds: Bounds) -> Option<(u32, f64)> {
    if workers < bounds.max {
        return ladder.next_up(workers);
    }
    ladder
        .up
        .last_key_value()
        .map(|(rung, threshold)| (*rung, *threshold))
}

impl History {
    /// Whether the last check saw a reload or restart, that is, whether the project is on its way back to
    /// the count it had: that count.
    #[must_use]
    pub fn count_to_restore(&self) -> Option<u32> {
        self.restore
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

    /// The workers of `sample` whose boot is still waited for after [`History::boot_failed`]: once all of them serve,
    /// [`History::boot_mended`] ends it.
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

    /// Whether this check's CPU figures contain the boot of workers, seen now or by a look since the check before.
    pub(super) fn boot_in_cpu(&self) -> bool {
        self.booting || self.boot_to_come
    }

    pub(super) fn boot_to_come(&self) -> bool {
        self.boot_to_come
    }

    /// The last look ended no interval: a boot that it saw, or an `earlier` one, is in the figures to come.
    pub(super) fn keep_boot(&mut self, earlier: bool) {
        self.boot_to_come = self.booting || earlier;
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
    }

    /// Nobody saw the queue at this check: what was held of it has had a break.
    pub(super) fn forget_queue(&mut self) {
        self.held.remove(&Measure::Queue);
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
            self.restore = (workers < expected).then_some(expected.max(self.restore.unwrap_or(0)));
        }
        if reset.is_some() || moved {
            // Another count than the one the held times were about: somebody's hand, or a fresh start.
            self.forget_held();
        }
    }

    /// Adds this check's interval to the held time of each rung that its value is beyond, and ends the rest.
    pub(super) fn track(&mut self, m: &Measured<'_>, workers: u32, bounds: Bounds) {
        let boot = self.boot_in_cpu() && m.rungs.measure == Measure::Cpu;
        let held = self.held.entry(m.rungs.measure).or_default();
        held.up = rung_above(m.rungs.ladder, workers, bounds)
            .filter(|(_, threshold)| m.value > *threshold && !boot)
            .map(|(rung, _)| match held.up.filter(|climb| climb.rung == rung) {
                Some(climb) => Climb {
                    rung,
                    held: climb.held + m.covered,
                    constraint: climb.constraint.and_then(|before| before.and(m.constraint)),
                },
                None => Climb {
                    rung,
                    held: m.covered,
                    constraint: m.constraint,
                },
            });
        held.down = m
            .rungs
            .ladder
            .down
            .iter()
            .filter(|(rung, threshold)| **rung < workers && m.value < **threshold && !m.is_lower_bound)
            .map(|(rung, _)| {
                let mut now = held.down.get(rung).cloned().unwrap_or_default();
                now.extend(m.covered, m.load_cpus, m.rungs.ladder.down_hold);
                (*rung, now)
            })
            .collect();
    }

    pub(super) fn held_up(&self, measure: Measure, rung: u32) -> Option<Climb> {
        self.held.get(&measure)?.up.filter(|climb| climb.rung == rung)
    }

    pub(super) fn held_down(&self, measure: Measure, rung: u32) -> Option<&Trough> {
        self.held.get(&measure)?.down.get(&rung)
    }

    /// The crossed rungs of one measure that have not held for long enough yet.
    pub(super) fn pending(&self, m: &Measured<'_>, workers: u32, bounds: Bounds) -> Vec<Pending> {
        let measure = m.rungs.measure;
        let up = rung_above(m.rungs.ladder, workers, bounds)
            .into_iter()
            .filter_map(|(rung, threshold)| {
                let held = self.held_up(measure, rung)?.held;
                Some(Pending {
                    measure,
                    rung,
                    threshold,
                    held,
                    needed: m.rungs.ladder.up_hold,
                    up: true,
                })
            });
        let down = m
            .rungs
            .ladder
            .rungs_below(workers)
            .filter(|_| workers > bounds.min)
            .filter_map(|(rung, threshold)| {
                let held = self.held_down(measure, rung)?.held;
                Some(Pending {
                    measure,
                    rung,
                    threshold,
                    held,
                    needed: m.rungs.ladder.down_hold,
                    up: false,
                })
            });
        up.chain(down)
            .filter(|pending| pending.held < pending.needed)
            .collect()
    }

    /// Notes what this check leaves behind. After an action the held times start afresh.
    pub(super) fn settle(&mut self, sample: &ProjectSample, action: Action) {
        let expected = match action {
            Action::ScaleUp { to, .. } | Action::ScaleDown { to, .. } => {
                self.forget_held();
                // Workers that come or go from here on are this step's.
                self.overlap = None;
                to
            }
            Action::Hold | Action::Blocked => sample.worker_count(),
        };
        self.boot_to_come = false;
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
