//! What happened to a service's requests between two looks.

use std::time::Duration;

use autoscaler_common::{Live, Requests};

use super::Histogram;

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

impl RequestLook {
    /// Whether there has been any request.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.counted.begun > 0 || !self.live.is_empty()
    }
}

/// What happened to a service's requests between two looks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestFigures {
    /// The time between them.
    pub covered: Duration,
    /// Requests that were read.
    pub begun: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests whose connection was closed without an answer.
    pub abandoned: u64,
    /// How many requests were served at a time, in the mean, without those that are [`RequestFigures::long`]: for a server
    /// with one request a worker, its busy workers.
    pub busy: f64,
    /// Requests that are served now and have been for longer than a request should take: a websocket, a long poll.
    pub long: usize,
    /// The waits of those that were read, all together.
    pub waited: Duration,
    /// Their waits.
    pub waits: Histogram,
    /// How long those that wait now have waited so far.
    pub waits_so_far: Histogram,
    /// The times of service of those that were answered, all together.
    pub served: Duration,
    /// Times of service of those that are known to be over.
    pub services: Histogram,
    /// Requests that wait now.
    pub waiting: usize,
    /// The oldest of them has waited for so long.
    pub oldest_waiting: Option<Duration>,
    /// Requests that are served now, long ones as well.
    pub serving: usize,
}

impl RequestFigures {
    /// What happened from `before` to `now`, where a request may take as long as it likes.
    #[must_use]
    pub fn between(before: &RequestLook, now: &RequestLook) -> Self {
        Self::apart(before, now, Duration::MAX)
    }

    /// The same, with requests that are served for longer than `long` counted apart.
    #[must_use]
    pub fn apart(before: &RequestLook, now: &RequestLook, long: Duration) -> Self {
        let covered = now.at.saturating_sub(before.at);
        let (then, counted) = (&before.counted, &now.counted);
        let since = |count: fn(&Requests) -> u64| count(counted).wrapping_sub(count(then));
        let ages = |look: &RequestLook, since: fn(&Live) -> u64| -> Vec<Duration> {
            let live = look.live.iter().map(since).filter(|since| *since > 0);
            live.map(|since| look.at.saturating_sub(Duration::from_nanos(since)))
                .collect()
        };
        let (serving, waiting) = (
            ages(now, |live| live.served_since),
            ages(now, |live| live.waiting_since),
        );
        let long: Vec<&Duration> = serving.iter().filter(|age| **age > long).collect();
        // A request that is still served has been charged nothing yet.
        let under_way = |ages: &[Duration]| ages.iter().map(Duration::as_secs_f64).sum::<f64>();
        let apart: f64 = long.iter().map(|age| age.min(&&covered).as_secs_f64()).sum();
        let charged = Duration::from_nanos(since(|counts| counts.busy_ns));
        let busy = charged.as_secs_f64() + under_way(&serving)
            - under_way(&ages(before, |live| live.served_since))
            - apart;
        Self {
            covered,
            begun: since(|counts| counts.begun),
            answered: since(|counts| counts.answered),
            abandoned: since(|counts| counts.abandoned),
            busy: a_second(busy.max(0.0), covered),
            long: long.len(),
            waited: Duration::from_nanos(since(|counts| counts.wait_ns)),
            waits: Histogram::between(&then.waits, &counted.waits),
            waits_so_far: waiting.iter().copied().collect(),
            served: charged,
            services: Histogram::between(&then.services, &counted.services),
            waiting: waiting.len(),
            oldest_waiting: waiting.iter().max().copied(),
            serving: serving.len(),
        }
    }

    /// These and those of the `later` interval that follows, as one.
    #[must_use]
    pub fn and_then(mut self, later: Self) -> Self {
        let busy = self.busy * self.covered.as_secs_f64() + later.busy * later.covered.as_secs_f64();
        self.covered += later.covered;
        self.busy = a_second(busy, self.covered);
        self.begun += later.begun;
        self.answered += later.answered;
        self.abandoned += later.abandoned;
        self.waited += later.waited;
        self.served += later.served;
        self.waits.add(&later.waits);
        self.services.add(&later.services);
        Self {
            long: later.long,
            waits_so_far: later.waits_so_far,
            waiting: later.waiting,
            oldest_waiting: later.oldest_waiting,
            serving: later.serving,
            ..self
        }
    }

