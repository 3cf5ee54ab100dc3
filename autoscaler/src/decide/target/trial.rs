//! Do more workers bring more answers? Before a slow database or a lock they only wait together: each that is added makes
//! requests slower, and slower requests look like a load that asks for more.
//!
//! A step up is on trial while all workers are busy. Where it brought no more answers but slower ones, it is taken back, and
//! that is the second half of the trial: if the fewer workers answer as many, the step was no help, and no other is taken for
//! a while; if they answer fewer, it was, and the workers come back at once.

use crate::decide::shown::Shown;
use crate::model::Reason;

/// Seconds that a figure counts for.
const MEMORY: f64 = 10.0;

/// Seconds after which a count has shown what it does, its workers being up.
const SHOWN: f64 = 30.0;

/// Of the slots, the share that is busy where a step may have been too small and not useless.
const FULL: f64 = 0.85;

/// Seconds, and answers in them, from which on a count before a step can be compared with.
const TOLD: (f64, f64) = (3.0, 5.0);

/// Where it cannot be, requests that take so many times as long as in the calm are a reason to try with fewer workers.
const MUCH_SLOWER: f64 = 2.0;

/// Seconds over which the time of service in the calm is learned, and answers from which on it is known.
const CALM: (f64, f64) = (3600.0, 20.0);

/// Seconds for which no step is taken after one that was no help, at first and at most.
const REST: (f64, f64) = (300.0, 3600.0);

/// Seconds for which a load that was suspected without cause is left alone.
const TRUSTED: f64 = 600.0;

/// What workers did of late.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Recent {
    seconds: f64,
    answers: f64,
    busy: f64,
}

impl Recent {
    fn add(&mut self, work: &Work, memory: f64) {
        let Work {
            seconds,
            answers,
            busy,
            ..
        } = *work;
        let kept = (-seconds / memory).exp();
        self.seconds = self.seconds.mul_add(kept, seconds);
        self.answers = self.answers.mul_add(kept, answers);
        self.busy = self.busy.mul_add(kept, busy);
    }

    fn with(&self, workers: u32) -> Shown {
        Shown {
            workers,
            answers: self.answers / self.seconds,
            // Where nothing is answered, it takes as long as has been waited.
            service: self.busy / self.answers.max(1.0),
        }
    }
}

/// What stands against a further step: it brought slower answers and not more of them.
type NoHelp = (Shown, Shown);

/// Where the trial stands.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Stage {
    #[default]
    None,
    /// A step up was taken; `told` says whether enough had been seen of the count before.
    Up { before: Shown, since: f64, told: bool },
    /// It was taken back.
    Back { seen: NoHelp, since: f64 },
    /// It was no help.
    Rest { seen: NoHelp, until: f64 },
    /// It was.
    Trusted { until: f64 },
}

/// The trial of a project's last steps up.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Trial {
    /// Seconds seen so far.
    now: f64,
    recent: Recent,
    /// Of the recent seconds with the present count, those in which all workers were busy and requests waited.
    full: Recent,
    /// Of the last hour, those in which none waited.
    calm: Recent,
    workers: u32,
    stage: Stage,
    /// For how long no step was taken after the last that was no help.
    rest: f64,
}

/// What was seen of requests in one look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub(super) seconds: f64,
    pub(super) answers: f64,
    /// Seconds of busy slots.
    pub(super) busy: f64,
    /// Slots that there are.
    pub(super) slots: u32,
    /// Workers that there are.
    pub(super) workers: u32,
    /// Whether requests wait.
    pub(super) waits: bool,
    /// Seconds that a worker takes to boot.
    pub(super) boot: f64,
}

