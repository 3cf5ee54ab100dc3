//! How many CPUs the load wants, at every moment of the recording, cut into the intervals between checks.

use std::ops::Range;
use std::time::Duration;

use serde::Serialize;

use super::{Trace, timestamp};

/// What the values of a recording stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// Demand in busy workers: 2.5 keeps two and a half workers on a CPU all the time.
    BusyWorkers,
    /// Any figure that rises with the load, such as requests: their mean becomes a demand of this many CPUs.
    MeanDemand(f64),
}

/// Most checks that are simulated: 38 years at one every two minutes.
const MOST_CHECKS: f64 = 1e7;

/// A step between two values counts as a gap from this many usual steps on.
const GAP_STEPS: f64 = 1.5;

/// A stretch of time with one demand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Its length, seconds.
    pub seconds: f64,
    /// CPUs wanted.
    pub cpus: f64,
}

/// Where the recording lacks values. Each gap is filled with the value before it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Gaps {
    /// How many.
    pub count: usize,
    /// Time in them, seconds.
    pub seconds: f64,
}

/// What a demand is, in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Its beginning, UTC.
    pub from: String,
    /// Its end, UTC.
    pub until: String,
    /// Checks in it.
    pub checks: usize,
    /// Time between two checks, seconds.
    pub check_interval_seconds: f64,
    /// Mean demand, CPUs.
    pub mean_cpus: f64,
    /// Highest demand, CPUs.
    pub highest_cpus: f64,
    /// Gaps that were filled.
    pub gaps: usize,
    /// Time in them, seconds.
    pub gap_seconds: f64,
}

/// The demand of a recording, cut into checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// The first moment, seconds since 1970.
    pub start: f64,
    /// Time between two checks.
    pub interval: Duration,
    /// Where values lack.
    pub gaps: Gaps,
    pieces: Vec<Piece>,
    /// Of each check, the end of its pieces.
    ends: Vec<usize>,
}

/// Why no demand can be made of a recording.
#[derive(Debug)]
pub enum DemandError {
    /// Every value is 0.
    AllZero(f64),
    /// Nothing in the window.
    Outside {
        /// The window's beginning.
        from: String,
        /// The window's end.
        until: String,
        /// The recording's beginning.
        first: String,
        /// The recording's end.
        last: String,
    },
    /// Less than one check.
    TooShort {
        /// Covered time.
        seconds: f64,
        /// Time between two checks.
        interval: f64,
    },
    /// Too many checks.
    TooLong {
        /// The first moment.
        first: String,
        /// The last moment.
        last: String,
        /// Checks in it.
        checks: f64,
        /// Most checks.
        most: f64,
    },
}

told_by_words!(DemandError);

impl Demand {
    /// The demand of `trace` within `window` (seconds since 1970). A value holds until the next one, the last
    /// for the usual step; what is left after the last whole check is not used.
    pub fn new(
        trace: &Trace,
        scale: Scale,
        interval: Duration,
        window: Range<f64>,
    ) -> Result<Self, DemandError> {
        let samples = trace.samples();
        let step = trace.step();
        let factor = match scale {
            Scale::BusyWorkers => 1.0,
            Scale::MeanDemand(cpus) => match trace.mean() {
                mean if mean > 0.0 => cpus / mean,
                _ => return Err(DemandError::AllZero(cpus)),
            },
        };
        let (first, last) = (samples[0].0, samples[samples.len() - 1].0 + step);
        let (start, end) = (first.max(window.start), last.min(window.end));
        if start >= end {
            return Err(DemandError::Outside {
                from: timestamp::format(window.start),
                until: timestamp::format(window.end.min(last)),
                first: timestamp::format(first),
                last: timestamp::format(last),
            });
        }
        let each = interval.as_secs_f64();
        let checks = ((end - start) / each).floor();
        if checks < 1.0 {
            return Err(DemandError::TooShort {
                seconds: end - start,
                interval: each,
            });
        }
        if checks > MOST_CHECKS {
            return Err(DemandError::TooLong {
                first: timestamp::format(start),
                last: timestamp::format(end),
                checks,
                most: MOST_CHECKS,
            });
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "1 to MOST_CHECKS"
        )]
        let checks = checks as usize;
        let mut demand = Self {
            start,
            interval,
            gaps: Gaps::default(),
            pieces: Vec::new(),
            ends: Vec::with_capacity(checks),
        };
        let ends = samples[1..].iter().map(|(at, _)| *at).chain([last]);
        for ((at, value), until) in samples.iter().zip(ends) {
            let (from, until) = (at.max(start), until.min(end));
            if from < until {
                if until - from > GAP_STEPS * step {
                    demand.gaps.count += 1;
                    demand.gaps.seconds += until - from - step;
                }
                demand.cut(value * factor, from - start, until - start, checks);
            }
        }
        Ok(demand)
    }

    /// Adds a stretch of one demand, cut where the checks are; `from` and `until` in seconds after the start.
    fn cut(&mut self, cpus: f64, from: f64, until: f64, checks: usize) {
        let each = self.interval.as_secs_f64();
        let mut from = from;
        while from < until && self.ends.len() < checks {
            let check_at = each * (self.ends.len() + 1) as f64;
            let upto = until.min(check_at);
            if upto > from {
                self.pieces.push(Piece {
                    seconds: upto - from,
                    cpus,
                });
            }
            if upto >= check_at {
                self.ends.push(self.pieces.len());
            }
            from = upto;
        }
    }

    /// The demand of the first half of the checks.
    #[must_use]
    pub fn first_half(&self) -> Self {
        let checks = (self.checks() / 2).max(1).min(self.checks());
        let ends = self.ends[..checks].to_vec();
        Self {
            pieces: self.pieces[..ends.last().copied().unwrap_or(0)].to_vec(),
            ends,
            ..self.clone()
        }
    }

    /// How many checks there are.
    #[must_use]
    pub fn checks(&self) -> usize {
        self.ends.len()
    }

    /// For each check, the demand in the interval before it, in the order of time.
    pub fn intervals(&self) -> impl Iterator<Item = &[Piece]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.pieces[start..*end])
    }

    /// The end of the last check, seconds since 1970.
    #[must_use]
    pub fn end(&self) -> f64 {
        self.start + self.interval.as_secs_f64() * self.checks() as f64
    }

    /// All CPU time wanted, CPU-seconds.
    #[must_use]
    pub fn cpu_seconds(&self) -> f64 {
        self.intervals()
            .flatten()
            .map(|piece| piece.seconds * piece.cpus)
            .sum()
    }

    /// Mean demand, CPUs.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.cpu_seconds() / (self.end() - self.start)
    }

    /// Highest demand, CPUs.
    #[must_use]
    pub fn highest(&self) -> f64 {
        self.intervals()
            .flatten()
            .map(|piece| piece.cpus)
            .fold(0.0, f64::max)
    }

    /// The figures of it.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            from: timestamp::format(self.start),
            until: timestamp::format(self.end()),
            checks: self.checks(),
            check_interval_seconds: self.interval.as_secs_f64(),
            mean_cpus: self.mean(),
            highest_cpus: self.highest(),
            gaps: self.gaps.count,
            gap_seconds: self.gaps.seconds,
        }
    }
}
