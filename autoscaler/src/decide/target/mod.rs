//! The policy that keeps a promise about waiting.
//!
//! A project with a promise is looked at every second ([`Pulse`]): counters alone, no process. [`Rule`] says how many workers
//! the load asks for. Where that is another count than there is, the project is looked at as a whole, and what stands against
//! a step is asked: the same as with any policy, whether more workers help at all ([`trial`]), whether they wait for a CPU
//! ([`pressure`]), and how many steps there were ([`steps`]).

mod figures;
mod pressure;
mod proposal;
mod rule;
mod steps;
mod trial;

use std::time::Duration;

use pressure::{CpuShare, Pressure};
pub(super) use proposal::outcome;
pub(in crate::decide) use rule::whole;
pub use rule::{Room, Rule, Seen, SeenRequests, Wish};
use serde::{Deserialize, Serialize};
use steps::StepsTaken;
use trial::{Trial, Work};

use crate::model::{Action, Basis, Bounds, Concurrency, Demand, Project, Promise, Pulse, Reason};

/// How long a worker is taken to boot before one was seen to: gunicorn with a small application.
const BOOT: Duration = Duration::from_secs(4);

/// How much of the longest boot so far a faster one takes away: the next may be slow again.
const BOOT_DECAY: f64 = 0.2;

/// Seconds for which a wish is not looked into again after something stood against it, at first and at most.
const AGAIN: (f64, f64) = (5.0, 60.0);

/// What is known of a project with a promise, from look to look.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Target {
    rule: Rule,
    cpu_share: CpuShare,
    /// Seconds that a new worker takes to boot.
    boot: Option<f64>,
    #[serde(skip)]
    recent: Recent,
}

/// What a restart of the daemon may lose.
#[derive(Debug, Clone, Default, PartialEq)]
struct Recent {
    /// Seconds seen so far.
    now: f64,
    pressure: Pressure,
    trial: Trial,
    steps: StepsTaken,
    standing: Option<Standing>,
    /// The last look.
    last: Option<Pulse>,
    /// The count that a budget of memory leaves it, where there is one.
    granted: Option<u32>,
    /// Until when a wish is not looked into, and how long that was last time.
    refused: Option<(f64, f64)>,
}

/// What the last look made of the load.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Standing {
    wish: Wish,
    demand: Demand,
    /// The workers there were, with those to come of a step under way.
    room: Room,
}

/// Share of the last seconds in which some task of the host waited for memory, percent, from which on no worker is added.
const MEMORY_PRESSURE: f64 = 10.0;

impl Target {
    /// Takes a look of a second in at a project that has `workers` workers, those that boot among them.
    pub(super) fn pulse(&mut self, project: &Project, pulse: &Pulse, workers: u32) {
        let Some(promise) = project.promise() else {
            return;
        };
        let seconds = pulse.covered.as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        let recent = &mut self.recent;
        recent.now += seconds;
        if recent.is_bounded_otherwise(project.bounds) {
            // What stood against another wish says nothing of this one.
            recent.refused = None;
        }
        let (by, seen) = seen(&promise, pulse, &mut self.cpu_share);
        recent.pressure.add(pulse, seen.busy);
        let (threads, taken) = slots(by, pulse);
        let boot = self.boot.unwrap_or(BOOT.as_secs_f64());
        let room = Room {
            workers,
            bounds: project.bounds,
            boot,
            threads,
            taken,
        };
        let mut wish = self.rule.look(&promise, &seen, room);
        if by == Basis::LearnedCpu {
            // What is guessed takes nothing away.
            wish.workers = wish.workers.max(workers);
        }
        let work = Work {
            seconds,
            answers: seen.requests.map_or(0.0, |requests| requests.begun),
            busy: seen.busy,
            slots: workers.saturating_mul(threads),
            workers,
            waits: seen.requests.is_some_and(|requests| requests.waiting > 0.0),
            boot,
        };
        wish.workers = wish
            .workers
            .min(recent.trial.most(workers).max(project.bounds.min));
        if let Some(at_once) = recent.trial.look(work) {
            wish.workers = at_once.clamp(project.bounds.min, project.bounds.max);
            recent.refused = None;
        } else if recent.trial.takes_back().is_some() {
            wish.workers = wish.workers.min(workers);
        }
        if !project.schedules.entries.is_empty() {
            // Bounds that have just changed are kept at once, whatever patience the load asks for.
            wish.workers = wish.workers.clamp(project.bounds.min, project.bounds.max);
        }
        let waiting = pulse.requests.as_ref().map_or(0, |figures| figures.waiting);
        recent.last = Some(pulse.clone());
        // Of the look before; where there is a budget, it is shared anew.
        recent.granted = None;
        recent.standing = Some(Standing {
            wish,
            room,
            demand: Demand {
                by,
                busy: wish.busy,
                waiting: waiting.try_into().unwrap_or(u64::MAX),
                needed: wish.needed,
            },
        });
    }

    /// Whether the project is to be looked at as a whole: another count is wanted, and nothing has stood against it just now.
    pub(super) fn wants_a_look(&self) -> bool {
        let recent = &self.recent;
        recent.wants_another_count() && recent.refused.is_none_or(|(until, _)| recent.now >= until)
    }

    /// What it asks of a budget of memory; `None` before anything is known of its load.
    pub(super) fn claim(&self) -> Option<(u32, Wish)> {
        let standing = self.recent.standing?;
        Some((standing.room.workers, standing.wish))
    }

