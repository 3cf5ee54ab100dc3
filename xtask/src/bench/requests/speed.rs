//! Tens of thousands of requests as fast as they are answered, and servers that are killed inside one: nothing is lost and
//! nothing stays.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use autoscaler::host::requests::RequestSource;
use autoscaler_common::Requests;
use autoscaler_tests::server::Options;
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Address, Client, ScratchCgroup, Server, Venv, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::{label, look, open, settled, since, want};
use crate::bench::report::Section;

const REQUESTS: usize = 50_000;
const CLIENTS: usize = 4;

/// Longest that a killed server's requests may take to be over.
const GONE: Duration = Duration::from_secs(30);

struct Outcome {
    label: String,
    sent: usize,
    counted: Requests,
    live: usize,
    per_second: Option<f64>,
}

pub(in crate::bench) fn measure() -> Result<Section> {
    let mut source = open()?;
    let mut outcomes = Vec::new();
    for keep_alive in [true, false] {
        for loopback in [false, true] {
            outcomes.push(fast(&mut source, loopback, keep_alive)?);
        }
    }
    for loopback in [false, true] {
        outcomes.push(killed(loopback)?);
    }
    let row = |outcome: &Outcome| {
        vec![
            outcome.label.clone(),
            outcome.sent.to_string(),
            outcome.counted.begun.to_string(),
            outcome.counted.answered.to_string(),
            outcome.counted.abandoned.to_string(),
            outcome.live.to_string(),
            outcome
                .per_second
                .map_or("-".to_owned(), |rate| format!("{rate:.0}")),
        ]
    };
    let data = outcomes.iter().map(|outcome| {
        json!({ "load": outcome.label, "sent": outcome.sent, "begun": outcome.counted.begun,
            "answered": outcome.counted.answered, "abandoned": outcome.counted.abandoned, "live": outcome.live,
            "per_second": outcome.per_second })
    });
    Ok(Section {
        title: "Requests: none lost, none left",
        note: format!(
            "The newest gunicorn, two gthread workers of two threads, {CLIENTS} clients that ask without a pause; then {CLIENTS} sync \
             workers that are killed with SIGKILL while each serves one. Live is what is counted as waiting or served afterwards. \
             (The end of a Unix connection is not told of: there, what was killed is begun and nothing else.)"
        ),
        columns: vec![
            "load",
            "sent",
            "begun",
            "answered",
            "abandoned",
            "live",
            "a second",
        ],
        rows: outcomes.iter().map(row).collect(),
        data: Value::Array(data.collect()),
    })
}

fn start(cgroup: &ScratchCgroup, loopback: bool, workers: u32, class: &[&str]) -> Result<Server> {
    let options = Options {
        loopback,
        app: Some("timed:app".to_owned()),
        ..Options::workers(workers).args(class)
    };
    Server::gunicorn(&Venv::gunicorn(NEWEST)?, cgroup, &options)
}

fn fast(source: &mut RequestSource, loopback: bool, keep_alive: bool) -> Result<Outcome> {
    let cgroup = ScratchCgroup::new("bench-requests-fast")?;
    let threads = [
        "--worker-class",
        "gthread",
        "--threads",
        "2",
        "--keep-alive",
        "60",
    ];
    let server = start(&cgroup, loopback, 2, &threads)?;
    want(source, &cgroup)?;
    let before = settled(source)?;
    let start = Instant::now();
    together(server.address(), keep_alive, "/", REQUESTS / CLIENTS)?;
    let took = start.elapsed();
    let counted = since(&before, &settled(source)?);
    let kept = if keep_alive {
        "keep-alive"
    } else {
        "a connection each"
    };
    Ok(Outcome {
        label: format!("{}, {kept}", label(loopback)),
        sent: REQUESTS,
        counted,
        live: look(source)?.live.len(),
        per_second: Some(REQUESTS as f64 / took.as_secs_f64()),
    })
}

fn together(address: &Address, keep_alive: bool, path: &str, each: usize) -> Result<()> {
    let client = || -> Result<()> {
        let mut client = Client::new(address, keep_alive);
        (0..each).try_for_each(|_| client.ask(path).map(drop))
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        for client in clients {
            match client.join() {
                Ok(asked) => asked?,
                Err(_) => bail!("a client panicked"),
            }
        }
        Ok(())
    })
}

fn killed(loopback: bool) -> Result<Outcome> {
    // Of its own: to others, what is begun and never over would look as if it were under way.
    let source = &mut open()?;
    let cgroup = ScratchCgroup::new("bench-requests-killed")?;
    let server = start(&cgroup, loopback, u32::try_from(CLIENTS)?, &["--timeout", "600"])?;
    want(source, &cgroup)?;
    let before = settled(source)?;
    let address = server.address().clone();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let mut client = Client::new(&address, false);
            thread::spawn(move || client.ask("/sleep/60"))
        })
        .collect();
    until("all to be served", GONE, || {
        let live = look(source).ok()?.live;
        (live.iter().filter(|live| live.served_since > 0).count() == CLIENTS).then_some(())
    })?;
    for pid in cgroup.pids() {
        let _ = kill(Pid::from_raw(pid.try_into()?), Signal::SIGKILL);
    }
    for client in clients {
        ensure!(
            client.join().is_ok_and(|answer| answer.is_err()),
            "answered by a killed server"
        );
    }
    let _ = until("nothing to stay", GONE, || {
        look(source).ok()?.live.is_empty().then_some(())
    });
    let now = look(source)?;
    Ok(Outcome {
        label: format!("{}, killed inside a request", label(loopback)),
        sent: CLIENTS,
        counted: since(&before, &now.counted),
        live: now.live.len(),
        per_second: None,
    })
}
