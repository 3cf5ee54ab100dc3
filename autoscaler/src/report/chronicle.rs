//! What was decided about one project, check after check, with those alike in a row folded into one.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::model::{Action, Decision, Language, Reason};
use crate::words::{self, Bilingual};

/// One decision, or several alike in a row, told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// When the first check decided so: Unix time, seconds.
    pub from: i64,
    /// When the last one did.
    pub until: i64,
    /// How many checks did.
    pub checks: u32,
    /// `scale_up`, `scale_down`, `hold`, `blocked`.
    pub action: String,
    /// Workers that the last of them saw.
    pub workers: Option<u32>,
    /// Workers wanted, where that is another count.
    pub workers_to: Option<u32>,
    /// The reason's stable name.
    pub reason: String,
    /// The reason in words, as the last check had it.
    pub words: String,
    /// Lowest and highest CPU of these checks, percent.
    pub cpu_percent: Option<(f64, f64)>,
    /// Lowest and highest run-queue wait of these checks, percent.
    pub wait_percent: Option<(f64, f64)>,
    /// Waiting tasks at the last of them.
    pub queue: Option<u64>,
    /// Memory available on the host at the last of them, MiB.
    pub memory_available_mib: u64,
    /// What happened since, in words: a step taken or failed, an order given.
    pub events: Vec<String>,
}

/// The last decisions about one project.
#[derive(Debug, Clone)]
pub struct Chronicle {
    runs: VecDeque<Run>,
    capacity: usize,
}

/// Decisions alike in a row, and of the last of them what is told. Hundreds are kept of each project, so it is no more.
#[derive(Debug, Clone)]
struct Run {
    from: SystemTime,
    until: SystemTime,
    checks: u32,
    action: Action,
    reason: Reason,
    workers: Option<u32>,
    queue: Option<u64>,
    memory_available_mib: u64,
    cpu: Option<(f64, f64)>,
    wait: Option<(f64, f64)>,
    events: Vec<Bilingual>,
}

/// Most events that are kept of one run: more come from somebody who orders by hand in a loop.
const EVENTS: usize = 8;

impl Chronicle {
    /// One that keeps `capacity` runs, the latest ones.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            runs: VecDeque::new(),
            capacity,
        }
    }

    /// Adds the decision of a check.
    pub fn decided(&mut self, at: SystemTime, decision: &Decision) {
        match self.runs.back_mut() {
            Some(run) if run.is_alike(decision) && run.events.is_empty() => run.go_on(at, decision),
            _ => self.add(Run::new(at, decision)),
        }
    }

    fn add(&mut self, run: Run) {
        let runs = self.runs.len();
        if runs == self.capacity {
            self.runs.pop_front();
        } else if runs == self.runs.capacity() {
            // Doubled as ever, and never to more than there may be.
            self.runs.reserve_exact(runs.max(4).min(self.capacity - runs));
        }
        self.runs.push_back(run);
    }

    /// Adds what happened after the last decision.
    pub fn happened(&mut self, event: Bilingual) {
        if let Some(run) = self.runs.back_mut().filter(|run| run.events.len() < EVENTS) {
            run.events.push(event);
        }
    }

    /// What was decided from `since` on, oldest first.
    #[must_use]
    pub fn episodes(&self, since: SystemTime, language: Language) -> Vec<Episode> {
        let recent = self.runs.iter().filter(|run| run.until >= since);
        recent.map(|run| run.told(language)).collect()
    }
}

impl Run {
    fn new(at: SystemTime, decision: &Decision) -> Self {
        let Decision {
            action,
            reason,
            figures,
        } = decision;
        Self {
            from: at,
            until: at,
            checks: 1,
            action: *action,
            reason: reason.clone(),
            workers: figures.workers,
            queue: figures.queue,
            memory_available_mib: figures.memory_available_mib,
            cpu: widened(None, figures.cpu_percent),
            wait: widened(None, figures.wait_percent),
            events: Vec::new(),
        }
    }

    /// Takes in another of its decisions.
    fn go_on(&mut self, at: SystemTime, decision: &Decision) {
        let later = Self::new(at, decision);
        *self = Self {
            from: self.from,
            checks: self.checks + 1,
            cpu: widened(self.cpu, decision.figures.cpu_percent),
            wait: widened(self.wait, decision.figures.wait_percent),
            ..later
        };
    }

