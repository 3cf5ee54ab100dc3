//! A look as OTLP has it.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use crate::export::text::{seconds, serving, waiting};
use crate::export::{CgroupScrape, Name, Scrape};
use crate::host::cgroup::Runtime;
use crate::metrics::Times;
use crate::model::RequestLook;

/// Cgroups in one message: half a megabyte, or 2.5 where each of them serves requests. Receivers take 4 MiB at least.
const CGROUPS: usize = 500;

/// Who sends: the same in every message.
#[derive(Debug, Clone)]
pub struct Sender(Resource);

impl Sender {
    /// This program on this host, by its name.
    #[must_use]
    pub fn on(host: &str) -> Self {
        let attributes = [
            ("service.name", env!("CARGO_PKG_NAME")),
            ("service.version", env!("CARGO_PKG_VERSION")),
            // One runs on a host: so its name tells them apart.
            ("service.instance.id", host),
            ("host.name", host),
        ];
        Self(Resource {
            attributes: attributes.map(|(key, value)| pair(key, value)).into(),
            ..Resource::default()
        })
    }
}

/// The messages that tell a look, one after the other.
///
/// Whose a cgroup is stands with each figure and not in the resource, which is this program: receivers such as Prometheus make
/// series of the attributes of figures alone. The Collector's `groupbyattrs` moves them where `k8sattributes` looks for them.
pub fn requests<'a>(
    scrape: &'a Scrape,
    sender: &'a Sender,
) -> impl Iterator<Item = ExportMetricsServiceRequest> + use<'a> {
    let parts = scrape.cgroups.chunks(CGROUPS).enumerate();
    parts.map(move |(index, cgroups)| {
        let mut metrics = part(scrape, cgroups);
        if index == 0 {
            metrics.extend(whole(scrape));
        }
        let scope = InstrumentationScope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(sender.0.clone()),
                scope_metrics: vec![ScopeMetrics {
                    scope: Some(scope),
                    metrics,
                    schema_url: String::new(),
                }],
                schema_url: String::new(),
            }],
        }
    })
}

/// Since when a figure counts.
#[derive(Debug, Clone, Copy)]
enum Since {
    /// Since the cgroup was made.
    Made,
    /// Since the kernel programs are there, or the cgroup.
    Seen,
}

/// Cgroups, each with its attributes.
struct Part<'a> {
    scrape: &'a Scrape,
    cgroups: Vec<(&'a CgroupScrape, Vec<KeyValue>)>,
}

fn part(scrape: &Scrape, cgroups: &[CgroupScrape]) -> Vec<Metric> {
    let attributed = cgroups.iter().map(|cgroup| (cgroup, attributes(&cgroup.name)));
    let part = Part {
        scrape,
        cgroups: attributed.collect(),
    };
    let requests =
        |figure: fn(&RequestLook) -> f64| move |cgroup: &CgroupScrape| cgroup.requests.as_deref().map(figure);
    let quota = |cgroup: &CgroupScrape| cgroup.quota;
    let all = [
        part.sum("autoscaler.cgroup.cpu.time", "s", Since::Made, |cgroup| {
            cgroup.cpu_ns.map(seconds)
        }),
        part.sum(
            "autoscaler.cgroup.cpu.runqueue_wait",
            "s",
            Since::Seen,
            |cgroup| cgroup.wait_ns.map(seconds),
        ),
        part.sum(
            "autoscaler.cgroup.cpu.throttled.time",
            "s",
            Since::Made,
            |cgroup| Some(quota(cgroup)?.throttled_us as f64 / 1e6),
        ),
        part.sum(
            "autoscaler.cgroup.cpu.throttled.periods",
            "{period}",
            Since::Made,
            |cgroup| Some(quota(cgroup)?.throttled as f64),
        ),
        part.sum(
            "autoscaler.cgroup.cpu.periods",
            "{period}",
            Since::Made,
            |cgroup| Some(quota(cgroup)?.periods as f64),
        ),
        part.gauge("autoscaler.cgroup.memory.usage", "By", |cgroup| {
            Some(cgroup.memory? as f64)
        }),
        part.sum(
            "autoscaler.cgroup.requests.begun",
            "{request}",
            Since::Seen,
            requests(|look| look.counted.begun as f64),
        ),
        part.sum(
            "autoscaler.cgroup.requests.answered",
            "{request}",
            Since::Seen,
            requests(|look| look.counted.answered as f64),
        ),
        part.sum(
            "autoscaler.cgroup.requests.abandoned",
            "{request}",
            Since::Seen,
            requests(|look| look.counted.abandoned as f64),
        ),
        part.sum(
            "autoscaler.cgroup.requests.busy",
            "s",
            Since::Seen,
            requests(|look| seconds(look.counted.busy_ns)),
        ),
        part.waits("autoscaler.cgroup.requests.wait"),
        part.gauge(
            "autoscaler.cgroup.requests.waiting",
            "{request}",
            requests(|look| waiting(look) as f64),
        ),
        part.gauge(
            "autoscaler.cgroup.requests.serving",
            "{request}",
            requests(|look| serving(look) as f64),
        ),
    ];
    all.into_iter().flatten().collect()
}

