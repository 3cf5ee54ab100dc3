//! How much arrivals and concurrency vary, beside a Poisson process: what a given mean leaves to chance.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Seconds over which variation is learned: long enough for hundreds of pairs, short enough for a day's turns.
const MEMORY: f64 = 1800.0;

/// Seconds of each of two neighbouring sums.
const SUM: f64 = 10.0;

/// Of a Poisson process, the ratios begin at this as if so many seconds had been seen already.
const PRIOR: f64 = 120.0;

/// The highest peakedness believed. Beyond it, waiting itself is what varies, and not the load.
const PEAK: f64 = 10.0;

/// Variance over mean of the counts of arrivals: 1 for a Poisson process.
///
/// From the difference of each two neighbouring sums of 10 s, so that a slow change of the rate itself adds nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Dispersion {
    ratio: f64,
    sum: f64,
    seconds: f64,
    before: Option<f64>,
}

impl Default for Dispersion {
    fn default() -> Self {
        Self {
            ratio: 1.0,
            sum: 0.0,
            seconds: 0.0,
            before: None,
        }
    }
}

impl Dispersion {
    /// Takes the arrivals of one second in.
    pub(super) fn add(&mut self, arrived: f64) {
        self.sum += arrived;
        self.seconds += 1.0;
        if self.seconds < SUM {
            return;
        }
        if let Some(before) = self.before.filter(|before| before + self.sum > 0.0) {
            let difference = self.sum - before;
            let seen = difference * difference / (self.sum + before);
            self.ratio += (seen - self.ratio) * SUM / MEMORY;
        }
        self.before = Some(self.sum);
        self.sum = 0.0;
        self.seconds = 0.0;
    }

    /// Variance over mean, at least 1: fewer than by chance is no promise for the next minute.
    pub(super) fn ratio(&self) -> f64 {
        self.ratio.max(1.0)
    }
}

/// Variance over mean of the requests that are there at a time, if none had to wait: 1 where arrivals are Poisson
/// (Wilkinson's peakedness, in Hayward's approximation).
///
/// From differences over a time in which one request ends and another comes, so that slow changes of the load add nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Peakedness {
    variance: f64,
    mean: f64,
    /// The part of the memory that is filled.
    seen: f64,
    #[serde(skip)]
    recent: VecDeque<f64>,
}

impl Peakedness {
    /// Takes the mean number of requests of one second in, each of which takes `service` seconds to serve.
    pub(super) fn add(&mut self, requests: f64, service: f64) {
        let lag = lag(service);
        if let Some(before) = self.recent.len().checked_sub(lag).map(|at| self.recent[at]) {
            let difference = requests - before;
            self.variance += (difference * difference / 2.0 - self.variance) / MEMORY;
            self.mean += (f64::midpoint(requests, before) - self.mean) / MEMORY;
            self.seen += (1.0 - self.seen) / MEMORY;
        }
        self.recent.push_back(requests);
        while self.recent.len() > lag {
            self.recent.pop_front();
        }
    }

    /// Variance over mean, from 1 to 10.
    pub(super) fn ratio(&self, service: f64) -> f64 {
        let poisson = within_a_second(service);
        // The mean of a second varies less than a moment in it: what is beyond that of a Poisson process counts.
        let prior = PRIOR / MEMORY * self.mean / self.seen;
        let seen = (self.variance + prior * poisson) / (self.mean + prior);
        if seen.is_finite() {
            (1.0 + seen - poisson).clamp(1.0, PEAK)
        } else {
            1.0
        }
    }
}

/// After this many seconds, the requests are others.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "5 to 180")]
fn lag(service: f64) -> usize {
    (3.0 * service).clamp(5.0, 180.0) as usize
}

/// What is left of the variance of a Poisson load by taking the mean of a second, its requests being exponential.
fn within_a_second(service: f64) -> f64 {
    if service <= 0.0 {
        return 0.0;
    }
    let seconds = 1.0 / service;
    2.0 * (seconds - 1.0 + (-seconds).exp()) / (seconds * seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours of seconds, in each of which a group of `size` comes with this probability, by a fixed sequence.
    fn groups(size: f64, probability: f64) -> impl Iterator<Item = f64> {
        let mut state = 7_u64;
        (0..36_000).map(move |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let chance = (state >> 11) as f64 / (1_u64 << 53) as f64;
            if chance < probability { size } else { 0.0 }
        })
    }

    #[test]
    fn arrivals_in_groups_are_as_dispersed_as_a_group_is_large() {
        for size in [1.0, 5.0] {
            let mut dispersion = Dispersion::default();
            groups(size, 0.01).for_each(|arrived| dispersion.add(arrived));
            assert!((dispersion.ratio() / size - 1.0).abs() < 0.4, "{dispersion:?}");
        }
    }

    #[test]
    fn a_slow_change_of_the_rate_is_no_dispersion() {
        let mut dispersion = Dispersion::default();
        (0..36_000).for_each(|second| dispersion.add(f64::from(second) / 100.0));
        assert!(dispersion.ratio() < 1.5, "{dispersion:?}");
    }

    #[test]
    fn requests_that_come_by_twenties_are_peaked() {
        let (mut calm, mut peaked) = (Peakedness::default(), Peakedness::default());
        groups(1.0, 0.5).for_each(|requests| calm.add(requests, 0.1));
        groups(20.0, 0.025).for_each(|requests| peaked.add(requests, 0.1));
        assert!(calm.ratio(0.1) < 2.0, "{}", calm.ratio(0.1));
        assert!(peaked.ratio(0.1) > 5.0, "{}", peaked.ratio(0.1));
    }

    #[test]
    fn before_anything_is_seen_arrivals_are_poisson() {
        assert!((Peakedness::default().ratio(0.1) - 1.0).abs() < 1e-12);
        assert!((Dispersion::default().ratio() - 1.0).abs() < 1e-12);
    }
}
