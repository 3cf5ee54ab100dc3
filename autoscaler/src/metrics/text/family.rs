//! One metric with all its samples.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// A label: its name and its value.
pub(crate) type Label = (&'static str, String);

pub(crate) type Labels = Vec<Label>;

/// One sample: its labels and its value.
pub(crate) type Sample<L = Labels> = (L, f64);

/// Counters; `_total` is added to the name.
pub(crate) fn counter<L: EncodeLabelSet + AsRef<[Label]>>(
    out: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    samples: impl IntoIterator<Item = Sample<L>>,
) -> fmt::Result {
    family(out, name, help, samples, ConstCounter::new)
}

pub(crate) fn gauge<L: EncodeLabelSet + AsRef<[Label]>>(
    out: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    samples: impl IntoIterator<Item = Sample<L>>,
) -> fmt::Result {
    family(out, name, help, samples, ConstGauge::new)
}

/// One metric with all its samples; nothing at all where it has none.
pub(crate) fn family<L: EncodeLabelSet + AsRef<[Label]>, V, M: EncodeMetric + TypedMetric>(
    out: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    samples: impl IntoIterator<Item = (L, V)>,
    metric_of: impl Fn(V) -> M,
) -> fmt::Result {
    let mut samples = samples.into_iter().peekable();
    if samples.peek().is_none() {
        return Ok(());
    }
    let mut encoder = out.encode_descriptor(name, help, None, M::TYPE)?;
    for (labels, value) in samples {
        let metric = metric_of(value);
        if labels.as_ref().is_empty() {
            return metric.encode(encoder);
        }
        metric.encode(encoder.encode_family(&labels)?)?;
    }
    Ok(())
}

/// A sample without labels.
pub(crate) fn plain(value: f64) -> Sample {
    (Labels::new(), value)
}

pub(super) fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

pub(super) fn unix(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
