//! What a soak showed: judged from what was seen, point by point.

use std::collections::BTreeMap;
use std::time::Duration;

use super::counts::Counts;
use super::fit::Growth;
use super::report::Point;
use super::stage::Requests;
use super::watch::{Held, Told};

/// Warm-up: what the daemon takes into memory in this part of the time is no growth.
const WARM: f64 = 0.25;

/// All that was seen.
pub(super) struct Record {
    /// What the daemon held, from look to look.
    pub(super) held: Vec<(Duration, Held)>,
    pub(super) told: Told,
    pub(super) requests: Requests,
    pub(super) counts: Counts,
    /// Lines of the daemon's log by their level.
    pub(super) levels: BTreeMap<String, usize>,
}

impl Record {
    /// Judges it.
    pub(super) fn judge(&self) -> Vec<Point> {
        vec![
            self.growth("resident memory", "KiB", |held| held.resident as f64),
            self.growth("memory of its own", "KiB", |held| held.anonymous as f64),
            self.growth("file descriptors", "", |held| held.descriptors as f64),
            self.answers(),
            self.workers(),
            self.kernel(),
            self.checks(),
        ]
    }

    /// A straight line through the last three quarters: see [`super::fit`].
    fn growth(&self, what: &str, unit: &str, figure: fn(&Held) -> f64) -> Point {
        let samples: Vec<(Duration, f64)> = self.held.iter().map(|(at, held)| (*at, figure(held))).collect();
        let end = samples.last().map_or(Duration::ZERO, |(at, _)| *at);
        let from = end.mul_f64(WARM);
        let Some(growth) = Growth::of(&samples, from) else {
            return Point {
                good: false,
                text: format!("{what}: too short a time to tell"),
            };
        };
        let hours = end.saturating_sub(from).as_secs_f64() / 3600.0;
        Point {
            good: !growth.grew(),
            text: format!(
                "{what}: {:.1} {unit} in the mean, {:+.1} ± {:.1} {unit} in an hour, by a line through the last {:.0} minutes",
                growth.mean,
                growth.gain / hours,
                growth.error / hours,
                hours * 60.0
            ),
        }
    }

    fn answers(&self) -> Point {
        let Requests {
            answered,
            killed,
            unexplained,
        } = &self.requests;
        let causes: Vec<String> = unexplained
            .iter()
            .map(|(why, count)| format!("{count} x {why}"))
            .collect();
        let causes = if causes.is_empty() {
            "0".to_owned()
        } else {
            causes.join(", ")
        };
        Point {
            good: unexplained.is_empty() && *answered > 0,
            text: format!("{answered} requests answered; {killed} failed with a kill; without one: {causes}"),
        }
    }

    fn workers(&self) -> Point {
        let Counts {
            compared,
            unseen,
            wrong,
            ..
        } = &self.counts;
        let examples: Vec<&str> = wrong.iter().take(3).map(String::as_str).collect();
        Point {
            good: wrong.is_empty() && *compared > 0,
            text: format!(
                "{compared} worker counts held to /proc: {} wrong, {unseen} the daemon did not have {}",
                wrong.len(),
                examples.join("; ")
            )
            .trim_end()
            .to_owned(),
        }
    }

    fn kernel(&self) -> Point {
        let Told {
            lost_switches,
            overflows,
            discarded,
            answered,
            ..
        } = self.told;
        Point {
            good: overflows == 0.0 && discarded == 0.0,
            text: format!(
                "kernel programs: {lost_switches:.0} switches lost and made up for, {discarded:.0} slices discarded, {overflows:.0} \
                 without room; {answered:.0} answers in the counters of the end, which begin anew with a project that comes back"
            ),
        }
    }

    fn checks(&self) -> Point {
        let Told {
            checks,
            checks_failed,
            steps,
            steps_failed,
            history_lost,
            ..
        } = self.told;
        let levels: Vec<String> = self
            .levels
            .iter()
            .map(|(level, count)| format!("{count} {level}"))
            .collect();
        Point {
            good: checks > 0.0 && checks_failed == 0.0 && history_lost == 0.0 && steps > 0.0,
            text: format!(
                "{checks:.0} checks, {checks_failed:.0} failed; {steps:.0} steps, {steps_failed:.0} not arrived; \
                 {history_lost:.0} entries of the history lost; log lines: {}",
                levels.join(", ")
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(resident: impl Fn(u64) -> u64) -> Record {
        let held = |number| Held {
            resident: resident(number),
            anonymous: 5000,
            descriptors: 40,
            cpu: Duration::ZERO,
        };
        let mut counts = Counts::default();
        counts.compared = 5;
        Record {
            held: (0..720)
                .map(|number| (Duration::from_secs(5 * number), held(number)))
                .collect(),
            told: Told {
                checks: 1800.0,
                steps: 9.0,
                ..Told::default()
            },
            requests: Requests {
                answered: 10,
                killed: 2,
                ..Requests::default()
            },
            counts,
            levels: BTreeMap::new(),
        }
    }

    fn failing(record: &Record) -> Vec<usize> {
        let points = record.judge();
        (0..points.len()).filter(|place| !points[*place].good).collect()
    }

    #[test]
    fn a_daemon_that_stays_as_it_was_is_good() {
        assert!(failing(&record(|_| 14_000)).is_empty());
    }

    #[test]
    fn each_point_can_fail() {
        assert_eq!(failing(&record(|number| 14_000 + number)), [0]);
        let mut seen = record(|_| 14_000);
        seen.requests
            .unexplained
            .insert("site00: no answer in time".to_owned(), 1);
        seen.counts.wrong.push("site00: 3, not 2".to_owned());
        seen.told.overflows = 1.0;
        seen.told.history_lost = 1.0;
        assert_eq!(failing(&seen), [3, 4, 5, 6]);
        seen.held.truncate(3);
        assert_eq!(failing(&seen), [0, 1, 2, 3, 4, 5, 6]);
    }
}
