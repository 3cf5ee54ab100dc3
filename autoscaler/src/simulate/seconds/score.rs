//! What a rule costs, and how long its users wait.

use serde::Serialize;

use super::SECOND;
use super::lane::{Lane, Second};

/// A step back within this time, in seconds, is a reversal.
const REVERSAL_SECONDS: u64 = 3600;

/// The figures of one rule over one load.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Score {
    /// Requests that came.
    pub requests: u64,
    /// Of them, those that waited for longer than was promised, percent.
    pub late_percent: f64,
    /// Those that waited for longer than a second, percent.
    pub over_1_s_percent: f64,
    /// The wait that 99 of 100 did not exceed, ms.
    pub p99_wait_ms: f64,
    /// Workers kept, in worker-hours a day.
    pub worker_hours_a_day: f64,
    /// Changes of the count, a day.
    pub steps_a_day: f64,
    /// Steps in the other direction than the step before, within an hour of it, a day.
    pub reversals_a_day: f64,
    /// Requests that still waited at the end.
    pub waiting_at_end: u64,
    /// Requests that came while a million waited, and were turned away.
    pub turned_away: u64,
}

/// Adds seconds up to a [`Score`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    now: u64,
    arrived: u64,
    waiting: u64,
    steps: u64,
    reversals: u64,
    last_step: Option<(u64, bool)>,
}

impl Tally {
    /// Adds a second.
    pub(super) fn pass(&mut self, second: &Second) {
        self.now += 1;
        self.arrived += second.arrived;
        self.waiting = second.waiting;
    }

    /// After it, `workers` become `wanted`.
    pub(super) fn step(&mut self, workers: u32, wanted: u32) {
        if wanted == workers {
            return;
        }
        self.steps += 1;
        let up = wanted > workers;
        if let Some((at, before)) = self.last_step.replace((self.now, up))
            && before != up
            && self.now - at <= REVERSAL_SECONDS
        {
            self.reversals += 1;
        }
    }

    /// The figures, after so many days.
    pub(super) fn score(&self, lane: &Lane, days: f64, promised: u64) -> Score {
        let sums = lane.waits().sums();
        let percent = |part: u64| 100.0 * part as f64 / self.arrived.max(1) as f64;
        let away = lane.turned_away();
        Score {
            requests: self.arrived,
            late_percent: percent(sums.late + lane.overdue(promised) + away),
            over_1_s_percent: percent(lane.waits().over_one_second() + lane.overdue(SECOND) + away),
            p99_wait_ms: lane.waits().quantile(0.99) as f64 / 1e6,
            worker_hours_a_day: lane.worker_ns() as f64 / SECOND as f64 / 3600.0 / days,
            steps_a_day: self.steps as f64 / days,
            reversals_a_day: self.reversals as f64 / days,
            waiting_at_end: self.waiting,
            turned_away: away,
        }
    }
}
