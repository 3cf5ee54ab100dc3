//! `cargo xtask month`: what a month of history costs, on disk and in the daemon's memory.

mod load;
mod store;

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use crate::{daemon, workspace};
pub(crate) use load::unit;

/// Writes a month of many projects' checks by the daemon's own writer, and measures the file and the daemon over it
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Projects
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    projects: u32,
    /// Days
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
    /// Writes the history alone, and keeps it in this file
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let home = tempfile::tempdir()?;
    let path = match &args.store {
        Some(store) => workspace().join(store),
        None => home.path().join("state/history.db"),
    };
    store::write(&path, args.projects, args.days)?;
    let bytes = std::fs::metadata(&path)
        .with_context(|| path.display().to_string())?
        .len();
    let months = f64::from(args.projects) * f64::from(args.days) / 30.0;
    println!(
        "history of {} projects, {} days, a check every {} s: {:.1} MiB, {:.2} MiB for each project and month",
        args.projects,
        args.days,
        load::INTERVAL.as_secs(),
        bytes as f64 / MIB,
        bytes as f64 / MIB / months
    );
    if args.store.is_some() {
        return Ok(());
    }
    let taken = daemon::measure(home.path(), args.projects)?;
    let mebibytes = |kib: u64| kib as f64 / KIB_OF_MIB;
    println!(
        "daemon over it, after {} checks: {:.1} MiB resident ({:.1} MiB of its own, the rest the program's file and the \
         kernel's maps), {:.1} MiB with its metrics scraped; {:.1} MiB at most, while it starts",
        daemon::CHECKS,
        mebibytes(taken.memory.resident),
        mebibytes(taken.memory.anonymous),
        mebibytes(taken.scraped.resident),
        mebibytes(taken.scraped.peak)
    );
    if args.projects <= MEANT_FOR {
        let resident = mebibytes(taken.memory.resident.max(taken.scraped.resident));
        ensure!(
            resident < MOST,
            "{resident:.1} MiB are resident, {MOST} at most were meant for {MEANT_FOR} projects"
        );
    }
    Ok(())
}

/// The most that the daemon may hold, MiB, with so many projects.
const MOST: f64 = 15.0;
const MEANT_FOR: u32 = 20;

const MIB: f64 = 1_048_576.0;
const KIB_OF_MIB: f64 = 1024.0;
