//! What a policy costs, and what it leaves unmet.

use serde::Serialize;

use super::Check;

/// Unmet demand below this, in CPU-seconds a check, is rounding.
const ROUNDING: f64 = 1e-6;

/// A step back within this time, in seconds, is a reversal.
const REVERSAL_SECONDS: f64 = 3600.0;

/// The figures of one policy over one demand.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Score {
    /// Workers kept, in worker-hours.
    pub worker_hours: f64,
    /// Demand, in CPU-hours.
    pub demand_hours: f64,
    /// Demand that was served, in CPU-hours.
    pub served_hours: f64,
    /// Demand that was not, percent of all.
    pub unmet_percent: f64,
    /// The longest time without a break in which some demand was not served, seconds.
    pub longest_unmet_seconds: f64,
    /// Changes of the count.
    pub steps: u64,
    /// Steps in the other direction than the step before, within an hour of it.
    pub reversals: u64,
}

/// Adds checks up to a [`Score`].
#[derive(Debug, Clone, Default)]
pub struct Tally {
    worker_seconds: f64,
    demand: f64,
    served: f64,
    unmet_for: f64,
    longest_unmet: f64,
    steps: u64,
    reversals: u64,
    now: f64,
    workers: Option<u32>,
    last_step: Option<(f64, bool)>,
}

impl Tally {
    /// Adds the next check.
    pub fn add(&mut self, check: &Check) {
        let Check { workers, served } = check;
        if let Some(before) = self.workers.replace(*workers)
            && before != *workers
        {
            self.step(*workers > before);
        }
        self.now += served.seconds;
        self.worker_seconds += f64::from(*workers) * served.seconds;
        self.demand += served.demand;
        self.served += served.served;
        self.unmet_for = if served.demand - served.served > ROUNDING {
            self.unmet_for + served.seconds
        } else {
            0.0
        };
        self.longest_unmet = self.longest_unmet.max(self.unmet_for);
    }

    fn step(&mut self, up: bool) {
        self.steps += 1;
        if let Some((at, before)) = self.last_step.replace((self.now, up))
            && before != up
            && self.now - at <= REVERSAL_SECONDS
        {
            self.reversals += 1;
        }
    }

    /// Worker-seconds so far.
    #[must_use]
    pub fn worker_seconds(&self) -> f64 {
        self.worker_seconds
    }

    /// CPU-seconds of demand not served so far.
    #[must_use]
    pub fn unmet_seconds(&self) -> f64 {
        self.demand - self.served
    }

    /// The figures.
    #[must_use]
    pub fn score(&self) -> Score {
        Score {
            worker_hours: self.worker_seconds / 3600.0,
            demand_hours: self.demand / 3600.0,
            served_hours: self.served / 3600.0,
            unmet_percent: if self.demand > 0.0 {
                100.0 * (self.demand - self.served).max(0.0) / self.demand
            } else {
                0.0
            },
            longest_unmet_seconds: self.longest_unmet,
            steps: self.steps,
            reversals: self.reversals,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Served;

    /// Checks of ten minutes: workers and CPUs wanted.
    fn score(checks: &[(u32, f64)]) -> Score {
        let mut tally = Tally::default();
        for (workers, cpus) in checks {
            let served = Served {
                seconds: 600.0,
                demand: 600.0 * cpus,
                served: 600.0 * cpus.min(f64::from(*workers)),
                ..Served::default()
            };
            tally.add(&Check {
                workers: *workers,
                served,
            });
        }
        tally.score()
    }

    #[test]
    fn a_series_counted_by_hand() {
        let score = score(&[(1, 0.5), (1, 2.0), (2, 3.0), (3, 3.0), (3, 4.0), (1, 1.0)]);
        assert!((score.worker_hours - 11.0 / 6.0).abs() < 1e-9);
        assert!((score.demand_hours - 13.5 / 6.0).abs() < 1e-9);
        assert!((score.served_hours - 10.5 / 6.0).abs() < 1e-9);
        assert!((score.unmet_percent - 100.0 * 3.0 / 13.5).abs() < 1e-9);
        assert!((score.longest_unmet_seconds - 1200.0).abs() < 1e-9);
        assert_eq!((score.steps, score.reversals), (3, 1));
    }

    #[test]
    fn a_step_back_after_more_than_an_hour_is_no_reversal() {
        let mut checks = vec![(1, 0.0), (2, 0.0)];
        checks.extend(vec![(2, 0.0); 5]);
        checks.push((1, 0.0));
        assert_eq!(score(&checks).reversals, 1, "after an hour");
        checks.insert(3, (2, 0.0));
        assert_eq!(score(&checks).reversals, 0, "after an hour and ten minutes");
    }

    #[test]
    fn no_demand_at_all_leaves_nothing_unmet() {
        assert!(score(&[(1, 0.0)]).unmet_percent.abs() < f64::EPSILON);
    }
}
