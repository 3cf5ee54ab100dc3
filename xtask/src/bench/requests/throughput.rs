//! What a server loses that nobody asks about, while the request programs are attached for somebody else's.
//!
//! What is looked for is a few thousandths, and a machine's speed changes by more than that from second to second. So a load is cut
//! into short slices, and four of them make a block: without, with, with, without, which takes out whatever grows or shrinks
//! meanwhile. What is compared is CPU time for a command, which does not count what others had of the CPUs.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::steal::stolen;
use autoscaler_tests::{ScratchCgroup, broker, until};
use serde_json::{Value, json};

use super::{open, want};
use crate::bench::perf::children;
use crate::bench::report::Section;
use crate::bench::series::Series;

/// Blocks for each round that the other tables take.
const BLOCKS: u32 = 5;

/// How often a disturbed block is taken again before it is left as it is.
const TRIES: u32 = 5;

/// After the programs come or go, so that loading them is not a part of either.
const SETTLE: Duration = Duration::from_millis(100);

/// Commands of a slice: on kept connections, and with a connection for each.
const COMMANDS: u32 = 30_000;
const CONNECTIONS: u32 = 8_000;

/// The CPUs of the server and of its clients: moved to and fro, they would find their caches cold now and then.
const CPUS: [usize; 2] = [0, 1];

/// What a slice may lose to others, as a share of its time: taken by the hypervisor, or waited for while another process ran.
const DISTURBED: f64 = 0.02;

const UP: Duration = Duration::from_secs(30);

pub(in crate::bench) fn measure(rounds: u32) -> Result<Section> {
    let blocks = rounds * BLOCKS;
    let redis = Redis::start()?;
    let nobodys = ScratchCgroup::new("bench-requests-nobodys")?;
    let mut rows = Vec::new();
    let mut data = Vec::new();
    for load in [Load::Kept, Load::ConnectionEach] {
        let [mut without, mut with, mut cpu, mut server, mut rate] = <[Series; 5]>::default();
        let mut disturbed = 0;
        redis.slice(load)?;
        for _ in 0..blocks {
            let block = quiet_block(&redis, load, &nobodys)?;
            disturbed += u32::from(block.lost > DISTURBED);
            without.add(block.without.cpu * 1e6);
            with.add(block.with.cpu * 1e6);
            cpu.add(block.with.cpu / block.without.cpu);
            server.add(block.with.server / block.without.server);
            rate.add(block.without.wall / block.with.wall);
        }
        rows.push(vec![
            load.name().to_owned(),
            without.show(2),
            with.show(2),
            format!("{:.4}", 1.0 / cpu.median()),
            cpu.show_middle(4),
            server.show_middle(4),
            rate.show_middle(4),
            disturbed.to_string(),
        ]);
        data.push(json!({
            "load": load.name(), "without_us": without.json(), "with_us": with.json(), "cpu_ratio": cpu.json(),
            "server_cpu_ratio": server.json(), "rate_ratio": rate.json(), "disturbed": disturbed,
        }));
    }
    Ok(Section {
        title: "Requests: what others lose",
        note: format!(
            "A Redis on loopback that is nobody's project, asked by `redis-benchmark` (GET, 20 connections), each on a CPU of its \
             own, while the request programs are attached for somebody else and while they are not. {blocks} blocks of four slices \
             (without, with, with, without; {COMMANDS} commands or {CONNECTIONS} connections a slice), the ratio within each block: \
             median (quartiles). CPU time for a command is that of Redis and of its clients, by the scheduler's own count, us; \
             throughput is what it leaves: its reciprocal. A block of which a slice lost more than {} % of its time to the \
             hypervisor or to other processes is taken again, {TRIES} times at most; the last column has those that stayed so.",
            DISTURBED * 100.0
        ),
        columns: vec![
            "load",
            "CPU, without",
            "CPU, with",
            "throughput ratio",
            "CPU ratio",
            "CPU ratio, server alone",
            "rate ratio by the clock",
            "disturbed",
        ],
        rows,
        data: Value::Array(data),
    })
}

#[derive(Clone, Copy)]
enum Load {
    Kept,
    ConnectionEach,
}

