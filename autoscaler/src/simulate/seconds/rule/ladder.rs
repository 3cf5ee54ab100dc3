//! The daemon's own policy of rungs: the very `decide`, at the configured interval.

use super::{Rule, Seen};
use crate::model::{Bounds, Project};
use crate::simulate::policy::{Look, Ours};

/// The ladders of one project.
#[derive(Debug)]
pub(super) struct Ladder {
    ours: Ours,
    /// Between two checks, seconds.
    interval: f64,
    so_far: Look,
}

impl Ladder {
    /// `interval`: between two checks, seconds.
    pub(super) fn new(project: &Project, interval: f64) -> Self {
        Self {
            ours: Ours::of_requests(project),
            interval,
            so_far: Look::default(),
        }
    }
}

impl Rule for Ladder {
    fn bound(&mut self, bounds: Bounds) {
        self.ours.bound(bounds);
    }

    fn next(&mut self, seen: &Seen) -> u32 {
        let look = &mut self.so_far;
        look.seconds += 1.0;
        look.on_cpu += seen.cpu;
        look.busy += seen.second.busy;
        look.begun += seen.second.begun;
        if look.seconds < self.interval {
            return seen.workers;
        }
        let look = std::mem::take(look);
        self.ours.step(seen.workers, &look)
    }
}