impl Trial {
    /// Takes one look in; the count to go to at once, where the trial asks for one.
    pub(super) fn look(&mut self, work: Work) -> Option<u32> {
        self.now += work.seconds;
        if self.workers != work.workers {
            self.full = Recent::default();
            self.workers = work.workers;
        }
        self.recent.add(&work, MEMORY);
        let all_busy = |busy: f64, seconds: f64| busy >= FULL * f64::from(work.slots) * seconds;
        if !work.waits {
            self.calm.add(&work, CALM.0);
        } else if all_busy(work.busy, work.seconds) {
            self.full.add(&work, MEMORY);
        }
        let now = self.recent.with(work.workers);
        let is_full = work.waits && all_busy(self.recent.busy, self.recent.seconds);
        match self.stage {
            Stage::Up { before, since, told } if self.now >= since + work.boot + SHOWN => {
                let before = if told {
                    before
                } else {
                    self.as_in_the_calm(work.workers)
                };
                let suspected = if told {
                    before.gains_nothing_by(now)
                } else {
                    now.service > MUCH_SLOWER * before.service
                };
                if work.workers > before.workers && is_full && suspected {
                    let since = self.now;
                    self.stage = Stage::Back {
                        seen: (before, now),
                        since,
                    };
                    return Some(before.workers);
                }
                self.stage = Stage::None;
                self.rest = 0.0;
            }
            Stage::Back { seen, since } if self.now >= since + SHOWN => {
                let (before, more) = seen;
                let fewer = Shown {
                    workers: before.workers,
                    ..now
                };
                if is_full && fewer.is_beaten_by(more) {
                    self.stage = Stage::Trusted {
                        until: self.now + TRUSTED,
                    };
                    return Some(more.workers);
                }
                self.rest = (2.0 * self.rest).clamp(REST.0, REST.1);
                let until = self.now + self.rest;
                let seen = (fewer, more);
                self.stage = Stage::Rest { seen, until };
            }
            Stage::Rest { until, .. } | Stage::Trusted { until } if self.now >= until => {
                self.stage = Stage::None;
            }
            _ => {}
        }
        None
    }

    /// A step up from `workers` is taken: from here on it is on trial, unless one is already that can be judged.
    pub(super) fn stepped_up(&mut self, workers: u32) {
        if matches!(self.stage, Stage::None | Stage::Up { told: false, .. }) {
            let Recent { seconds, answers, .. } = self.full;
            self.stage = Stage::Up {
                before: self.full.with(workers),
                since: self.now,
                told: seconds >= TOLD.0 && answers >= TOLD.1,
            };
        }
    }

    /// Half of `workers`, as they would serve if requests took as long as in the calm; where that is not known, forever.
    fn as_in_the_calm(&self, workers: u32) -> Shown {
        let fewer = Shown {
            workers: workers.div_ceil(2),
            answers: self.recent.answers / self.recent.seconds,
            service: f64::INFINITY,
        };
        if self.calm.answers < CALM.1 {
            return fewer;
        }
        let service = self.calm.busy / self.calm.answers;
        Shown { service, ..fewer }
    }

    /// The highest count to go to at once from `workers`: after a step that was no help, the next is a try.
    pub(super) fn most(&self, workers: u32) -> u32 {
        if self.rest > 0.0 {
            workers.saturating_add((workers / 2).max(1))
        } else {
            u32::MAX
        }
    }

    /// Why no step up is taken.
    pub(super) fn against_up(&self) -> Option<Reason> {
        match self.stage {
            Stage::Back {
                seen: (before, now), ..
            }
            | Stage::Rest {
                seen: (before, now), ..
            } => Some(before.against_more_than(now)),
            _ => None,
        }
    }