    /// The count that the load asks for, whatever the most there may be; `None` before anything is known of it.
    pub(super) fn wanted(&self) -> Option<u32> {
        Some(self.recent.standing?.wish.wanted)
    }

    /// The count to have; `None` before anything is known of the load.
    #[cfg(test)]
    pub(super) fn goal(&self) -> Option<u32> {
        let standing = self.recent.standing?;
        Some(self.recent.goal(&standing))
    }

    /// Memory that one of its workers was measured to take, MiB; `None` where it was not.
    pub(super) fn worker_mib(&self) -> Option<u64> {
        self.recent.last.as_ref()?.worker_mib
    }

    /// Late requests a second that one worker more than so many would save.
    pub(super) fn gain(&self, workers: u32) -> f64 {
        let room = self.recent.standing.map(|standing| standing.room);
        room.map_or(0.0, |room| self.rule.gain(Room { workers, ..room }))
    }

    /// What a budget of memory leaves it; `None` without one.
    pub(super) fn grant(&mut self, workers: Option<u32>) {
        self.recent.granted = workers;
    }

    /// A new worker took so long to boot.
    pub(super) fn booted(&mut self, boot: Duration) {
        let (boot, before) = (boot.as_secs_f64(), self.boot.unwrap_or_default());
        self.boot = Some(boot.max(before + (boot - before) * BOOT_DECAY));
    }

    /// Notes what was decided: a step, or something that stands against one.
    pub(super) fn decided(&mut self, action: Action) {
        let recent = &mut self.recent;
        match action {
            Action::ScaleUp { from, .. } | Action::ScaleDown { from, .. } => {
                if matches!(action, Action::ScaleUp { .. }) {
                    recent.trial.stepped_up(from);
                }
                recent.steps.add(recent.now);
                recent.refused = None;
                self.rule.stepped();
            }
            // Nothing was wanted, so nothing stood against it.
            Action::Hold | Action::Blocked if !recent.wants_another_count() => recent.refused = None,
            Action::Hold | Action::Blocked => {
                let before = recent.refused.map_or(0.0, |(_, before)| before);
                let pause = (2.0 * before).clamp(AGAIN.0, AGAIN.1);
                recent.refused = Some((recent.now + pause, pause));
            }
        }
    }

    /// What stands against a step, as far as it is this policy's to know.
    fn against(&self, project: &Project, up: bool) -> Option<Reason> {
        let recent = &self.recent;
        let too_many = || recent.steps.against(recent.now, up);
        if !up {
            return too_many();
        }
        let memory = recent
            .last
            .as_ref()
            .and_then(|pulse| pulse.memory_pressure_percent)
            .filter(|percent| *percent >= MEMORY_PRESSURE)
            .map(|waiting_percent| Reason::MemoryPressure { waiting_percent });
        let saturated = || {
            let pressure = recent.pressure.against_up();
            pressure.filter(|_| !project.scale_up_on_saturated_host)
        };
        memory
            .or_else(saturated)
            .or_else(|| recent.trial.against_up())
            .or_else(too_many)
    }
}

impl Recent {
    /// The count to have: what the rule wishes, or what a budget leaves.
    fn goal(&self, standing: &Standing) -> u32 {
        self.granted.unwrap_or(standing.wish.workers)
    }

    /// Whether the last look was within other bounds: a schedule has begun or ended.
    fn is_bounded_otherwise(&self, bounds: Bounds) -> bool {
        self.standing
            .is_some_and(|standing| standing.room.bounds != bounds)
    }

    fn wants_another_count(&self) -> bool {
        let standing = self.standing;
        standing.is_some_and(|standing| self.goal(&standing) != standing.room.workers)
    }
}

/// What the look says of the load, and by what it says it.
fn seen(promise: &Promise, pulse: &Pulse, share: &mut CpuShare) -> (Basis, Seen) {
    let seconds = pulse.covered.as_secs_f64();
    let cpu = (pulse.on_cpu + pulse.cpu_wait).as_secs_f64();
    let by_cpu = |busy| Seen {
        seconds,
        busy,
        requests: None,
    };
    match (&pulse.requests, pulse.concurrency) {
        (Ok(figures), Concurrency::Threads(_)) => {
            let busy = figures.busy * seconds;
            share.learn(pulse.covered, cpu, busy);
            let requests = SeenRequests {
                begun: figures.begun as f64,
                late: figures.waits.longer_than(promise.wait),
                waiting: figures.waiting as f64,
            };
            let seen = Seen {
                seconds,
                busy,
                requests: Some(requests),
            };
            (Basis::Requests, seen)
        }
        (Ok(_), Concurrency::EventLoop | Concurrency::Untold { .. }) => (Basis::Cpu, by_cpu(cpu)),
        (Err(_), _) => match share.busy(cpu) {
            Some(busy) => (Basis::LearnedCpu, by_cpu(busy)),
            None => (Basis::Cpu, by_cpu(cpu)),
        },
    }
}

/// Requests that a worker can serve at a time, and slots that long ones have taken.
fn slots(by: Basis, pulse: &Pulse) -> (u32, u32) {
    match (by, pulse.concurrency, &pulse.requests) {
        (Basis::Requests, Concurrency::Threads(threads), Ok(figures)) => {
            (threads.max(1), u32::try_from(figures.long).unwrap_or(u32::MAX))
        }
        (Basis::LearnedCpu, Concurrency::Threads(threads), _) => (threads.max(1), 0),
        _ => (1, 0),
    }
}

#[cfg(test)]
mod tests;