    /// Whether a decision says nothing new after this. A step always does.
    fn is_alike(&self, decision: &Decision) -> bool {
        let same_rung = match (&self.reason, &decision.reason) {
            (
                Reason::NotHeldYet {
                    measure, rung, up, ..
                },
                Reason::NotHeldYet {
                    measure: m,
                    rung: r,
                    up: u,
                    ..
                },
            ) => (measure, rung, up) == (m, r, u),
            _ => true,
        };
        matches!(decision.action, Action::Hold | Action::Blocked)
            && self.action == decision.action
            && self.reason.code() == decision.reason.code()
            && self.workers == decision.figures.workers
            && same_rung
    }

    fn told(&self, language: Language) -> Episode {
        Episode {
            from: unix(self.from),
            until: unix(self.until),
            checks: self.checks,
            action: self.action.code().to_owned(),
            workers: self.workers,
            workers_to: self.action.to(),
            reason: self.reason.code().to_owned(),
            words: words::reason(language, &self.reason),
            cpu_percent: self.cpu,
            wait_percent: self.wait,
            queue: self.queue,
            memory_available_mib: self.memory_available_mib,
            events: self
                .events
                .iter()
                .map(|event| event.within(language).to_owned())
                .collect(),
        }
    }
}

/// Unix time, seconds.
#[must_use]
pub fn unix(at: SystemTime) -> i64 {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

fn widened(range: Option<(f64, f64)>, value: Option<f64>) -> Option<(f64, f64)> {
    match (range, value) {
        (Some((low, high)), Some(value)) => Some((low.min(value), high.max(value))),
        (None, Some(value)) => Some((value, value)),
        (range, None) => range,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::Figures;

    fn at(minute: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_mins(minute)
    }

    fn decision(action: Action, reason: Reason, cpu: f64) -> Decision {
        Decision {
            action,
            reason,
            figures: Figures {
                workers: Some(2),
                cpu_percent: Some(cpu),
                ..Figures::default()
            },
        }
    }

    fn quiet(cpu: f64) -> Decision {
        decision(Action::Hold, Reason::WithinThresholds, cpu)
    }

    #[test]
    fn checks_alike_are_one_episode_with_the_range_of_their_figures() {
        let mut chronicle = Chronicle::new(10);
        for (minute, cpu) in [(0, 20.0), (2, 12.5), (4, 31.0)] {
            chronicle.decided(at(minute), &quiet(cpu));
        }
        let episodes = chronicle.episodes(UNIX_EPOCH, Language::En);
        let [episode] = episodes.as_slice() else {
            panic!("{episodes:?}");
        };
        assert_eq!((episode.from, episode.until, episode.checks), (0, 240, 3));
        assert_eq!(episode.cpu_percent, Some((12.5, 31.0)));
        assert_eq!(episode.words, "no threshold crossed");
    }

    #[test]
    fn a_full_one_takes_no_more_room_than_its_runs() {
        let mut chronicle = Chronicle::new(360);
        for minute in 0..1000 {
            let step = decision(Action::ScaleUp { from: 2, to: 3 }, Reason::WithinThresholds, 1.0);
            chronicle.decided(at(minute), &step);
        }
        assert_eq!((chronicle.runs.len(), chronicle.runs.capacity()), (360, 360));
        assert!(size_of::<Run>() <= 256, "{}", size_of::<Run>());
    }

    #[test]
    fn a_step_is_never_folded_and_keeps_what_came_of_it() {
        let mut chronicle = Chronicle::new(10);
        let step = decision(
            Action::ScaleUp { from: 2, to: 3 },
            Reason::ByHand { workers: 3 },
            50.0,
        );
        chronicle.decided(at(0), &step);
        chronicle.happened(Bilingual::same("failed"));
        chronicle.decided(at(2), &step);
        let episodes = chronicle.episodes(UNIX_EPOCH, Language::En);
        assert_eq!(episodes.len(), 2);
        assert_eq!(episodes[0].events, ["failed"]);
        assert_eq!((episodes[1].workers, episodes[1].workers_to), (Some(2), Some(3)));
    }

    #[test]
    fn it_is_bounded_and_may_be_cut_by_time() {
        let mut chronicle = Chronicle::new(3);
        for minute in 0..10 {
            let decision = if minute % 2 == 0 {
                quiet(1.0)
            } else {
                decision(Action::Blocked, Reason::Paused, 1.0)
            };
            chronicle.decided(at(minute), &decision);
        }
        assert_eq!(chronicle.episodes(UNIX_EPOCH, Language::Es).len(), 3);
        assert_eq!(chronicle.episodes(at(9), Language::Es).len(), 1);
    }
}
