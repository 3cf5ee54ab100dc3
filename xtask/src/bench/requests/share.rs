//! What the request programs take of the CPU that a real gunicorn takes for a request.

use std::cell::Cell;
use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use autoscaler_tests::server::Options;
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Client, ScratchCgroup, Server, Venv};
use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use super::programs::{AllRan, Attached, PROGRAMS};
use super::{label, settled, want};
use crate::bench::programs::Statistics;
use crate::bench::report::Section;
use crate::bench::series::Series;
use crate::build_ebpf;

/// How many requests one turn takes, without a pause.
const REQUESTS: u32 = 1_000;

#[derive(Default)]
struct Shares {
    /// By program: runs a request, and ns of one.
    programs: [(Series, Series); PROGRAMS.len()],
    /// A request's CPU in the server's cgroup, µs.
    server: Series,
    /// The same with the client's thread, µs.
    both: Series,
    /// What all programs took for it, and empty ones in their place, µs.
    ours: Series,
    empty: Series,
}

pub(in crate::bench) fn measure(rounds: u32) -> Result<Section> {
    let object = build_ebpf::comparison()?;
    let mut rows = Vec::new();
    let mut data = Vec::new();
    for loopback in [true, false] {
        let cgroup = ScratchCgroup::new("bench-requests-share")?;
        let options = Options {
            loopback,
            app: Some("timed:app".to_owned()),
            ..Options::workers(2)
        };
        let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &options)?;
        let mut client = Client::new(server.address(), false);
        let asked = Cell::new(Duration::ZERO);
        let mut ask = || {
            let before = thread_time()?;
            (0..REQUESTS).try_for_each(|_| client.ask("/").map(drop))?;
            asked.set(thread_time()?.saturating_sub(before));
            Ok(())
        };
        let _statistics = Statistics::on()?;
        let mut shares = Shares::default();
        for _ in 0..rounds {
            // In turns, each alone: whatever runs behind another on the same event finds all at hand.
            let empty = Attached::empty(&object)?.during(&mut ask)?;
            let mut attached = Attached::ours()?;
            want(&mut attached.held, &cgroup)?;
            settled(&attached.held)?;
            let before = usage(&cgroup)?;
            let ours = attached.during(&mut ask)?;
            let requests = f64::from(REQUESTS);
            let server = (usage(&cgroup)? - before) / requests;
            shares.server.add(server);
            shares
                .both
                .add(asked.get().as_secs_f64().mul_add(1e6 / requests, server));
            for ((runs, nanoseconds), ran) in shares.programs.iter_mut().zip(ours) {
                runs.add(ran.count as f64 / requests);
                if ran.count > 0 {
                    nanoseconds.add(ran.mean());
                }
            }
            let sum =
                |all: AllRan| all.iter().map(|ran| ran.time.as_secs_f64()).sum::<f64>() * 1e6 / requests;
            shares.ours.add(sum(ours));
            shares.empty.add(sum(empty));
        }
        let mut cells = vec![
            label(loopback).to_owned(),
            shares.server.show(0),
            shares.both.show(0),
        ];
        for (runs, nanoseconds) in &shares.programs {
            cells.push(if runs.median() < 0.5 {
                "-".to_owned()
            } else {
                format!("{:.0} x {:.0}", runs.median(), nanoseconds.median())
            });
        }
        let net = shares.ours.median() - shares.empty.median();
        cells.push(shares.ours.show(2));
        cells.push(format!("{net:.2}"));
        for of in [&shares.server, &shares.both] {
            cells.push(format!("{:.2} %", 100.0 * net / of.median()));
        }
        rows.push(cells);
        data.push(json!({
            "socket": label(loopback), "server_us": shares.server.json(), "both_us": shares.both.json(),
            "programs_us": shares.ours.json(),
            "empty_us": shares.empty.json(), "net_us": net,
        }));
    }
    Ok(Section {
        title: "Requests: share of a server's CPU",
        note: format!(
            "gunicorn {NEWEST}, 2 sync workers, a connection a request, one client, {rounds} rounds of {REQUESTS} requests: CPU \
             time of a request in the server's cgroup (`cpu.stat`), and with the client's thread; runs of each program for it at \
             both ends, times ns of one; their sum, and what is left of it without what empty programs take, which have their \
             turn before each of ours; that as a share of either CPU time."
        ),
        columns: vec![
            "socket",
            "server, us",
            "both ends, us",
            "ready",
            "read",
            "sent",
            "gone",
            "all, us",
            "net, us",
            "of the server",
            "of both",
        ],
        rows,
        data: Value::Array(data),
    })
}

/// The CPU time of this thread (`clock_gettime(2)`).
fn thread_time() -> Result<Duration> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).context("the client's own CPU time")?;
    Ok(time.into())
}

/// The CPU time of a cgroup so far, µs.
fn usage(cgroup: &ScratchCgroup) -> Result<f64> {
    let text = fs::read_to_string(cgroup.path().join("cpu.stat"))?;
    let usage = text.lines().find_map(|line| line.strip_prefix("usage_usec "));
    Ok(usage.context("cpu.stat without usage_usec")?.parse()?)
}
