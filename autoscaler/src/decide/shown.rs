//! Did more workers bring more answers? Workers that wait for one slow database look like a load that asks for more of them:
//! each that is added makes it slower.

use std::time::Duration;

use crate::model::Reason;

/// Of the answers that a step up should bring, the share that it must.
const GAIN: f64 = 0.25;

/// Of the time by which requests get slower where a step up brings nothing at all, the share from which on it counts.
const SLOWER: f64 = 0.5;

/// What a count of workers has shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shown {
    pub(super) workers: u32,
    /// Answers a second.
    pub(super) answers: f64,
    /// Mean time of service, seconds.
    pub(super) service: f64,
}

impl Shown {
    /// Whether the more workers of `now` brought slower answers and hardly more of them than this.
    pub(super) fn gains_nothing_by(self, now: Self) -> bool {
        let is_slower = now.service > self.service * SLOWER.mul_add(self.more(now), 1.0);
        is_slower && !self.is_beaten_by(now)
    }

    /// Whether the more workers of `now` answer as many more as they must.
    pub(super) fn is_beaten_by(self, now: Self) -> bool {
        now.answers >= self.answers * GAIN.mul_add(self.more(now), 1.0)
    }

    /// Why no step is taken beyond `now`.
    pub(super) fn against_more_than(self, now: Self) -> Reason {
        let seconds = |service: f64| Duration::try_from_secs_f64(service).unwrap_or(Duration::MAX);
        Reason::SlowerNotBusier {
            workers_before: self.workers,
            answers_before: self.answers,
            answers: now.answers,
            service_before: seconds(self.service),
            service: seconds(now.service),
        }
    }

    /// How many more workers there are `now`, as a share of these.
    fn more(self, now: Self) -> f64 {
        f64::from(now.workers) / f64::from(self.workers.max(1)) - 1.0
    }
}
