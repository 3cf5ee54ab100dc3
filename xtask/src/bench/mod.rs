//! `cargo xtask bench`: what the accounting costs and how exact it is, measured on this machine, side by side
//! with the alternatives, as Markdown and JSON.

mod cost;
mod daemon;
mod exactness;
mod perf;
mod policy;
mod programs;
mod report;
mod requests;
mod series;
mod slowdown;
mod snapshot;
mod web;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::cargo::cargo;
use crate::{setup, workspace};
use report::{Report, Section};

/// Measures what the kernel accounting costs and how exact it is (some minutes; needs root and perf)
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often each figure is taken; the tables show the median and the spread
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// Takes these tables alone
    #[arg(long, value_enum)]
    only: Vec<Table>,
    /// Where bench.md and bench.json are written
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Table {
    /// Run time of each kernel program per event
    Cost,
    /// What `perf bench` loses while the programs are attached
    Slowdown,
    /// Requests per second and latency of a real gunicorn
    Web,
    /// CPU time and memory of the daemon over 1, 20 and 200 projects
    Daemon,
    /// Time to read the usage of many cgroups
    Snapshot,
    /// Our figures against the kernel's own
    Exactness,
    /// Requests of real servers against their own logs, and tens of thousands of them at full speed
    Requests,
    /// Run time of the request programs per event, and their share of a server's CPU
    RequestsCost,
    /// The policies on recorded loads, simulated to the request: how late, how many worker-hours. Needs no root
    Policy,
    /// What a server loses that is nobody's project
    RequestsOthers,
}

const TABLES: [Table; 10] = [
    Table::Cost,
    Table::Slowdown,
    Table::Web,
    Table::Daemon,
    Table::Snapshot,
    Table::Exactness,
    Table::Requests,
    Table::RequestsCost,
    Table::RequestsOthers,
    Table::Policy,
];

pub(crate) fn run(args: &Args) -> Result<()> {
    if cfg!(debug_assertions) {
        return again_optimized();
    }
    if args.only.is_empty() || args.only.iter().any(|table| *table != Table::Policy) {
        ensure!(
            nix::unistd::geteuid().is_root(),
            "the kernel programs need root: sudo cargo xtask bench"
        );
        if !setup::ready("the bench", setup::BENCH)? {
            return Ok(());
        }
    }
    let mut report = Report::of_this_machine()?;
    for table in TABLES {
        if !args.only.is_empty() && !args.only.contains(&table) {
            continue;
        }
        for measure in table.sections() {
            let section = measure(args.rounds)?;
            println!("{}", section.markdown());
            report.sections.push(section);
        }
    }
    let out = workspace().join(&args.out);
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    for (name, text) in [("bench.md", report.markdown()), ("bench.json", report.json()?)] {
        let path = out.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

impl Table {
    /// What takes its parts, given the rounds.
    fn sections(self) -> &'static [fn(u32) -> Result<Section>] {
        match self {
            Self::Cost => &[cost::measure],
            Self::Slowdown => &[slowdown::measure],
            Self::Web => &[web::measure],
            Self::Daemon => &[|_| daemon::measure(), |_| daemon::promises()],
            Self::Snapshot => &[snapshot::measure],
            Self::Exactness => &[|_| exactness::measure()],
            Self::Requests => &[|_| requests::measure(), |_| requests::speed()],
            Self::RequestsCost => &[requests::cost, requests::share],
            Self::RequestsOthers => &[requests::throughput],
            Self::Policy => &[
                |_| policy::measure(),
                |_| policy::pool(),
                |_| policy::suggestions(),
            ],
        }
    }
}

/// The daemon is installed optimized: measuring anything else would tell nothing.
fn again_optimized() -> Result<()> {
    let status = cargo()
        .current_dir(workspace())
        .args(["run", "--quiet", "--profile", "bench", "--package", "xtask", "--"])
        .args(std::env::args_os().skip(1))
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("the optimized bench ended with {status}");
    }
    Ok(())
}
