//! `cargo xtask soak`: the optimized daemon for hours over twenty projects that live, and whether it stays as it was.
//!
//! Real gunicorns and Celery workers in cgroups of their own get the recorded loads sixty times as fast as they were recorded,
//! and the daemon checks as much more often than usual. Meanwhile workers, masters and the broker are killed, sites are
//! reloaded, the configuration is edited, well and badly, and orders are given. Everything that it starts ends with it.

mod configuration;
mod counts;
mod fit;
mod life;
mod report;
mod site;
mod stage;
mod tasks;
mod trace;
mod verdict;
mod visitors;
mod watch;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use autoscaler_tests::Venv;
use autoscaler_tests::venv::{NEWEST, target_dir};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{MissedTickBehavior, interval};

use crate::demo::interrupt::Interrupt;
use crate::setup;
use report::Row;
use stage::Stage;
use verdict::Record;
use watch::Held;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(5);

/// Options of `cargo xtask soak`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how many hours
    #[arg(long, default_value_t = 2.0)]
    hours: f64,
    /// Minutes between two lines
    #[arg(long, default_value_t = 10.0)]
    every: f64,
    /// What happens, and to whom, is the same for the same number
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Soaks this program, such as the installed one, in place of the one of this workspace
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Soaks the daemon.
///
/// # Errors
/// When something it needs is missing, when it is interrupted, and when the daemon is not as it should be.
pub(crate) fn run(args: &Args) -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        bail!("a soak makes cgroups and loads kernel programs, so it needs root: sudo -E cargo xtask soak");
    }
    ensure!(
        args.hours > 0.0 && args.every > 0.0,
        "--hours and --every are times: more than 0"
    );
    if !setup::ready("the soak", setup::SOAK)? {
        return Ok(());
    }
    let program = if let Some(program) = &args.program {
        program.clone()
    } else {
        crate::daemon::build()?;
        target_dir().join("release/autoscaler")
    };
    let (gunicorn, celery) = (Venv::gunicorn(NEWEST)?, Venv::celery(NEWEST)?);
    let home = target_dir().join("soak");
    // Of an earlier run.
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        let mut interrupted = Interrupt::listen()?;
        // What the stage holds is ended and removed when this returns, on every way out.
        let mut stage = Stage::set(&home, &program, (&gunicorn, &celery), args.seed)?;
        report::header(&mut io::stdout(), &stage.introduction())?;
        let mut held = Vec::new();
        tokio::select! {
            signal = interrupted.wait() => bail!("ended by {signal}; everything that it started is ended too"),
            lived = live(&mut stage, args, &home, &mut held) => lived?,
        }
        let told = stage.daemon.told()?;
        let counts = std::mem::take(&mut stage.counts);
        let happened: Vec<String> = stage.happened.iter().map(|(what, count)| format!("{count} x {what:?}")).collect();
        let by_themselves = stage.ended_by_themselves;
        let log = stage.daemon.log_file();
        let requests = stage.end().await?;
        let record = Record {
            held,
            told,
            requests,
            counts,
            levels: levels(&fs::read_to_string(&log)?),
        };
        let points = record.judge();
        report::verdict(&mut io::stdout(), &points)?;
        println!("\n  happened: {}; {by_themselves} x Celery ended by itself", happened.join(", "));
        println!("  the daemon's log is {}, every look is in {}", log.display(), home.join("looks.csv").display());
        ensure!(points.iter().all(|point| point.good), "the daemon is not as it should be");
        Ok(())
    })
}

/// Lives through the hours, a look every [`LOOK`].
async fn live(stage: &mut Stage, args: &Args, home: &Path, held: &mut Vec<(Duration, Held)>) -> Result<()> {
    let (whole, between) = (hours(args.hours), hours(args.every / 60.0));
    let mut looks = File::create(home.join("looks.csv"))?;
    writeln!(
        looks,
        "seconds,resident_kib,anonymous_kib,descriptors,cpu_seconds"
    )?;
    let mut next = interval(LOOK);
    next.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let start = Instant::now();
    let mut line = between;
    loop {
        next.tick().await;
        let elapsed = start.elapsed();
        stage.live(elapsed)?;
        stage.compare()?;
        let now = stage.daemon.held()?;
        writeln!(
            looks,
            "{:.1},{},{},{},{:.2}",
            elapsed.as_secs_f64(),
            now.resident,
            now.anonymous,
            now.descriptors,
            now.cpu.as_secs_f64()
        )?;
        held.push((elapsed, now));
        if elapsed >= line || elapsed >= whole {
            line += between;
            row(stage, elapsed, now)?.print(&mut io::stdout())?;
        }
        if elapsed >= whole {
            return Ok(());
        }
    }
}

fn row(stage: &Stage, time: Duration, held: Held) -> Result<Row> {
    Ok(Row {
        time,
        held,
        cpu: held.cpu.as_secs_f64() / time.as_secs_f64(),
        history: stage.daemon.history_bytes(),
        fills: stage.daemon.fills()?,
        told: stage.daemon.told()?,
        wrong: stage.counts.wrong.len(),
        unseen: stage.counts.unseen,
        requests: stage.requests(),
        tasks: stage.tasks(),
    })
}

/// Lines of a log by what they begin with: `[INFO]`.
fn levels(log: &str) -> BTreeMap<String, usize> {
    let mut levels = BTreeMap::new();
    for line in log.lines() {
        let level = line
            .split(' ')
            .next()
            .filter(|word| word.starts_with('['))
            .unwrap_or("others");
        *levels.entry(level.to_owned()).or_default() += 1;
    }
    levels
}

fn hours(hours: f64) -> Duration {
    Duration::from_secs_f64(hours * 3600.0)
}

/// One of these, by `chance`, from 0 to 1.
fn one_of<T>(all: &[T], chance: f64) -> Option<&T> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to the number of them"
    )]
    let place = (chance * all.len() as f64) as usize;
    all.get(place.min(all.len().saturating_sub(1)))
}

fn signal(pid: u32, signal: Signal) -> Result<()> {
    kill(Pid::from_raw(i32::try_from(pid)?), signal).with_context(|| format!("cannot send {signal} to {pid}"))
}
