//! What the users of a load saw: how long the answers took, and how many requests failed of which cause.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::time::Duration;

use hdrhistogram::Histogram;

/// Longest latency that is told apart; a request that takes longer has failed before.
const LONGEST: Duration = Duration::from_mins(1);
/// Significant decimal digits that the histogram keeps.
const DIGITS: u8 = 3;

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    /// No connection came about.
    Connect(io::ErrorKind),
    /// The answer's status was not 200.
    Status(u16),
    /// The connection broke, or what came was no HTTP; with hyper's words.
    Broken(String),
    /// No whole answer within the limit.
    Timeout,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(kind) => write!(f, "no connection: {kind}"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Broken(why) => write!(f, "answer broken off: {why}"),
            Self::Timeout => f.write_str("no answer in time"),
        }
    }
}

/// Requests counted over some time.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Latency of the answered requests, µs.
    latency: Histogram<u64>,
    failures: BTreeMap<Failure, u64>,
}

impl Tally {
    /// Nothing counted yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Counts one request: the latency of its answer, or why it failed.
    pub(crate) fn record(&mut self, outcome: Result<Duration, Failure>) {
        match outcome {
            Ok(latency) => self.latency.saturating_record(micros(latency)),
            Err(failure) => *self.failures.entry(failure).or_default() += 1,
        }
    }

    /// Adds what `other` counted.
    pub(crate) fn add(&mut self, other: &Self) {
        // Both histograms have the same bounds, so there is nothing that does not fit.
        let _ = self.latency.add(&other.latency);
        for (failure, count) in &other.failures {
            *self.failures.entry(failure.clone()).or_default() += count;
        }
    }

    /// Requests answered with 200.
    pub(crate) fn answered(&self) -> u64 {
        self.latency.len()
    }

    /// Requests that failed.
    pub(crate) fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// How many requests failed of each cause.
    pub(crate) fn failures(&self) -> &BTreeMap<Failure, u64> {
        &self.failures
    }

    /// The latency that `percent` of the answered requests did not exceed; `None` without an answer.
    pub(crate) fn percentile(&self, percent: f64) -> Option<Duration> {
        (self.answered() > 0).then(|| Duration::from_micros(self.latency.value_at_percentile(percent)))
    }
}

impl Default for Tally {
    fn default() -> Self {
        let latency = Histogram::new_with_bounds(1, micros(LONGEST), DIGITS);
        Self {
            latency: latency.expect("the bounds are constants that hdrhistogram takes"),
            failures: BTreeMap::new(),
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_recorded_latencies() {
        let mut tally = Tally::new();
        assert_eq!(tally.percentile(50.0), None);
        for ms in 1..=100 {
            tally.record(Ok(Duration::from_millis(ms)));
        }
        for (percent, expected) in [(50.0, 50.0), (99.0, 99.0), (100.0, 100.0)] {
            let ms = tally.percentile(percent).unwrap().as_secs_f64() * 1e3;
            assert!((ms - expected).abs() < expected * 2e-3, "p{percent} = {ms} ms");
        }
    }

    #[test]
    fn tallies_add_up_and_keep_the_causes_apart() {
        let mut first = Tally::new();
        first.record(Ok(Duration::from_millis(5)));
        first.record(Err(Failure::Timeout));
        let mut second = Tally::new();
        second.record(Ok(Duration::from_millis(7)));
        second.record(Err(Failure::Status(500)));
        second.record(Err(Failure::Timeout));
        first.add(&second);
        assert_eq!((first.answered(), first.failed()), (2, 3));
        assert_eq!(first.failures()[&Failure::Timeout], 2);
        assert_eq!(first.failures()[&Failure::Status(500)], 1);
    }

    #[test]
    fn a_latency_beyond_the_bounds_is_still_counted() {
        let mut tally = Tally::new();
        tally.record(Ok(Duration::from_hours(1)));
        tally.record(Ok(Duration::ZERO));
        assert_eq!(tally.answered(), 2);
        assert!(tally.percentile(100.0).unwrap() >= LONGEST);
    }
}
