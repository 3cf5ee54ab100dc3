//! The history for programs: CSV and JSON. Times are UTC (RFC 3339), units stand in the names.

use std::io::Write;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::history::view::Past;
use crate::history::{PastCheck, PastEvent};
use crate::model::{Action, Language, Measure, RequestSummary};
use crate::words;

/// One check; a column each in CSV.
#[derive(Debug, Serialize)]
struct Record<'a> {
    timestamp: String,
    workers: Option<u32>,
    cpu_percent: Option<f64>,
    wait_percent: Option<f64>,
    covered_seconds: Option<f64>,
    on_cpu_seconds: Option<f64>,
    wait_seconds: Option<f64>,
    allowed_cpus: Option<f64>,
    throttled_seconds: Option<f64>,
    memory_bytes: Option<u64>,
    memory_limit_bytes: Option<u64>,
    queue: Option<u64>,
    reserved: Option<u64>,
    active: Option<u32>,
    cpu_up_percent: Option<f64>,
    cpu_down_percent: Option<f64>,
    queue_up: Option<f64>,
    queue_down: Option<f64>,
    requests_per_second: Option<f64>,
    busy_slots: Option<f64>,
    slots: Option<u32>,
    long_requests: Option<u32>,
    requests_waiting: Option<u64>,
    wait_mean_ms: Option<f64>,
    wait_p50_ms: Option<f64>,
    wait_p95_ms: Option<f64>,
    wait_p99_ms: Option<f64>,
    service_mean_ms: Option<f64>,
    service_p95_ms: Option<f64>,
    requests_abandoned: Option<u64>,
    busy_up_percent: Option<f64>,
    busy_down_percent: Option<f64>,
    wait_up_ms: Option<f64>,
    wait_down_ms: Option<f64>,
    promised_requests: Option<u64>,
    late_requests: Option<f64>,
    promised_wait_ms: Option<f64>,
    promised_percent: Option<f64>,
    host_available_mib: u64,
    host_busy_percent: Option<f64>,
    action: Option<&'static str>,
    workers_to: Option<u32>,
    reason: Option<&'a str>,
    why: Option<String>,
}

#[derive(Debug, Serialize)]
struct EventRecord<'a> {
    timestamp: String,
    event: &'a str,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct Whole<'a> {
    project: &'a str,
    since: String,
    until: String,
    checks: Vec<Record<'a>>,
    events: Vec<EventRecord<'a>>,
}

/// Writes the checks as CSV, with a line of headings.
///
/// # Errors
/// When it cannot be written.
pub fn csv(past: &Past, out: impl Write) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for check in &past.checks {
        writer
            .serialize(Record::of(check))
            .context("cannot write the CSV")?;
    }
    writer.flush().context("cannot write the CSV")?;
    Ok(())
}

/// Writes checks and events as one JSON object.
///
/// # Errors
/// When it cannot be written.
pub fn json(past: &Past, mut out: impl Write) -> Result<()> {
    let whole = Whole {
        project: &past.project,
        since: timestamp(past.since),
        until: timestamp(past.until),
        checks: past.checks.iter().map(Record::of).collect(),
        events: past.events.iter().map(EventRecord::of).collect(),
    };
    serde_json::to_writer_pretty(&mut out, &whole).context("cannot write the JSON")?;
    writeln!(out)?;
    Ok(())
}

impl<'a> Record<'a> {
    fn of(check: &'a PastCheck) -> Self {
        let (figures, thresholds) = (&check.figures, &check.thresholds);
        let cpu = check.cpu.as_ref();
        let requests = figures.requests.as_ref();
        let millis = |time: fn(&RequestSummary) -> Option<Duration>| {
            Some(requests.and_then(time)?.as_secs_f64() * 1e3)
        };
        let (action, workers_to) = match check.action {
            Some(Action::ScaleUp { to, .. }) => (Some("scale_up"), Some(to)),
            Some(Action::ScaleDown { to, .. }) => (Some("scale_down"), Some(to)),
            Some(Action::Hold) => (Some("hold"), None),
            Some(Action::Blocked) => (Some("blocked"), None),
            None => (None, None),
        };
        Self {
            timestamp: timestamp(check.at),
            workers: figures.workers,
            cpu_percent: figures.cpu_percent,
            wait_percent: figures
                .wait_percent
                .map(|percent| (percent * 100.0).round() / 100.0),
            covered_seconds: cpu.map(|cpu| cpu.covered.as_secs_f64()),
            on_cpu_seconds: cpu.map(|cpu| cpu.on_cpu.as_secs_f64()),
            wait_seconds: cpu.and_then(|cpu| Some(cpu.wait?.as_secs_f64())),
            allowed_cpus: cpu.map(|cpu| cpu.allowed_cpus),
            throttled_seconds: cpu.and_then(|cpu| Some(cpu.throttle?.time.as_secs_f64())),
            memory_bytes: check.memory.current,
            memory_limit_bytes: check.memory.max,
            queue: figures.queue,
            reserved: figures.reserved,
            active: check.active,
            cpu_up_percent: thresholds.up(Measure::Cpu),
            cpu_down_percent: thresholds.down(Measure::Cpu),
            queue_up: thresholds.up(Measure::Queue),
            queue_down: thresholds.down(Measure::Queue),
            requests_per_second: requests.map(|seen| seen.per_second),
            busy_slots: requests.map(|seen| seen.busy),
            slots: requests.and_then(|seen| seen.slots),
            long_requests: requests.map(|seen| seen.long),
            requests_waiting: requests.map(|seen| seen.waiting),
            wait_mean_ms: millis(|seen| seen.wait_mean),
            wait_p50_ms: millis(|seen| seen.wait_p50),
            wait_p95_ms: millis(|seen| seen.wait_p95),
            wait_p99_ms: millis(|seen| seen.wait_p99),
            service_mean_ms: millis(|seen| seen.service_mean),
            service_p95_ms: millis(|seen| seen.service_p95),
            requests_abandoned: requests.map(|seen| seen.abandoned),
            busy_up_percent: thresholds.up(Measure::Busy),
            busy_down_percent: thresholds.down(Measure::Busy),
            wait_up_ms: thresholds.up(Measure::Wait),
            wait_down_ms: thresholds.down(Measure::Wait),
            promised_requests: check.late.map(|late| late.begun),
            late_requests: check.late.map(|late| late.late),
            promised_wait_ms: check.promise.map(|promise| promise.wait.as_secs_f64() * 1e3),
            promised_percent: check.promise.map(|promise| promise.percent),
            host_available_mib: check.host.memory_available_mib,
            host_busy_percent: check.host.busy_percent,
            action,
            workers_to,
            reason: check.reason_code.as_deref(),
            why: check
                .reason
                .as_ref()
                .map(|reason| words::reason(Language::En, reason)),
        }
    }
}

impl<'a> EventRecord<'a> {
    fn of(event: &'a PastEvent) -> Self {
        Self {
            timestamp: timestamp(event.at),
            event: &event.code,
            text: event.text.within(Language::En),
        }
    }
}

fn timestamp(at: SystemTime) -> String {
    OffsetDateTime::from(at).format(&Rfc3339).unwrap_or_default()
}
