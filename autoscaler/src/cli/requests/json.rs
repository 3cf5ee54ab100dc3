//! One object for each pass. Times in seconds; a figure that is not known is `null`.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::requests::sought::Sought;
use crate::model::{Histogram, RequestFigures};

#[derive(Serialize)]
struct Pass<'a> {
    at: String,
    services: Vec<Service<'a>>,
}

#[derive(Serialize)]
struct Service<'a> {
    name: &'a str,
    cgroup: String,
    covered_seconds: f64,
    requests_per_second: f64,
    begun: u64,
    answered: u64,
    abandoned: u64,
    busy: f64,
    serving: usize,
    waiting: usize,
    oldest_waiting_seconds: Option<f64>,
    waited: Times,
    served: Times,
}

#[derive(Serialize)]
struct Times {
    mean_seconds: Option<f64>,
    p50_seconds: Option<f64>,
    p95_seconds: Option<f64>,
    p99_seconds: Option<f64>,
    /// Upper ends of the buckets that have any, with their counts.
    buckets: Vec<(f64, u64)>,
}

/// One pass as a line.
pub(super) fn pass(services: &[Sought], figures: &[RequestFigures]) -> Result<String> {
    let services = services.iter().zip(figures).map(|(service, figures)| Service {
        name: &service.name,
        cgroup: service.directory.display().to_string(),
        covered_seconds: figures.covered.as_secs_f64(),
        requests_per_second: figures.per_second(),
        begun: figures.begun,
        answered: figures.answered,
        abandoned: figures.abandoned,
        busy: figures.busy,
        serving: figures.serving,
        waiting: figures.waiting,
        oldest_waiting_seconds: seconds(figures.oldest_waiting),
        waited: times(figures.wait_mean(), &figures.waits),
        served: times(figures.service_mean(), &figures.services),
    });
    let pass = Pass {
        at: Timestamp::now().to_string(),
        services: services.collect(),
    };
    Ok(serde_json::to_string(&pass)? + "\n")
}

fn times(mean: Option<Duration>, histogram: &Histogram) -> Times {
    let buckets = histogram.buckets();
    Times {
        mean_seconds: seconds(mean),
        p50_seconds: seconds(histogram.quantile(0.5)),
        p95_seconds: seconds(histogram.quantile(0.95)),
        p99_seconds: seconds(histogram.quantile(0.99)),
        buckets: buckets.map(|(_, to, count)| (to.as_secs_f64(), count)).collect(),
    }
}

fn seconds(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64())
}