/// What is told of all cgroups together.
fn whole(scrape: &Scrape) -> [Metric; 2] {
    let one = |name: &str, value: usize| {
        let point = NumberDataPoint {
            time_unix_nano: nanos(scrape.taken_at),
            value: Some(Number::AsDouble(value as f64)),
            ..NumberDataPoint::default()
        };
        let data_points = vec![point];
        metric(name, "{cgroup}", Data::Gauge(Gauge { data_points }))
    };
    [
        one("autoscaler.cgroups", scrape.cgroups.len()),
        one("autoscaler.cgroups.left_out", scrape.left_out),
    ]
}

impl Part<'_> {
    /// A counter; `None` where no cgroup has one.
    fn sum(
        &self,
        name: &str,
        unit: &str,
        since: Since,
        figure: impl Fn(&CgroupScrape) -> Option<f64>,
    ) -> Option<Metric> {
        let data_points = self.points(|cgroup| nanos(self.begun(&cgroup.name, since)), figure);
        let sum = Sum {
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
            is_monotonic: true,
            data_points,
        };
        (!sum.data_points.is_empty()).then(|| metric(name, unit, Data::Sum(sum)))
    }

    fn gauge(&self, name: &str, unit: &str, figure: impl Fn(&CgroupScrape) -> Option<f64>) -> Option<Metric> {
        let data_points = self.points(|_| 0, figure);
        (!data_points.is_empty()).then(|| metric(name, unit, Data::Gauge(Gauge { data_points })))
    }

    fn points(
        &self,
        start: impl Fn(&CgroupScrape) -> u64,
        figure: impl Fn(&CgroupScrape) -> Option<f64>,
    ) -> Vec<NumberDataPoint> {
        let points = self.cgroups.iter().filter_map(|(cgroup, attributes)| {
            let value = figure(cgroup)?;
            Some(NumberDataPoint {
                attributes: attributes.clone(),
                start_time_unix_nano: start(cgroup),
                time_unix_nano: nanos(self.scrape.taken_at),
                value: Some(Number::AsDouble(value)),
                ..NumberDataPoint::default()
            })
        });
        points.collect()
    }

    /// How long requests waited.
    fn waits(&self, name: &str) -> Option<Metric> {
        let points = self.cgroups.iter().filter_map(|(cgroup, attributes)| {
            let counted = &cgroup.requests.as_ref()?.counted;
            let Times { sum, count, buckets } = Times::of(&counted.waits, counted.wait_ns);
            let bounds = buckets.iter().map(|(bound, _)| *bound);
            Some(HistogramDataPoint {
                attributes: attributes.clone(),
                start_time_unix_nano: nanos(self.begun(&cgroup.name, Since::Seen)),
                time_unix_nano: nanos(self.scrape.taken_at),
                count,
                sum: Some(sum),
                explicit_bounds: bounds.filter(|bound| bound.is_finite()).collect(),
                bucket_counts: buckets.iter().map(|(_, count)| *count).collect(),
                ..HistogramDataPoint::default()
            })
        });
        let histogram = Histogram {
            data_points: points.collect(),
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
        };
        (!histogram.data_points.is_empty()).then(|| metric(name, "s", Data::Histogram(histogram)))
    }

    /// When a figure was 0. A cgroup that was there before us may be as old as the host.
    fn begun(&self, name: &Name, since: Since) -> SystemTime {
        let made = name.since.unwrap_or(self.scrape.booted_at);
        match since {
            Since::Made => made,
            Since::Seen => made.max(self.scrape.opened_at),
        }
    }
}

/// Whose a cgroup is, by the names of the semantic conventions; `systemd.unit.name` as the Collector's receiver for systemd has
/// it.
fn attributes(name: &Name) -> Vec<KeyValue> {
    let container = name.owner.container.as_ref();
    let runtime = container.and_then(|container| container.runtime);
    let pairs = [
        ("process.linux.cgroup", Some(name.path.as_str())),
        ("systemd.unit.name", name.owner.unit.as_deref()),
        ("container.id", container.map(|container| container.id.as_str())),
        ("container.runtime.name", runtime.map(Runtime::name)),
        ("k8s.pod.uid", name.owner.pod_uid.as_deref()),
    ];
    let pairs = pairs
        .into_iter()
        .filter_map(|(key, value)| Some(pair(key, value?)));
    pairs.collect()
}

fn pair(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}

fn metric(name: &str, unit: &str, data: Data) -> Metric {
    Metric {
        name: name.to_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn nanos(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
