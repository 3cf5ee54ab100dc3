//! What a server loses that nobody asks about, while the request programs are attached for somebody else's.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::{ScratchCgroup, broker, until};
use serde_json::{Value, json};

use super::{open, want};
use crate::bench::perf::children;
use crate::bench::report::Section;
use crate::bench::series::Series;

/// Pairs for each round that the other tables take: what is looked for here is smaller than the noise.
const PAIRS: u32 = 5;

/// After the programs come or go, so that loading them is not a part of either.
const SETTLE: Duration = Duration::from_millis(200);

/// Commands of a turn: on kept connections, and with a connection for each.
const COMMANDS: &str = "100000";
const CONNECTIONS: &str = "20000";

const UP: Duration = Duration::from_secs(30);

pub(in crate::bench) fn measure(rounds: u32) -> Result<Section> {
    let pairs = rounds * PAIRS;
    let redis = Redis::start()?;
    let nobodys = ScratchCgroup::new("bench-requests-nobodys")?;
    let plain = |kept: bool| {
        sleep(SETTLE);
        redis.ask(kept)
    };
    let burdened = |kept: bool| {
        let mut source = open()?;
        want(&mut source, &nobodys)?;
        plain(kept)
    };
    let mut rows = Vec::new();
    let mut data = Vec::new();
    for kept in [true, false] {
        let [mut without, mut with, mut rate, mut cpu] = <[Series; 4]>::default();
        redis.ask(kept)?;
        for pair in 0..pairs {
            let (one, other) = if pair % 2 == 0 {
                let one = plain(kept)?;
                (one, burdened(kept)?)
            } else {
                let other = burdened(kept)?;
                (plain(kept)?, other)
            };
            without.add(one.rate);
            with.add(other.rate);
            rate.add(other.rate / one.rate);
            cpu.add(other.cpu / one.cpu);
        }
        let load = if kept {
            "kept connections"
        } else {
            "a connection each"
        };
        rows.push(vec![
            load.to_owned(),
            without.show(0),
            with.show(0),
            rate.show(4),
            cpu.show(4),
        ]);
        data.push(
            json!({ "load": load, "without": without.json(), "with": with.json(), "rate_ratio": rate.json(),
            "cpu_ratio": cpu.json() }),
        );
    }
    Ok(Section {
        title: "Requests: what others lose",
        note: format!(
            "A Redis on loopback that is nobody's project, asked by `redis-benchmark` (GET, 20 connections) while the request \
             programs are attached and while they are not: commands a second, {pairs} pairs in turns; the ratio is taken \
             within each pair (1 = no difference): of the rate, and of the CPU time of Redis and its clients, which other work on \
             the machine disturbs less."
        ),
        columns: vec!["load", "without", "with", "rate ratio", "CPU ratio"],
        rows,
        data: Value::Array(data),
    })
}

/// What one turn told: commands a second, and seconds of CPU for all of them.
#[derive(Clone, Copy)]
struct Turn {
    rate: f64,
    cpu: f64,
}

/// A Redis of our own. Dropping it ends it.
struct Redis {
    process: Child,
    port: String,
}

impl Redis {
    fn start() -> Result<Self> {
        let port = broker::free_port()?.to_string();
        let process = Command::new("redis-server")
            .args([
                "--port",
                &port,
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .stdin(Stdio::null())
            .stdout(File::open("/dev/null")?)
            .spawn()
            .context("cannot start redis-server")?;
        let redis = Self { process, port };
        until("Redis to answer", UP, || {
            let answered = Command::new("redis-cli")
                .args(["-h", "127.0.0.1", "-p", &redis.port, "ping"])
                .output()
                .ok()?;
            answered.stdout.starts_with(b"PONG").then_some(())
        })?;
        Ok(redis)
    }

    fn ask(&self, kept: bool) -> Result<Turn> {
        let (kept, commands) = if kept { ("1", COMMANDS) } else { ("0", CONNECTIONS) };
        let cpu = self.cpu()? + children()?;
        let output = Command::new("redis-benchmark")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &self.port,
                "-t",
                "get",
                "-c",
                "20",
                "--csv",
            ])
            .args(["-n", commands, "-k", kept])
            .output()
            .context("cannot run redis-benchmark")?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success(),
            "redis-benchmark ended with {}: {text}",
            output.status
        );
        // "GET","88888.89",…
        let rate = text
            .lines()
            .find_map(|line| line.strip_prefix("\"GET\",\"")?.split('"').next()?.parse().ok());
        Ok(Turn {
            rate: rate.with_context(|| format!("redis-benchmark told no rate: {text}"))?,
            cpu: self.cpu()? + children()? - cpu,
        })
    }

    /// The CPU time of its threads so far, seconds: the first figure of /proc/PID/task/TID/schedstat.
    fn cpu(&self) -> Result<f64> {
        let mut sum = 0.0;
        for task in fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            let ran: f64 = text.split(' ').next().context("an empty schedstat")?.parse()?;
            sum += ran / 1e9;
        }
        Ok(sum)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
