//! `cargo xtask demo`: one real gunicorn project, scaled on its own cgroup's load, with a noisy neighbour.
//!
//! Everything it starts ends with it, and everything it makes outside `target/` is removed, however it ends.

mod app;
mod celery;
mod daemon;
mod figures;
pub(crate) mod interrupt;
mod ladder;
mod neighbour;
mod phase;
mod requests;
mod sites;
mod stage;
mod target;
mod timeline;
mod verdict;

use std::io;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use autoscaler_tests::Venv;
use autoscaler_tests::venv::NEWEST;
use clap::ValueEnum;
use tokio::time::{MissedTickBehavior, interval};

use crate::setup;
use phase::PHASES;
use stage::Stage;
use timeline::{Row, Timeline};
use verdict::Record;

/// Options of `cargo xtask demo`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    other: Option<Other>,
    /// Language of the daemon's log lines
    #[arg(long, value_enum, default_value_t)]
    language: Language,
    /// Version of gunicorn to install from PyPI, such as 20.1.0
    #[arg(long, value_name = "VERSION", default_value = NEWEST)]
    gunicorn: String,
}

/// Another demo than gunicorn's.
#[derive(clap::Subcommand)]
enum Other {
    /// Shows a real Celery worker's pool following its queue on a real Redis (a minute or two; needs root)
    Celery {
        /// Language of the daemon's log lines
        #[arg(long, value_enum, default_value_t)]
        language: Language,
        #[command(flatten)]
        args: celery::Args,
    },
    /// Shows three sites that wait for their database, by CPU, by thresholds and by a promise about waiting (five minutes; needs
    /// root)
    Target {
        /// Language of the daemon's log lines
        #[arg(long, value_enum, default_value_t)]
        language: Language,
    },
    /// Shows two sites that wait for their database, one scaled by CPU and one by its busy workers (two minutes; needs root)
    Requests {
        /// Language of the daemon's log lines
        #[arg(long, value_enum, default_value_t)]
        language: Language,
    },
}

/// Language of the daemon's log lines; the daemon's own default is Spanish.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Language {
    /// Spanish
    #[default]
    Es,
    /// English
    En,
}

impl Language {
    /// As the configuration writes it.
    fn key(self) -> &'static str {
        match self {
            Self::Es => "es",
            Self::En => "en",
        }
    }
}

/// Runs the demo.
///
/// # Errors
/// When something it needs is missing, when it is interrupted, and when what it shows is not what it should:
/// workers that do not go from 1 to 3 or more and back, a failed request, a neighbour that was counted.
pub(crate) fn run(args: &Args) -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        bail!("the demo makes cgroups and loads kernel programs, so it needs root: sudo -E cargo xtask demo");
    }
    match &args.other {
        Some(Other::Celery { language, args }) => return celery::run(args, *language),
        Some(Other::Requests { language }) => return requests::run(&args.gunicorn, *language),
        Some(Other::Target { language }) => return target::run(&args.gunicorn, *language),
        None => {}
    }
    if !setup::ready("the demo", setup::DEMO)? {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let venv = Venv::gunicorn(&args.gunicorn)?;
    let daemon = daemon::build()?;
    runtime.block_on(async {
        let mut interrupted = interrupt::Interrupt::listen()?;
        let mut timeline = Timeline::new(io::stdout());
        // What the stage holds is ended and removed when this returns, on every way out.
        let mut stage = Stage::set(&venv, &daemon, args.language).await?;
        timeline.header(&stage.introduction())?;
        let played = tokio::select! {
            // First, because Ctrl-C reaches the daemon as well, and its end is then no fault.
            biased;
            signal = interrupted.wait() => bail!("ended by {signal}; everything that it started is ended too"),
            played = play(&mut stage, &mut timeline) => played?,
        };
        let verdict = stage.end(played, &mut timeline).await?;
        timeline.verdict(&verdict)?;
        if !verdict.good() {
            bail!("the demo did not show what it should");
        }
        Ok(())
    })
}

/// Walks through the phases, a line a second.
async fn play(stage: &mut Stage, timeline: &mut Timeline<io::Stdout>) -> Result<Record> {
    let mut record = Record::default();
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    second.tick().await;
    let start = Instant::now();
    for phase in &PHASES {
        stage.load.set(phase.users);
        timeline.phase(&phase.to_string())?;
        let mut progress = phase.begin();
        loop {
            tokio::select! {
                line = stage.daemon.line() => {
                    timeline.log(&line?)?;
                    continue;
                }
                _ = second.tick() => {}
            }
            let seen = stage.load.take();
            let workers = stage.app.workers();
            let figures = stage.figures.look().await?;
            timeline.row(&Row::new(start.elapsed(), workers, figures, &seen))?;
            record.add(workers, &seen);
            if progress.is_over(workers) {
                break;
            }
        }
    }
    Ok(record)
}
