//! One cgroup over one interval, as machines read it. Times are in ns, sizes in bytes, `None` is "not known
//! here". A field keeps its meaning for as long as [`VERSION`] stays.

use serde::Serialize;

use crate::top::model::{Entry, Model};

/// Rises when a field changes its meaning or goes; new fields may come without.
pub(super) const VERSION: u32 = 1;

/// One cgroup.
#[derive(Debug, Serialize)]
pub(super) struct Record<'a> {
    /// Path from the cgroup2 mount.
    path: &'a str,
    /// Inode number of its directory.
    id: u64,
    /// Levels below the root of what is shown.
    depth: usize,
    /// On-CPU time within the interval, ns.
    cpu_ns: Option<u64>,
    /// The same, percent of one CPU.
    cpu_percent: Option<f64>,
    /// Run-queue wait within the interval, ns.
    wait_ns: Option<u64>,
    /// Of the time that tasks wanted a CPU, the share they waited, percent.
    wait_percent: Option<f64>,
    /// On-CPU time since the cgroup was made, ns.
    cpu_total_ns: Option<u64>,
    /// Time held back by cpu.max, ns, within `throttled_interval_ns`.
    throttled_ns: Option<u64>,
    /// Periods in which it was held back, within `throttled_interval_ns`.
    throttled_periods: Option<u64>,
    /// The interval that the throttling covers, ns.
    throttled_interval_ns: Option<u64>,
    /// Tasks in it and below.
    tasks: Option<u64>,
    /// Memory in use, bytes.
    memory_bytes: Option<u64>,
    /// Memory limit, bytes; none where there is no limit.
    memory_max_bytes: Option<u64>,
    /// Share of the last 10 s in which some task waited for a CPU, percent.
    cpu_pressure_percent: Option<f64>,
    /// Workers, where it is a project's.
    workers: Option<u32>,
    /// Requests answered within the interval, where they were asked for.
    requests_answered: Option<u64>,
    /// Requests served at a time, in the mean.
    requests_busy: Option<f64>,
    /// Requests that wait.
    requests_waiting: Option<usize>,
    /// The wait that 95 of 100 requests do not exceed, ns.
    requests_wait_p95_ns: Option<u64>,
}

impl<'a> Record<'a> {
    pub(super) fn of(model: &Model, entry: &'a Entry) -> Self {
        let (figures, throttled, detail) = (entry.figures, entry.throttled, entry.detail);
        let requests = entry.requests.as_ref();
        Self {
            path: &entry.place.path,
            id: entry.id,
            depth: model.depth(entry),
            cpu_ns: figures.map(|figures| figures.cpu_ns),
            cpu_percent: figures.map(|figures| rounded(figures.cpu_percent())),
            wait_ns: figures.and_then(|figures| figures.wait_ns),
            wait_percent: figures.and_then(|figures| figures.wait_share()).map(rounded),
            cpu_total_ns: detail.and_then(|detail| detail.cpu_total_ns),
            throttled_ns: throttled.map(|throttled| throttled.time_ns),
            throttled_periods: throttled.map(|throttled| throttled.periods),
            throttled_interval_ns: throttled.map(|throttled| nanos(throttled.covered)),
            tasks: detail.and_then(|detail| detail.tasks),
            memory_bytes: detail.and_then(|detail| detail.memory.current),
            memory_max_bytes: detail
                .and_then(|detail| detail.memory.max)
                .filter(|max| *max != u64::MAX),
            cpu_pressure_percent: detail.and_then(|detail| detail.cpu_pressure),
            workers: entry.workers,
            requests_answered: requests.map(|seen| seen.answered),
            requests_busy: requests.map(|seen| rounded(seen.busy)),
            requests_waiting: requests.map(|seen| seen.waiting),
            requests_wait_p95_ns: requests.and_then(|seen| seen.wait_quantile(0.95)).map(nanos),
        }
    }
}

/// A duration in ns, as far as they fit: 584 years.
pub(super) fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Time by the calendar in ns since 1970; none before that.
pub(super) fn unix_nanos(model: &Model) -> Option<u64> {
    let since = model.wall()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(nanos(since))
}

/// To a thousandth: the exact figures are those in ns.
pub(super) fn rounded(percent: f64) -> f64 {
    (percent * 1000.0).round() / 1000.0
}
