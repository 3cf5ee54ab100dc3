//! The rule that keeps a promise about waiting: the very one that the daemon goes by.

use super::{Rule, Seen};
use crate::decide;
use crate::model::{Bounds, Promise};

/// The rule, over one service.
#[derive(Debug, Clone)]
pub(in crate::simulate::seconds) struct Target {
    rule: decide::Rule,
    promise: Promise,
    bounds: Bounds,
    boot: f64,
}

impl Target {
    /// `boot`: seconds that a new worker takes, as the daemon has seen.
    pub(in crate::simulate::seconds) fn new(promise: Promise, bounds: Bounds, boot: f64) -> Self {
        Self {
            rule: decide::Rule::default(),
            promise,
            bounds,
            boot,
        }
    }

    /// What the rule asks for.
    pub(in crate::simulate::seconds) fn wish(&mut self, seen: &Seen) -> decide::Wish {
        let second = &seen.second;
        let requests = decide::SeenRequests {
            begun: second.begun as f64,
            late: second.late as f64,
            waiting: second.waiting as f64,
        };
        let seen_by_rule = decide::Seen {
            seconds: 1.0,
            busy: second.busy,
            requests: Some(requests),
        };
        let room = self.room(seen.workers);
        self.rule.look(&self.promise, &seen_by_rule, room)
    }

    /// Late requests a second that one worker more than `workers` would save.
    pub(in crate::simulate::seconds) fn gain(&self, workers: u32) -> f64 {
        self.rule.gain(self.room(workers))
    }

    /// The count has changed.
    pub(in crate::simulate::seconds) fn stepped(&mut self) {
        self.rule.stepped();
    }

    fn room(&self, workers: u32) -> decide::Room {
        decide::Room {
            workers,
            bounds: self.bounds,
            boot: self.boot,
            threads: 1,
            taken: 0,
        }
    }
}

impl Rule for Target {
    fn bound(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    fn next(&mut self, seen: &Seen) -> u32 {
        // As the daemon has it: bounds that have just changed are kept at once.
        let wanted = self.wish(seen).workers.clamp(self.bounds.min, self.bounds.max);
        if wanted != seen.workers {
            self.stepped();
        }
        wanted
    }
}
