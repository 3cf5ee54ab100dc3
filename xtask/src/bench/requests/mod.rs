//! Requests seen in the kernel: how exact they are, beside the log of the application and the clock of its clients.

mod case;
mod cost;
mod echo;
mod programs;
mod share;
mod speed;
mod throughput;

pub(super) use cost::measure as cost;
pub(super) use share::measure as share;
pub(super) use speed::measure as speed;
pub(super) use throughput::measure as throughput;

use std::time::Duration;

use anyhow::{Context as _, Result};
use autoscaler::host::requests::{RequestSource, RequestWatch as _};
use autoscaler::model::RequestLook;
use autoscaler_common::Requests;
use autoscaler_tests::{ScratchCgroup, until};
use serde_json::{Value, json};

use super::report::Section;
use case::{CLIENTS, Case, EACH, Seen};

/// Longest that the last request of a case may take to be over.
const SETTLED: Duration = Duration::from_mins(1);

/// What a busy time and a wait may be off by: the first as a share, the second in milliseconds and as a share.
const BUSY_OFF: f64 = 0.005;
const WAIT_OFF: (f64, f64) = (2.0, 0.02);

pub(super) fn measure() -> Result<Section> {
    let mut source = open()?;
    let mut rows = Vec::new();
    let mut data = Vec::new();
    let mut beyond = 0;
    for case in Case::all() {
        let seen = case.run(&mut source).with_context(|| format!("{case:?}"))?;
        beyond += u32::from(!within(&case, &seen));
        let cells = row(&case, &seen);
        // A case takes seconds, and there are many.
        eprintln!("{}", cells.join(" | "));
        rows.push(cells);
        data.push(json(&case, &seen));
    }
    Ok(Section {
        title: "Requests: exactness",
        note: format!(
            "{} requests a case, of 80 to 120 ms, by {CLIENTS} clients at once on four workers or threads (uvicorn: two event \
             loops). Busy time against what the application wrote down of start and end of each; mean wait against what the \
             clients waited beyond that. Keep-alive is of the connections to the server itself. {beyond} cases are off by more \
             than {} % of the busy time or {} ms and {} % of the wait: marked with !. With keep-alive, puma (marked with *) \
             reads a request before a thread is free: BUSY then has the time in puma's own queue in it, so what is compared \
             is wait and busy time together with the clients' time. Without, it does so with a request that comes later than \
             its connection, which is seldom. uvicorn's workers leave Nagle's algorithm on: over kept TCP \
             connections their answers are 40 ms on the way, which is no wait for a worker.",
            CLIENTS * EACH,
            BUSY_OFF * 100.0,
            WAIT_OFF.0,
            WAIT_OFF.1 * 100.0
        ),
        columns: vec![
            "server",
            "version",
            "socket",
            "keep-alive",
            "front",
            "requests",
            "busy, s",
            "log, s",
            "ratio",
            "wait, ms",
            "log, ms",
            "difference",
            "lost",
        ],
        rows,
        data: Value::Array(data),
    })
}

fn row(case: &Case, seen: &Seen) -> Vec<String> {
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let mark = if case.reads_ahead() { " *" } else { "" };
    let wait = if case.reads_ahead() {
        ["-".to_owned(), "-".to_owned(), "-".to_owned()]
    } else {
        let (ours, log) = seen.waits();
        [
            format!("{ours:.1}"),
            format!("{log:.1}"),
            format!("{:+.1}", ours - log),
        ]
    };
    let (ours, log) = busy(case, seen);
    let off = if within(case, seen) { "" } else { " !" };
    let mut cells = vec![
        format!("{}{mark}", case.server()),
        seen.version.clone(),
        label(case.loopback).to_owned(),
        yes(case.keep_alive),
        if case.front { "nginx" } else { "-" }.to_owned(),
        seen.sent.to_string(),
        format!("{ours:.3}"),
        format!("{log:.3}"),
        format!("{:.4}{off}", ours / log),
    ];
    cells.extend(wait);
    cells.push(seen.lost().to_string());
    cells
}

/// The busy time, ours and the log's, seconds; of a server that reads ahead, the wait with it.
fn busy(case: &Case, seen: &Seen) -> (f64, f64) {
    if case.reads_ahead() {
        let ours = seen.counted.busy_ns + seen.counted.wait_ns;
        return (
            Duration::from_nanos(ours).as_secs_f64(),
            seen.waited.as_secs_f64(),
        );
    }
    let ours = Duration::from_nanos(seen.counted.busy_ns);
    (ours.as_secs_f64(), seen.logged.as_secs_f64())
}

fn within(case: &Case, seen: &Seen) -> bool {
    let (ours, log) = busy(case, seen);
    // Together, what is off is the way from the client and back: the wait's measure.
    if case.reads_ahead() {
        let mean = 1000.0 / seen.sent as f64;
        let off = ((ours - log) * mean).abs();
        return off <= WAIT_OFF.1.mul_add(log * mean, WAIT_OFF.0) && seen.lost() == 0;
    }
    let (wait, waited) = seen.waits();
    let waits = (wait - waited).abs() <= WAIT_OFF.1.mul_add(waited, WAIT_OFF.0);
    (ours / log - 1.0).abs() <= BUSY_OFF && (waits || case.is_late()) && seen.lost() == 0
}

fn json(case: &Case, seen: &Seen) -> Value {
    json!({
        "server": case.server(), "version": seen.version, "tcp": case.loopback, "keep_alive": case.keep_alive,
        "nginx": case.front, "sent": seen.sent, "begun": seen.counted.begun, "answered": seen.counted.answered,
        "busy_ns": seen.counted.busy_ns, "wait_ns": seen.counted.wait_ns,
        "log_ns": u64::try_from(seen.logged.as_nanos()).ok(),
        "clients_ns": u64::try_from(seen.waited.as_nanos()).ok(),
        "reads_ahead": case.reads_ahead(),
    })
}

fn label(loopback: bool) -> &'static str {
    if loopback { "TCP" } else { "Unix" }
}

/// The programs, with nobody's requests wanted yet.
fn open() -> Result<RequestSource> {
    RequestSource::open(1, 4096).map_err(|why| anyhow::anyhow!("{why}"))
}

/// Has the requests of `cgroup` charged.
fn want(source: &mut RequestSource, cgroup: &ScratchCgroup) -> Result<()> {
    source.want(0, cgroup.path())
}

fn look(source: &RequestSource) -> Result<RequestLook> {
    source.look(&[0])?.pop().context("a look at each index")
}

/// Waits until nothing waits, and every request that was begun is over.
fn settled(source: &RequestSource) -> Result<Requests> {
    until("no request to be under way", SETTLED, || {
        let RequestLook { counted, live, .. } = look(source).ok()?;
        let over = counted.begun == counted.answered + counted.abandoned;
        (over && live.is_empty()).then_some(counted)
    })
    .with_context(|| match look(source) {
        Ok(RequestLook { counted, live, .. }) => format!(
            "{} begun, {} answered, {} abandoned, live: {live:?}",
            counted.begun, counted.answered, counted.abandoned
        ),
        Err(error) => error.to_string(),
    })
}

/// What was counted from `before` to `now`, without the distributions.
fn since(before: &Requests, now: &Requests) -> Requests {
    Requests {
        begun: now.begun - before.begun,
        answered: now.answered - before.answered,
        abandoned: now.abandoned - before.abandoned,
        wait_ns: now.wait_ns - before.wait_ns,
        busy_ns: now.busy_ns - before.busy_ns,
        ..Requests::default()
    }
}
