//! A real gunicorn, asked as fast as it answers, with and without the programs.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use autoscaler_tests::server::Options;
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Address, ScratchCgroup, Server, Venv};
use hdrhistogram::Histogram;
use serde_json::json;

use super::programs::ours;
use super::report::Section;
use super::series::Series;

/// How many requests one turn takes.
const REQUESTS: u32 = 1_000;
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Requests per second and the 99th percentile of the latency, ms.
struct Turn {
    rate: f64,
    p99: f64,
}

pub(super) fn measure(rounds: u32) -> Result<Section> {
    let cgroup = ScratchCgroup::new("bench-web")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(2))?;
    let address = server.address();
    let with = || -> Result<Turn> {
        let _ours = ours()?;
        ask(address)
    };
    let (mut rates, mut latencies) = (
        [Series::default(), Series::default()],
        [Series::default(), Series::default()],
    );
    let mut ratio = Series::default();
    ask(address)?;
    for round in 0..rounds {
        let pair = if round % 2 == 0 {
            let plain = ask(address)?;
            [plain, with()?]
        } else {
            let burdened = with()?;
            [ask(address)?, burdened]
        };
        ratio.add(pair[1].rate / pair[0].rate);
        for (index, turn) in pair.iter().enumerate() {
            rates[index].add(turn.rate);
            latencies[index].add(turn.p99);
        }
    }
    let rows = ["without", "with ours"].iter().enumerate();
    let rows = rows.map(|(index, label)| {
        vec![
            (*label).to_owned(),
            rates[index].show(0),
            latencies[index].show(2),
        ]
    });
    Ok(Section {
        title: "gunicorn",
        note: format!(
            "gunicorn {NEWEST}, 2 sync workers, one client that asks {REQUESTS} times without a pause, {rounds} pairs \
             in turns. Requests/s with ours against without: {}.",
            ratio.show(4)
        ),
        columns: vec!["programs", "requests/s", "p99 ms"],
        rows: rows.collect(),
        data: json!({
            "without": { "requests_per_s": rates[0].json(), "p99_ms": latencies[0].json() },
            "with": { "requests_per_s": rates[1].json(), "p99_ms": latencies[1].json() },
            "ratio": ratio.json(),
        }),
    })
}

fn ask(address: &Address) -> Result<Turn> {
    let mut latencies = Histogram::<u64>::new(3)?;
    let start = Instant::now();
    for _ in 0..REQUESTS {
        let asked = Instant::now();
        let (status, _) = address.get("/", ANSWER_LIMIT)?;
        ensure!(status == 200, "gunicorn answered {status}");
        latencies.record(u64::try_from(asked.elapsed().as_micros())?)?;
    }
    Ok(Turn {
        rate: f64::from(REQUESTS) / start.elapsed().as_secs_f64(),
        p99: latencies.value_at_quantile(0.99) as f64 / 1e3,
    })
}
