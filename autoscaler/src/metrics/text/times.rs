//! Times by their size, in Prometheus' own type of histogram.

use std::fmt;
use std::time::Duration;

use autoscaler_common::{BUCKETS, bucket_of};
use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// The least and the greatest bound of a bucket, as powers of two of ns: 1.05 ms and 68.7 s.
const BOUNDS: std::ops::RangeInclusive<u32> = 20..=36;

/// Times by their size, in Prometheus' own type.
pub(crate) struct Times {
    /// All together, s.
    pub(crate) sum: f64,
    /// How many there are.
    pub(crate) count: u64,
    /// Upper bound, s, and how many are in it that were not in the one before; the last has no bound.
    pub(crate) buckets: Vec<(f64, u64)>,
}

impl EncodeMetric for Times {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        encoder.encode_histogram::<NoLabelSet>(self.sum, self.count, &self.buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

impl TypedMetric for Times {
    const TYPE: MetricType = MetricType::Histogram;
}

impl Times {
    /// Our buckets begin at each power of two, so these are sums of whole ones.
    pub(crate) fn of(counts: &[u64; BUCKETS], sum_ns: u64) -> Self {
        let mut from = 0;
        let mut buckets = Vec::new();
        for bits in BOUNDS {
            let until = bucket_of(1 << bits);
            let bound = Duration::from_nanos(1 << bits).as_secs_f64();
            buckets.push((bound, counts[from..until].iter().sum()));
            from = until;
        }
        buckets.push((f64::INFINITY, counts[from..].iter().sum()));
        Self {
            sum: seconds(sum_ns),
            count: counts.iter().sum(),
            buckets,
        }
    }
}

/// ns as s.
pub(crate) fn seconds(ns: u64) -> f64 {
    Duration::from_nanos(ns).as_secs_f64()
}
