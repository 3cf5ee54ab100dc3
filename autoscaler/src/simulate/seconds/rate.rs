//! The demand of every second of a recording.

use std::ops::Range;

use crate::simulate::{DemandError, Scale, Trace, timestamp};

/// Most seconds that are simulated: three years.
const MOST_SECONDS: f64 = 1e8;

/// The demand of a recording, second by second, in busy workers. Between two values it lies on the line between them; the
/// last one holds for the usual step.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// The first moment, seconds since 1970.
    pub start: f64,
    /// How many seconds there are.
    pub seconds: u64,
    points: Vec<(f64, f64)>,
    most: f64,
}

impl Rate {
    /// The demand of `trace` within `window` (seconds since 1970), where it is above `clip` busy workers cut down to that.
    pub fn new(
        trace: &Trace,
        scale: Scale,
        clip: Option<f64>,
        window: Range<f64>,
    ) -> Result<Self, DemandError> {
        let samples = trace.samples();
        let factor = match scale {
            Scale::BusyWorkers => 1.0,
            Scale::MeanDemand(workers) => match trace.mean() {
                mean if mean > 0.0 => workers / mean,
                _ => return Err(DemandError::AllZero(workers)),
            },
        };
        let (first, (at, value)) = (samples[0].0, samples[samples.len() - 1]);
        let last = at + trace.step();
        let (start, end) = (first.max(window.start), last.min(window.end));
        if start >= end {
            return Err(DemandError::Outside {
                from: timestamp::format(window.start),
                until: timestamp::format(window.end.min(last)),
                first: timestamp::format(first),
                last: timestamp::format(last),
            });
        }
        let seconds = (end - start).floor();
        if seconds < 1.0 {
            return Err(DemandError::TooShort {
                seconds: end - start,
                interval: 1.0,
            });
        }
        if seconds > MOST_SECONDS {
            return Err(DemandError::TooLong {
                first: timestamp::format(start),
                last: timestamp::format(end),
                checks: seconds,
                most: MOST_SECONDS,
            });
        }
        let points = samples.iter().copied().chain([(last, value)]);
        Ok(Self {
            start,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "1 to MOST_SECONDS"
            )]
            seconds: seconds as u64,
            points: points.map(|(at, value)| (at - start, value * factor)).collect(),
            most: clip.unwrap_or(f64::INFINITY),
        })
    }

    /// The same, begun `seconds` later and with what came before them at its end.
    #[must_use]
    pub fn shifted(&self, seconds: u64) -> Self {
        let by = (seconds % self.seconds) as f64;
        if by <= 0.0 {
            return self.clone();
        }
        let whole = self.seconds as f64;
        let value = |at: f64| self.clone().walk_from(at).next().unwrap_or_default();
        let inside = |from: f64, until: f64, by: f64| {
            let points = self.points.iter().copied();
            points
                .filter(move |(at, _)| *at > from && *at < until)
                .map(move |(at, value)| (at + by, value))
        };
        let points = std::iter::once((0.0, value(by)))
            .chain(inside(by, whole, -by))
            // What came last, and a second later what came first.
            .chain([(whole - by, value(whole - 0.5)), (whole - by + 1.0, value(0.5))])
            .chain(inside(1.0, by, whole - by))
            .chain([(whole, value(by))]);
        let mut points: Vec<(f64, f64)> = points.collect();
        points.dedup_by(|later, earlier| later.0 <= earlier.0);
        Self {
            points,
            ..self.clone()
        }
    }

    /// Its first `seconds`, or all of it.
    #[must_use]
    pub fn shortened(&self, seconds: u64) -> Self {
        Self {
            seconds: self.seconds.min(seconds),
            ..self.clone()
        }
    }

    /// Its first and its second half.
    #[must_use]
    pub fn halves(&self) -> (Self, Self) {
        let first = self.seconds / 2;
        let by = first as f64;
        let later = self.points.iter().map(|(at, value)| (at - by, *value));
        let second = Self {
            start: self.start + by,
            seconds: self.seconds - first,
            points: later.collect(),
            most: self.most,
        };
        let first = Self {
            seconds: first,
            ..self.clone()
        };
        (first, second)
    }

    /// The demand of each second, in its middle.
    pub fn each(&self) -> impl Iterator<Item = f64> + '_ {
        let seconds = 0..self.seconds;
        seconds.zip(self.walk_from(0.5)).map(|(_, demand)| demand)
    }

    /// Mean demand, busy workers.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.each().sum::<f64>() / self.seconds as f64
    }

    /// Highest demand, busy workers.
    #[must_use]
    pub fn highest(&self) -> f64 {
        self.each().fold(0.0, f64::max)
    }

    /// How long it is, days.
    #[must_use]
    pub fn days(&self) -> f64 {
        self.seconds as f64 / 86_400.0
    }

    fn walk_from(&self, at: f64) -> impl Iterator<Item = f64> + '_ {
        let (mut at, mut next) = (at, 1);
        std::iter::from_fn(move || {
            while next + 1 < self.points.len() && self.points[next].0 < at {
                next += 1;
            }
            let ((from, low), (until, high)) = (self.points[next - 1], self.points[next]);
            let part = ((at - from) / (until - from)).clamp(0.0, 1.0);
            at += 1.0;
            Some((low + (high - low) * part).min(self.most))
        })
    }
}
