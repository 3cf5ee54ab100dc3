//! What happened to a service's requests between two looks.

use std::time::Duration;

use autoscaler_common::{BUCKETS, Live, Requests, lower_bound};

/// What is known of a service's requests at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestLook {
    /// `CLOCK_MONOTONIC`.
    pub at: Duration,
    /// What has been counted since the start.
    pub counted: Requests,
    /// Its connections on which a request waits or is served now.
    pub live: Vec<Live>,
}

/// What happened to a service's requests between two looks.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestFigures {
    /// The time between them.
    pub covered: Duration,
    /// Requests that were read.
    pub begun: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests whose connection was closed without an answer.
    pub abandoned: u64,
    /// How many requests were served at a time, in the mean: for a server with one request a worker, its busy workers.
    pub busy: f64,
    /// Mean wait of those that were read.
    pub wait_mean: Option<Duration>,
    /// Their waits.
    pub waits: Histogram,
    /// Mean time of service of those that were answered.
    pub service_mean: Option<Duration>,
    /// Times of service of those that are known to be over.
    pub services: Histogram,
    /// Requests that wait now.
    pub waiting: usize,
    /// The oldest of them has waited for so long.
    pub oldest_waiting: Option<Duration>,
    /// Requests that are served now.
    pub serving: usize,
}

impl RequestFigures {
    /// What happened from `before` to `now`.
    #[must_use]
    pub fn between(before: &RequestLook, now: &RequestLook) -> Self {
        let covered = now.at.saturating_sub(before.at);
        let (then, counted) = (&before.counted, &now.counted);
        let since = |count: fn(&Requests) -> u64| count(counted).wrapping_sub(count(then));
        let (begun, answered) = (since(|counts| counts.begun), since(|counts| counts.answered));
        // A request that is still served has been charged nothing yet.
        let under_way = |look: &RequestLook| -> f64 {
            let times = look.live.iter().filter(|live| live.served_since > 0);
            times
                .map(|live| age(look.at, live.served_since).as_secs_f64())
                .sum()
        };
        let charged = Duration::from_nanos(since(|counts| counts.busy_ns)).as_secs_f64();
        let busy = charged + under_way(now) - under_way(before);
        let waiting: Vec<Duration> = now
            .live
            .iter()
            .filter(|live| live.waiting_since > 0)
            .map(|live| age(now.at, live.waiting_since))
            .collect();
        Self {
            covered,
            begun,
            answered,
            abandoned: since(|counts| counts.abandoned),
            busy: if covered.is_zero() {
                0.0
            } else {
                (busy / covered.as_secs_f64()).max(0.0)
            },
            wait_mean: mean(since(|counts| counts.wait_ns), begun),
            waits: Histogram::between(&then.waits, &counted.waits),
            service_mean: mean(since(|counts| counts.busy_ns), answered),
            services: Histogram::between(&then.services, &counted.services),
            waiting: waiting.len(),
            oldest_waiting: waiting.iter().max().copied(),
            serving: now.live.iter().filter(|live| live.served_since > 0).count(),
        }
    }

    /// Requests answered in a second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        if self.covered.is_zero() {
            return 0.0;
        }
        self.answered as f64 / self.covered.as_secs_f64()
    }
}

fn age(now: Duration, since_ns: u64) -> Duration {
    now.saturating_sub(Duration::from_nanos(since_ns))
}

fn mean(sum_ns: u64, count: u64) -> Option<Duration> {
    sum_ns.checked_div(count).map(Duration::from_nanos)
}

/// Times by their size: eight buckets for each doubling, so that a time read off it is no more than a sixteenth off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram([u64; BUCKETS]);

impl Histogram {
    fn between(before: &[u64; BUCKETS], now: &[u64; BUCKETS]) -> Self {
        Self(std::array::from_fn(|bucket| {
            now[bucket].wrapping_sub(before[bucket])
        }))
    }

    /// How many times there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The time that a share of all, from 0 to 1, does not exceed: the middle of its bucket. `None` where there are none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let wanted = (share * count as f64).ceil().max(1.0);
        let mut so_far = 0.0;
        let bucket = self.0.iter().position(|times| {
            so_far += *times as f64;
            so_far >= wanted
        });
        let bucket = bucket.unwrap_or(BUCKETS - 1);
        let (least, next) = bounds(bucket);
        Some((least + next) / 2)
    }

    /// Each bucket that has any: from, to, and how many.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, Duration, u64)> + '_ {
        let buckets = self.0.iter().enumerate().filter(|(_, count)| **count > 0);
        buckets.map(|(bucket, count)| {
            let (least, next) = bounds(bucket);
            (least, next, *count)
        })
    }
}

fn bounds(bucket: usize) -> (Duration, Duration) {
    (
        Duration::from_nanos(lower_bound(bucket)),
        Duration::from_nanos(lower_bound(bucket + 1)),
    )
}

#[cfg(test)]
mod tests {
    use autoscaler_common::bucket_of;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn look(at: u64, counted: &Requests, live: &[(u64, u64)]) -> RequestLook {
        let live = live.iter().map(|(waiting_since, served_since)| Live {
            place: 0,
            unused: 0,
            waiting_since: *waiting_since,
            served_since: *served_since,
        });
        RequestLook {
            at: Duration::from_nanos(at),
            counted: *counted,
            live: live.collect(),
        }
    }

    #[test]
    fn requests_under_way_are_busy_for_the_time_between_the_looks_alone() {
        // One is served all the time, one since 4 s, one from 1 s to 3 s.
        let before = look(2 * SECOND, &Requests::default(), &[(0, SECOND / 2), (0, SECOND)]);
        let counted = Requests {
            answered: 1,
            busy_ns: 2 * SECOND,
            ..Requests::default()
        };
        let now = look(
            6 * SECOND,
            &counted,
            &[(0, SECOND / 2), (0, 4 * SECOND), (5 * SECOND, 0)],
        );
        let figures = RequestFigures::between(&before, &now);
        assert!(
            (figures.busy - (4.0 + 2.0 + 1.0) / 4.0).abs() < 1e-9,
            "{}",
            figures.busy
        );
        assert_eq!((figures.serving, figures.waiting), (2, 1));
        assert_eq!(figures.oldest_waiting, Some(Duration::from_secs(1)));
        assert!((figures.per_second() - 0.25).abs() < 1e-9);
        assert_eq!(figures.service_mean, Some(Duration::from_secs(2)));
        assert_eq!(figures.wait_mean, None);
    }

    #[test]
    fn a_quantile_is_at_most_a_sixteenth_off() {
        let mut counted = Requests::default();
        for millis in 1..=1000 {
            counted.waits[bucket_of(millis * 1_000_000)] += 1;
        }
        let now = look(SECOND, &counted, &[]);
        let figures = RequestFigures::between(&look(0, &Requests::default(), &[]), &now);
        for (share, millis) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let told = figures.waits.quantile(share).unwrap().as_secs_f64() * 1000.0;
            assert!((told / millis - 1.0).abs() <= 1.0 / 16.0, "{share}: {told}");
        }
        assert_eq!(figures.services.quantile(0.5), None);
    }
}
