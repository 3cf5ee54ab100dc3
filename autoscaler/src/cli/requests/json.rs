//! One object for each pass. Times in seconds; a figure that is not known is `null`. What was dropped is of the time since
//! the pass before.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::requests::seen::{Happened, Queue};
use crate::cli::requests::sought::Sought;
use crate::model::{Histogram, RequestFigures, RequestsWay};

#[derive(Serialize)]
struct Pass<'a> {
    at: String,
    seen_by: &'static str,
    services: Vec<Service<'a>>,
}

#[derive(Serialize)]
struct Service<'a> {
    name: &'a str,
    cgroup: String,
    covered_seconds: Option<f64>,
    requests_per_second: Option<f64>,
    begun: Option<u64>,
    answered: Option<u64>,
    abandoned: Option<u64>,
    busy: Option<f64>,
    serving: Option<usize>,
    waiting: Option<usize>,
    oldest_waiting_seconds: Option<f64>,
    waited: Option<Times>,
    served: Option<Times>,
    listen_queues: Vec<ListenQueue<'a>>,
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

#[derive(Serialize)]
struct ListenQueue<'a> {
    address: &'a str,
    waiting: u32,
    limit: u32,
    full: bool,
    dropped: Option<u64>,
}

/// One pass as a line.
pub(super) fn pass(told: &[(&Sought, &Happened)], way: RequestsWay) -> Result<String> {
    let services = told.iter().map(|(service, happened)| {
        let figures = happened.requests.as_ref();
        Service {
            name: &service.name,
            cgroup: service.directory.display().to_string(),
            covered_seconds: figures.map(|figures| figures.covered.as_secs_f64()),
            requests_per_second: figures.map(RequestFigures::per_second),
            begun: figures.map(|figures| figures.begun),
            answered: figures.map(|figures| figures.answered),
            abandoned: figures.map(|figures| figures.abandoned),
            busy: figures.map(|figures| figures.busy),
            serving: figures.map(|figures| figures.serving),
            waiting: figures.map(|figures| figures.waiting),
            oldest_waiting_seconds: seconds(figures.and_then(|figures| figures.oldest_waiting)),
            waited: figures.map(|figures| times(figures.wait_mean(), &figures.waits)),
            served: figures.map(|figures| times(figures.service_mean(), &figures.services)),
            listen_queues: happened.queues.iter().map(listen_queue).collect(),
        }
    });
    let pass = Pass {
        at: Timestamp::now().to_string(),
        seen_by: way.code(),
        services: services.collect(),
    };
    Ok(serde_json::to_string(&pass)? + "\n")
}

fn listen_queue(queue: &Queue) -> ListenQueue<'_> {
    ListenQueue {
        address: &queue.now.address,
        waiting: queue.now.waiting,
        limit: queue.now.limit,
        full: queue.now.is_full(),
        dropped: queue.dropped,
    }
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
