//! What the request programs take of the CPU that a real gunicorn takes for a request.

use std::fs;

use anyhow::{Context as _, Result};
use autoscaler_tests::server::Options;
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Client, ScratchCgroup, Server, Venv};
use serde_json::{Value, json};

use super::programs::{Attached, PROGRAMS};
use super::{label, settled, want};
use crate::bench::report::Section;
use crate::bench::series::Series;

/// How many requests one turn takes, without a pause.
const REQUESTS: u32 = 1_000;

#[derive(Default)]
struct Shares {
    /// By program: runs a request, and ns of one.
    programs: [(Series, Series); PROGRAMS.len()],
    /// A request's CPU in the server's cgroup, µs.
    server: Series,
    /// What all programs took for it, and empty ones in their place, µs.
    ours: Series,
    empty: Series,
}

pub(in crate::bench) fn measure(rounds: u32) -> Result<Section> {
    let mut rows = Vec::new();
    let mut data = Vec::new();
    for loopback in [true, false] {
        let mut attached = Attached::new()?;
        let cgroup = ScratchCgroup::new("bench-requests-share")?;
        let options = Options {
            loopback,
            app: Some("timed:app".to_owned()),
            ..Options::workers(2)
        };
        let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &options)?;
        want(&mut attached.source, &cgroup)?;
        settled(&attached.source)?;
        let mut client = Client::new(server.address(), false);
        let mut shares = Shares::default();
        for _ in 0..rounds {
            let before = usage(&cgroup)?;
            let ran = attached.during(|| (0..REQUESTS).try_for_each(|_| client.ask("/").map(drop)))?;
            let requests = f64::from(REQUESTS);
            shares.server.add((usage(&cgroup)? - before) / requests);
            let mut sums = (0.0, 0.0);
            for ((runs, nanoseconds), both) in shares.programs.iter_mut().zip(ran) {
                runs.add(both.ours.count as f64 / requests);
                if both.ours.count > 0 {
                    nanoseconds.add(both.mean().0);
                }
                sums.0 += both.ours.time.as_secs_f64() * 1e6 / requests;
                sums.1 += both.empty.time.as_secs_f64() * 1e6 / requests;
            }
            shares.ours.add(sums.0);
            shares.empty.add(sums.1);
        }
        let mut cells = vec![label(loopback).to_owned(), shares.server.show(0)];
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
        cells.push(format!("{:.2} %", 100.0 * net / shares.server.median()));
        rows.push(cells);
        data.push(json!({
            "socket": label(loopback), "server_us": shares.server.json(), "programs_us": shares.ours.json(),
            "empty_us": shares.empty.json(), "net_us": net,
        }));
    }
    Ok(Section {
        title: "Requests: share of a server's CPU",
        note: format!(
            "gunicorn {NEWEST}, 2 sync workers, a connection a request, one client, {rounds} rounds of {REQUESTS} requests: CPU \
             time of a request in the server's cgroup (`cpu.stat`); runs of each program for it, client's end included, times \
             ns of one; their sum, and what is left of it without what empty programs take in the same run."
        ),
        columns: vec![
            "socket",
            "CPU a request, us",
            "ready",
            "read",
            "sent",
            "gone",
            "all, us",
            "net, us",
            "net share",
        ],
        rows,
        data: Value::Array(data),
    })
}

/// The CPU time of a cgroup so far, µs.
fn usage(cgroup: &ScratchCgroup) -> Result<f64> {
    let text = fs::read_to_string(cgroup.path().join("cpu.stat"))?;
    let usage = text.lines().find_map(|line| line.strip_prefix("usage_usec "));
    Ok(usage.context("cpu.stat without usage_usec")?.parse()?)
}
