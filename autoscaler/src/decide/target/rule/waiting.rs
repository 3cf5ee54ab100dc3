//! How many requests wait too long before so many workers.

/// A load, and what of it can be told about waiting.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Load {
    /// Requests a second.
    pub(super) rate: f64,
    /// Workers that are busy in the mean: `rate` times the time of service.
    pub(super) busy: f64,
    /// Variance over mean of the requests that are there at a time.
    pub(super) peakedness: f64,
    /// Mean seconds of service.
    pub(super) service: f64,
    /// Seconds a request may wait.
    pub(super) wait: f64,
}

impl Load {
    /// Requests a second that wait for longer than they may before 0, 1, 2 … workers.
    pub(super) fn waiting(&self) -> Waiting<'_> {
        let mut shares = Vec::with_capacity(USUAL);
        shares.push((1.0, Some(0.0)));
        Waiting {
            load: self,
            blocked: 1.0,
            shares,
            told: [None; TOLD],
        }
    }
}

/// Counts that there is room for at once: more are seldom asked for.
const USUAL: usize = 16;

/// Counts of workers whose late requests are remembered: one look asks for the same few several times. A power of two.
const TOLD: usize = 8;

/// Late requests by count of workers, computed as far as they are asked for.
///
/// Erlang's C formula (M/M/c) gives the share that waits at all, and the wait of those is exponential, of mean
/// S / (c − R) (Cooper, Introduction to Queueing Theory, 1981, 3.4). A load of peakedness z before c workers behaves as a
/// Poisson load R/z before c/z (Hayward; Fredericks, BSTJ 59, 1980): counts in between are interpolated in the logarithm.
#[derive(Debug, Clone)]
pub(super) struct Waiting<'a> {
    load: &'a Load,
    /// Erlang's B for the last count in `shares`.
    blocked: f64,
    /// Erlang's C, for 0, 1, 2 … servers, and its logarithm where that was asked for: it takes longer.
    shares: Vec<(f64, Option<f64>)>,
    /// Counts of workers and their late requests, by the counts' last bits.
    told: [Option<(u32, f64)>; TOLD],
}

impl Waiting<'_> {
    /// Requests a second that wait too long before `workers`.
    pub(super) fn late(&mut self, workers: u32) -> f64 {
        let place = workers as usize % TOLD;
        if let Some((_, late)) = self.told[place].filter(|(told, _)| *told == workers) {
            return late;
        }
        let late = self.computed(workers);
        self.told[place] = Some((workers, late));
        late
    }

    fn computed(&mut self, workers: u32) -> f64 {
        let Load {
            rate,
            busy,
            peakedness,
            service,
            wait,
        } = *self.load;
        let free = f64::from(workers) - busy;
        if free <= 0.0 {
            return rate;
        }
        let servers = f64::from(workers) / peakedness;
        let share = self.log_share(servers) - free * wait / (service * peakedness);
        rate * share.exp()
    }

    /// The logarithm of the share that waits before `servers`, a whole number or not.
    fn log_share(&mut self, servers: f64) -> f64 {
        let below = servers.floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most the count of workers"
        )]
        let whole = below as usize;
        let (low, high) = (self.log_whole(whole), self.log_whole(whole + 1));
        (servers - below).mul_add(high - low, low)
    }

    fn log_whole(&mut self, servers: usize) -> f64 {
        let offered = self.load.busy / self.load.peakedness;
        while self.shares.len() <= servers {
            let count = self.shares.len() as f64;
            self.blocked = offered * self.blocked / offered.mul_add(self.blocked, count);
            let share = if count > offered {
                self.blocked / (1.0 - (offered / count) * (1.0 - self.blocked))
            } else {
                1.0
            };
            self.shares.push((share, None));
        }
        let (share, log) = &mut self.shares[servers];
        *log.get_or_insert_with(|| share.max(f64::MIN_POSITIVE).ln())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn load(busy: f64, peakedness: f64, service: f64, wait: f64) -> Load {
        Load {
            rate: busy / service,
            busy,
            peakedness,
            service,
            wait,
        }
    }

    /// The share of requests that wait at all.
    fn waits(busy: f64, workers: u32) -> f64 {
        let load = load(busy, 1.0, 1.0, 0.0);
        load.waiting().late(workers) / load.rate
    }

    #[test]
    fn the_share_that_waits_is_erlangs() {
        // One worker: the load itself. Two workers and one Erlang: a third. Ten and eight: as in Erlang's tables.
        assert!((waits(0.3, 1) - 0.3).abs() < 1e-12);
        assert!((waits(1.0, 2) - 1.0 / 3.0).abs() < 1e-12);
        assert!((waits(8.0, 10) - 0.4092).abs() < 1e-4);
    }

    #[test]
    fn before_too_few_workers_every_request_is_late() {
        for workers in 0..=3 {
            assert!((load(3.0, 1.0, 0.1, 0.1).waiting().late(workers) - 30.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_wait_that_is_allowed_is_none() {
        // Two workers, one Erlang: the wait of those that wait is exponential, of mean S / (2 - 1).
        let share = load(1.0, 1.0, 0.1, 0.1).waiting().late(2) / 10.0;
        assert!((share - (-1.0_f64).exp() / 3.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn more_workers_never_make_more_late(
            busy in 0.0..40.0_f64, peakedness in 1.0..10.0_f64, service in 0.001..30.0_f64, wait in 0.0..10.0_f64,
        ) {
            let load = load(busy, peakedness, service, wait);
            let mut waiting = load.waiting();
            let mut before = f64::INFINITY;
            for workers in 0..60 {
                let late = waiting.late(workers);
                prop_assert!(late.is_finite() && late >= 0.0 && late <= load.rate * (1.0 + 1e-9));
                prop_assert!(late <= before * (1.0 + 1e-9), "{workers}: {late} after {before}");
                before = late;
            }
        }
    }
}
