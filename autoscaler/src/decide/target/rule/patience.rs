//! When a better count is worth a step: as soon as staying has cost as much as the step is.
//!
//! What a step costs is not known in workers, but a count that is right for a moment is worth none. Staying costs, each
//! second, the late requests that the better count would save at their price, less the workers that it takes. Summed up,
//! that is a test of both at once, how wrong the count is and how surely (Page's CUSUM), and as in renting or buying skis
//! nobody pays more than twice what a clairvoyant would.

use serde::{Deserialize, Serialize};

/// Worker-seconds of regret after which workers are added.
const UP: f64 = 45.0;

/// Worker-seconds of regret after which workers are taken away: far more, since calm must last and a step down that was
/// wrong is paid for by those who wait.
const DOWN: f64 = 240.0;

/// What staying at the present count has cost, worker-seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Patience {
    up: f64,
    down: f64,
}

impl Patience {
    /// Takes in what one more worker (or as many more as are wanted) would have been worth, and what fewer would, in
    /// worker-seconds; either may be negative.
    pub(super) fn add(&mut self, more: f64, fewer: f64) {
        self.up = (self.up + more).max(0.0);
        self.down = (self.down + fewer).max(0.0);
    }

    /// Whether staying has cost more than a step up.
    pub(super) fn is_over_for_more(&self) -> bool {
        self.up > UP
    }

    /// Whether staying has cost more than a step down.
    pub(super) fn is_over_for_fewer(&self) -> bool {
        self.down > DOWN
    }
}
