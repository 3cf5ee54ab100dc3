//! What one more worker must save, in late requests a second, to be worth having.

use serde::{Deserialize, Serialize};

/// Seconds of the mean rate that a price is a share of: a day, so that a worker costs as much by night as by day, and the
/// late requests are taken where they cost least.
const DAY: f64 = 86_400.0;

/// Of the late requests that were promised, the share that is aimed at: what is left covers what cannot be foreseen.
const AIM: f64 = 0.75;

/// Seconds in which the price rises or falls by a factor of e, if lateness is beside the aim by as much as is promised.
const PATIENCE: f64 = 7200.0;

/// A worker's price to begin with, as a share of the late requests that are promised.
const FIRST: f64 = 1.5;

/// The logarithm of the price over the first one stays within these: it comes back within a day.
const LOG: (f64, f64) = (-9.0, 4.0);

/// The price of a worker, moved by what was promised and what was kept.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Price {
    log: f64,
    /// Mean rate of a day, requests a second.
    rate: f64,
    seconds: f64,
}

impl Price {
    /// Takes the requests of `seconds` in.
    pub(super) fn see(&mut self, begun: f64, seconds: f64) {
        self.seconds = (self.seconds + seconds).min(DAY);
        if self.seconds > 0.0 {
            self.rate += (begun / seconds - self.rate) * (seconds / self.seconds).min(1.0);
        }
    }

    /// Moves the price by what was kept of a promise that `promised` of all requests, at most, are late.
    pub(super) fn learn(&mut self, promised: f64, begun: f64, late: f64) {
        if self.rate > 0.0 {
            let beside = (late / promised - AIM * begun) / self.rate;
            self.log = (self.log - beside / PATIENCE).clamp(LOG.0, LOG.1);
        }
    }

    /// Late requests a second that one more worker must save.
    pub(super) fn of_a_worker(&self, promised: f64) -> f64 {
        self.log.exp() * FIRST * promised * self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(hours: f64, share: f64) -> f64 {
        let mut price = Price::default();
        for _ in 0..whole(hours * 3600.0) {
            price.see(10.0, 1.0);
            price.learn(0.01, 10.0, 10.0 * share);
        }
        price.of_a_worker(0.01)
    }

    fn whole(seconds: f64) -> u32 {
        super::super::whole(seconds)
    }

    #[test]
    fn a_worker_costs_less_while_the_promise_is_broken_and_more_while_it_is_kept() {
        let first = after(0.001, 0.0075);
        assert!((first - FIRST * 0.01 * 10.0).abs() < 1e-3);
        assert!((after(4.0, 0.0075) - first).abs() < 1e-3, "as aimed at");
        assert!(after(1.0, 0.02) < 0.6 * first);
        assert!(after(4.0, 0.0) > 1.4 * first);
    }

    #[test]
    fn it_stays_within_its_bounds() {
        let first = after(0.001, 0.0075);
        assert!(after(500.0, 1.0) >= first * LOG.0.exp() * 0.99);
        assert!(after(500.0, 0.0) <= first * LOG.1.exp() * 1.01);
    }
}