    /// Requests answered in a second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        a_second(self.answered as f64, self.covered)
    }

    /// Mean wait of those that were read.
    #[must_use]
    pub fn wait_mean(&self) -> Option<Duration> {
        mean(self.waited, self.begun)
    }

    /// Mean time of service of those that were answered.
    #[must_use]
    pub fn service_mean(&self) -> Option<Duration> {
        mean(self.served, self.answered)
    }

    /// The wait that a share of all, from 0 to 1, does not exceed: of those that were read, and, as far as it has come, of
    /// those that wait now. `None` where there are none.
    #[must_use]
    pub fn wait_quantile(&self, share: f64) -> Option<Duration> {
        let mut all = self.waits.clone();
        all.add(&self.waits_so_far);
        all.quantile(share)
    }
}

fn a_second(sum: f64, covered: Duration) -> f64 {
    if covered.is_zero() {
        0.0
    } else {
        sum / covered.as_secs_f64()
    }
}

fn mean(sum: Duration, count: u64) -> Option<Duration> {
    let nanos = u64::try_from(sum.as_nanos()).unwrap_or(u64::MAX);
    nanos.checked_div(count).map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
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

    /// One request is served all the time, one since 4 s, one from 1 s to 3 s; one waits since 5 s.
    fn looks() -> [RequestLook; 2] {
        let before = look(2 * SECOND, &Requests::default(), &[(0, SECOND / 2), (0, SECOND)]);
        let counted = Requests {
            answered: 1,
            busy_ns: 2 * SECOND,
            ..Requests::default()
        };
        let live = [(0, SECOND / 2), (0, 4 * SECOND), (5 * SECOND, 0)];
        [before, look(6 * SECOND, &counted, &live)]
    }

    fn close(figure: f64, wanted: f64) {
        assert!((figure - wanted).abs() < 1e-9, "{figure}, not {wanted}");
    }

    #[test]
    fn requests_under_way_are_busy_for_the_time_between_the_looks_alone() {
        let [before, now] = looks();
        let figures = RequestFigures::between(&before, &now);
        close(figures.busy, (4.0 + 2.0 + 1.0) / 4.0);
        assert_eq!((figures.serving, figures.waiting), (2, 1));
        assert_eq!(figures.oldest_waiting, Some(Duration::from_secs(1)));
        close(figures.per_second(), 0.25);
        assert_eq!(figures.service_mean(), Some(Duration::from_secs(2)));
        assert_eq!(figures.wait_mean(), None);
        let p95 = figures.wait_quantile(0.95).unwrap().as_secs_f64();
        assert!((p95 - 1.0).abs() <= 1.0 / 16.0, "who waits has waited: {p95}");
    }

    #[test]
    fn a_request_that_takes_too_long_is_no_busy_worker() {
        let [before, now] = looks();
        let figures = RequestFigures::apart(&before, &now, Duration::from_secs(3));
        assert_eq!((figures.long, figures.serving), (1, 2));
        close(figures.busy, (2.0 + 1.0) / 4.0);
    }

    #[test]
    fn two_intervals_make_one() {
        let [before, now] = looks();
        let counted = Requests {
            answered: 3,
            busy_ns: 12 * SECOND,
            ..Requests::default()
        };
        let last = look(8 * SECOND, &counted, &[]);
        let one = RequestFigures::between(&before, &now).and_then(RequestFigures::between(&now, &last));
        let whole = RequestFigures::between(&before, &last);
        close(one.busy, whole.busy);
        assert_eq!(one.waits_so_far, whole.waits_so_far);
        assert_eq!((one.answered, one.serving, one.covered), (3, 0, whole.covered));
    }
}
