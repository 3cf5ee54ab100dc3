//! Times by their size.

use std::time::Duration;

use autoscaler_common::{BUCKETS, bucket_of, lower_bound};

/// Times by their size: eight buckets for each doubling, so that a time read off it is no more than a sixteenth off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram(Box<[u64; BUCKETS]>);

impl Default for Histogram {
    fn default() -> Self {
        Self(Box::new([0; BUCKETS]))
    }
}

impl FromIterator<Duration> for Histogram {
    fn from_iter<T: IntoIterator<Item = Duration>>(times: T) -> Self {
        let mut all = Self::default();
        for time in times {
            all.0[bucket_of(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))] += 1;
        }
        all
    }
}

impl Histogram {
    /// The times that were counted in buckets, from `before` to `now`.
    #[must_use]
    pub fn between(before: &[u64; BUCKETS], now: &[u64; BUCKETS]) -> Self {
        let since = |bucket: usize| now[bucket].wrapping_sub(before[bucket]);
        Self(Box::new(std::array::from_fn(since)))
    }

    /// Takes all of `more` in.
    pub fn add(&mut self, more: &Self) {
        for (times, more) in self.0.iter_mut().zip(more.0.iter()) {
            *times += more;
        }
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

    /// How many times are longer than `limit`. Those of the bucket that it lies in are taken to be spread evenly over it.
    #[must_use]
    pub fn longer_than(&self, limit: Duration) -> f64 {
        let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        let bucket = bucket_of(limit);
        let (least, next) = (lower_bound(bucket), lower_bound(bucket + 1));
        // The last bucket has no end: what is beyond its nominal one is not told apart.
        let beyond = next.saturating_sub(limit) as f64 / (next - least) as f64;
        let longer: u64 = self.0[bucket + 1..].iter().sum();
        longer as f64 + self.0[bucket] as f64 * beyond
    }

    /// Each bucket that has any: from, to, and how many.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, Duration, u64)> + '_ {
        let buckets = self.0.iter().enumerate().filter(|(_, count)| **count > 0);
        buckets.map(|(bucket, count)| {
            let (least, next) = bounds(bucket);
            (least, next, *count)
        })
    }

    /// The same in at most `most` rows where neighbours can be taken together, by two, four or eight: a doubling.
    #[must_use]
    pub fn rows(&self, most: usize) -> Vec<(Duration, Duration, u64)> {
        let by = |together: usize| -> Vec<(Duration, Duration, u64)> {
            let groups = self.0.chunks(together).enumerate();
            let rows = groups.map(|(group, counts)| {
                let (from, _) = bounds(group * together);
                let (to, _) = bounds((group + 1) * together);
                (from, to, counts.iter().sum::<u64>())
            });
            rows.filter(|(.., count)| *count > 0).collect()
        };
        let fine = [1, 2, 4].map(by).into_iter().find(|rows| rows.len() <= most);
        fine.unwrap_or_else(|| by(8))
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
    use super::*;

    #[test]
    fn a_quantile_is_at_most_a_sixteenth_off() {
        let times: Histogram = (1..=1000).map(Duration::from_millis).collect();
        for (share, millis) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let told = times.quantile(share).unwrap().as_secs_f64() * 1000.0;
            assert!((told / millis - 1.0).abs() <= 1.0 / 16.0, "{share}: {told}");
        }
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn rows_are_as_fine_as_their_number_allows() {
        let times: Histogram = (20..60).map(Duration::from_millis).collect();
        for (most, rows) in [(20, 14), (8, 8), (4, 4), (1, 2)] {
            let seen = times.rows(most);
            assert_eq!(seen.len(), rows, "{seen:?}");
            assert_eq!(seen.iter().map(|(.., count)| count).sum::<u64>(), 40);
            assert!(seen.windows(2).all(|two| two[0].1 == two[1].0), "{seen:?}");
        }
    }

    #[test]
    fn what_is_added_is_counted() {
        let mut times: Histogram = [Duration::from_millis(1)].into_iter().collect();
        times.add(&times.clone());
        assert_eq!(times.count(), 2);
    }
}