    /// Why the last step up is taken back, where it is.
    pub(super) fn takes_back(&self) -> Option<Reason> {
        match self.stage {
            Stage::Back {
                seen: (before, now), ..
            } => Some(before.against_more_than(now)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many seconds with `workers` workers that are all busy and answer so many requests a second together.
    fn full(trial: &mut Trial, seconds: u32, workers: u32, answers: f64) -> Option<u32> {
        let work = Work {
            seconds: 1.0,
            answers,
            busy: f64::from(workers),
            slots: workers,
            workers,
            waits: true,
            boot: 2.0,
        };
        (0..seconds).find_map(|_| trial.look(work))
    }

    #[test]
    fn workers_that_bring_more_answers_stay() {
        let mut trial = Trial::default();
        full(&mut trial, 60, 2, 10.0);
        trial.stepped_up(2);
        assert_eq!(full(&mut trial, 120, 4, 18.0), None);
        assert_eq!(trial.against_up(), None);
    }

    #[test]
    fn workers_before_a_database_that_answers_no_faster_are_taken_back_and_no_more_are_added() {
        let mut trial = Trial::default();
        full(&mut trial, 60, 2, 10.0);
        trial.stepped_up(2);
        assert_eq!(full(&mut trial, 60, 4, 10.0), Some(2));
        assert!(trial.takes_back().is_some());
        assert_eq!(full(&mut trial, 60, 2, 10.0), None);
        let Some(Reason::SlowerNotBusier { workers_before, .. }) = trial.against_up() else {
            panic!("{trial:?}");
        };
        assert_eq!(workers_before, 2);
        assert_eq!(trial.takes_back(), None);
        full(&mut trial, 400, 2, 10.0);
        assert_eq!(trial.against_up(), None, "tried again after a while");
        assert_eq!(trial.most(2), 3, "and carefully");
        // And each time it is no help, later.
        trial.stepped_up(2);
        full(&mut trial, 60, 4, 10.0);
        full(&mut trial, 400, 2, 10.0);
        assert!(trial.against_up().is_some());
    }

    #[test]
    fn a_step_in_the_first_seconds_is_judged_by_the_next_one() {
        let mut trial = Trial::default();
        full(&mut trial, 1, 1, 3.0);
        trial.stepped_up(1);
        full(&mut trial, 10, 4, 10.0);
        trial.stepped_up(4);
        assert_eq!(full(&mut trial, 60, 8, 10.0), Some(4));
    }

    #[test]
    fn where_all_steps_came_at_once_it_is_judged_by_the_calm_before() {
        for (answers, back) in [(10.0, Some(4)), (80.0, None)] {
            let mut trial = Trial::default();
            let calm = Work {
                seconds: 1.0,
                answers: 5.0,
                busy: 0.5,
                slots: 1,
                workers: 1,
                waits: false,
                boot: 2.0,
            };
            (0..60).for_each(|_| assert_eq!(trial.look(calm), None));
            full(&mut trial, 1, 1, 10.0);
            trial.stepped_up(1);
            // What takes as long as in the calm is a load that is too large.
            assert_eq!(full(&mut trial, 60, 8, answers), back);
        }
    }

    #[test]
    fn workers_that_were_a_help_after_all_come_back() {
        let mut trial = Trial::default();
        full(&mut trial, 60, 2, 20.0);
        // The database gets slower at the same moment: four workers answer as many as two did before.
        trial.stepped_up(2);
        assert_eq!(full(&mut trial, 60, 4, 20.0), Some(2));
        assert_eq!(full(&mut trial, 60, 2, 10.0), Some(4));
        assert_eq!(trial.against_up(), None);
        trial.stepped_up(4);
        assert_eq!(
            full(&mut trial, 300, 6, 20.0),
            None,
            "not suspected again at once"
        );
    }

    #[test]
    fn workers_that_are_not_all_busy_are_on_no_trial() {
        let mut trial = Trial::default();
        full(&mut trial, 60, 2, 10.0);
        trial.stepped_up(2);
        let work = Work {
            seconds: 1.0,
            answers: 10.0,
            busy: 2.5,
            slots: 6,
            workers: 6,
            waits: true,
            boot: 2.0,
        };
        assert!((0..120).all(|_| trial.look(work).is_none()));
        assert_eq!(trial.against_up(), None);
    }
}
