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

/// Decisions alike in a row.
#[derive(Debug, Clone)]
struct Run {
    from: SystemTime,
    until: SystemTime,
    checks: u32,
    last: Decision,
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
        let (cpu, wait) = (decision.figures.cpu_percent, decision.figures.wait_percent);
        match self.runs.back_mut() {
            Some(run) if alike(&run.last, decision) && run.events.is_empty() => {
                run.until = at;
                run.checks += 1;
                run.last = decision.clone();
                run.cpu = widened(run.cpu, cpu);
                run.wait = widened(run.wait, wait);
            }
            _ => {
                if self.runs.len() == self.capacity {
                    self.runs.pop_front();
                }
                self.runs.push_back(Run {
                    from: at,
                    until: at,
                    checks: 1,
                    last: decision.clone(),
                    cpu: widened(None, cpu),
                    wait: widened(None, wait),
                    events: Vec::new(),
                });
            }
        }
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
    fn told(&self, language: Language) -> Episode {
        let Decision {
            action,
            reason,
            figures,
        } = &self.last;
        Episode {
            from: unix(self.from),
            until: unix(self.until),
            checks: self.checks,
            action: action.code().to_owned(),
            workers: figures.workers,
            workers_to: action.to(),
            reason: reason.code().to_owned(),
            words: words::reason(language, reason),
            cpu_percent: self.cpu,
            wait_percent: self.wait,
            queue: figures.queue,
            memory_available_mib: figures.memory_available_mib,
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

/// Whether the second says nothing new after the first. A step always does.
fn alike(first: &Decision, second: &Decision) -> bool {
    let same_rung = match (&first.reason, &second.reason) {
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
    matches!(second.action, Action::Hold | Action::Blocked)
        && first.action == second.action
        && first.reason.code() == second.reason.code()
        && first.figures.workers == second.figures.workers
        && same_rung
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
