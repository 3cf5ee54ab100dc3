//! How many requests waited for longer than was promised.

use std::time::{Duration, SystemTime};

use super::{Histogram, Promise, RequestSample};

/// Requests that workers read, and those of them that were late. One whose client gave up before any worker read it is
/// neither.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Lateness {
    /// Requests that were read.
    pub begun: u64,
    /// Those that had waited for longer than was promised: never more. A part of a request is one whose wait lies in the
    /// same bucket of the histogram as the promised one.
    pub late: f64,
}

impl Lateness {
    /// Of the requests of `sample`, by `promise`; `None` where the server reads ahead, so that their wait is not seen.
    #[must_use]
    pub fn of(promise: Promise, sample: &RequestSample) -> Option<Self> {
        (!sample.reads_ahead).then(|| Self::counted(&sample.figures.waits, promise.wait))
    }

    /// Of requests that waited so long, where longer than `wait` is late.
    #[must_use]
    pub fn counted(waits: &Histogram, wait: Duration) -> Self {
        Self {
            begun: waits.count(),
            late: waits.longer_than(wait),
        }
    }

    /// Takes those of another time in.
    pub fn add(&mut self, more: Self) {
        self.begun += more.begun;
        self.late += more.late;
    }

    /// Share of the requests that were late, percent; `None` where there were none.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        (self.begun > 0).then(|| 100.0 * self.late / self.begun as f64)
    }
}

/// How a promise was kept lately.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kept {
    /// The promise.
    pub promise: Promise,
    /// What is known of it; `None` before any request could be seen.
    pub lately: Option<Lately>,
}

/// The requests of today and of seven days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lately {
    /// From the local midnight on.
    pub today: Stretch,
    /// The seven days before now.
    pub week: Stretch,
}

/// The requests of a stretch of time that ends now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Where it begins: no earlier than anything is known of.
    pub since: SystemTime,
    /// For how long that is.
    pub covered: Duration,
    /// Whether something is known from its very beginning on.
    pub whole: bool,
    /// Its requests.
    pub requests: Lateness,
}

#[cfg(test)]
mod tests {
    use autoscaler_common::{bucket_of, lower_bound};
    use proptest::prelude::*;

    use super::*;

    fn millis(times: &[u64]) -> Histogram {
        times.iter().copied().map(Duration::from_millis).collect()
    }

    #[test]
    fn what_waited_longer_is_late_and_the_rest_is_not() {
        let waits = millis(&[1, 5, 50, 150, 900, 4000]);
        let counted = Lateness::counted(&waits, Duration::from_millis(100));
        assert_eq!(counted, Lateness { begun: 6, late: 3.0 });
        assert_eq!(counted.percent(), Some(50.0));
        assert_eq!(Lateness::default().percent(), None);
    }

    #[test]
    fn a_bucket_counts_by_the_part_of_it_that_is_beyond() {
        let bucket = bucket_of(100_000_000);
        let (least, next) = (lower_bound(bucket), lower_bound(bucket + 1));
        let waits: Histogram = std::iter::repeat_n(Duration::from_nanos(least), 8).collect();
        for (limit, late) in [
            (least, 8.0),
            (least + (next - least) / 4, 6.0),
            (least + (next - least) / 2, 4.0),
            (next, 0.0),
        ] {
            let counted = Lateness::counted(&waits, Duration::from_nanos(limit));
            assert_eq!(counted, Lateness { begun: 8, late }, "over {limit} ns");
        }
    }

    proptest! {
        /// Never more late than there were; exact where the limit is the edge of a bucket; less with a later limit; and
        /// two intervals are one.
        #[test]
        fn late_requests_are_some_of_all(
            first in proptest::collection::vec(0_u64..20_000_000_000, 0..60),
            second in proptest::collection::vec(0_u64..20_000_000_000, 0..60),
            limit in 0_u64..60_000_000_000,
        ) {
            let histogram = |times: &[u64]| -> Histogram {
                times.iter().copied().map(Duration::from_nanos).collect()
            };
            let counted = |waits: &Histogram, limit| Lateness::counted(waits, Duration::from_nanos(limit));
            let (one, other) = (histogram(&first), histogram(&second));
            let mut both = one.clone();
            both.add(&other);
            let all = counted(&both, limit);
            prop_assert_eq!(all.begun, (first.len() + second.len()) as u64);
            prop_assert!(all.late >= 0.0 && all.late <= all.begun as f64, "{:?}", all);
            prop_assert!(counted(&both, limit + limit / 3 + 1).late <= all.late);

            let mut sum = counted(&one, limit);
            sum.add(counted(&other, limit));
            prop_assert_eq!(sum.begun, all.begun);
            prop_assert!((sum.late - all.late).abs() < 1e-9);

            let edge = lower_bound(bucket_of(limit));
            let beyond = first.iter().chain(&second).filter(|time| **time >= edge).count();
            prop_assert!((counted(&both, edge).late - beyond as f64).abs() < 1e-9);
        }
    }
}