impl Load {
    fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept connections",
            Self::ConnectionEach => "a connection each",
        }
    }

    fn commands(self) -> u32 {
        match self {
            Self::Kept => COMMANDS,
            Self::ConnectionEach => CONNECTIONS,
        }
    }
}

/// What a command took in a slice, or in two of them: seconds.
#[derive(Clone, Copy)]
struct Slice {
    /// By the clock.
    wall: f64,
    /// Of CPU, server and clients.
    cpu: f64,
    /// Of the server's CPU.
    server: f64,
    /// The share of the time that was lost to others.
    lost: f64,
}

impl Slice {
    fn and(self, other: Self) -> Self {
        Self {
            wall: self.wall + other.wall,
            cpu: self.cpu + other.cpu,
            server: self.server + other.server,
            lost: self.lost.max(other.lost),
        }
    }
}

struct Block {
    without: Slice,
    with: Slice,
    lost: f64,
}

/// A block that nothing disturbed, or the least disturbed of several.
fn quiet_block(redis: &Redis, load: Load, nobodys: &ScratchCgroup) -> Result<Block> {
    let mut best = block(redis, load, nobodys)?;
    for _ in 1..TRIES {
        if best.lost <= DISTURBED {
            break;
        }
        let again = block(redis, load, nobodys)?;
        if again.lost < best.lost {
            best = again;
        }
    }
    Ok(best)
}

fn block(redis: &Redis, load: Load, nobodys: &ScratchCgroup) -> Result<Block> {
    let slice = || {
        sleep(SETTLE);
        redis.slice(load)
    };
    let before = slice()?;
    let with = {
        let mut source = open()?;
        want(&mut source, nobodys)?;
        slice()?.and(slice()?)
    };
    let without = before.and(slice()?);
    let lost = without.lost.max(with.lost);
    Ok(Block { without, with, lost })
}

/// A Redis of our own. Dropping it ends it.
struct Redis {
    process: Child,
    port: String,
}

impl Redis {
    fn start() -> Result<Self> {
        let port = broker::free_port()?.to_string();
        let process = Command::new("taskset")
            .args(["--cpu-list", &CPUS[0].to_string(), "redis-server"])
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

    fn slice(&self, load: Load) -> Result<Slice> {
        let kept = matches!(load, Load::Kept);
        let (before, clients, taken, start) = (self.used()?, children()?, stolen(&CPUS)?, Instant::now());
        let output = Command::new("taskset")
            .args(["--cpu-list", &CPUS[1].to_string(), "redis-benchmark"])
            .args(["-h", "127.0.0.1", "-p", &self.port])
            .args(["-t", "get", "-c", "20", "--csv"])
            .args([
                "-n",
                &load.commands().to_string(),
                "-k",
                if kept { "1" } else { "0" },
            ])
            .output()
            .context("cannot run redis-benchmark")?;
        let wall = start.elapsed().as_secs_f64();
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success() && text.contains("\"GET\""),
            "redis-benchmark ended with {}: {text}",
            output.status
        );
        let after = self.used()?;
        let server = after.ran - before.ran;
        let waited = after.waited - before.waited;
        let taken = stolen(&CPUS)?.saturating_sub(taken).as_secs_f64();
        let commands = f64::from(load.commands());
        Ok(Slice {
            wall: wall / commands,
            cpu: (server + children()? - clients) / commands,
            server: server / commands,
            lost: (waited + taken) / wall,
        })
    }

    /// What its threads have used so far: the first two figures of /proc/PID/task/TID/schedstat.
    fn used(&self) -> Result<Used> {
        let mut used = Used::default();
        for task in fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            let mut figures = text.split_whitespace();
            let mut seconds = || -> Result<f64> {
                let ns: f64 = figures.next().context("a short schedstat")?.parse()?;
                Ok(ns / 1e9)
            };
            used.ran += seconds()?;
            used.waited += seconds()?;
        }
        Ok(used)
    }
}

/// Seconds on a CPU, and seconds in a queue for one.
#[derive(Default)]
struct Used {
    ran: f64,
    waited: f64,
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
