//! `cargo xtask demo celery`: a real Celery worker on a real Redis, its pool following the queue.

mod course;
mod record;
mod stage;
mod timeline;

use std::io;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use autoscaler_tests::Venv;
use autoscaler_tests::venv::NEWEST;
use tokio::time::{MissedTickBehavior, interval};

use super::{Language, daemon, interrupt};
use crate::setup;
use course::COURSE;
use record::Record;
use stage::Stage;
use timeline::Timeline;

/// Options of `cargo xtask demo celery`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Version of Celery to install from PyPI, such as 5.2.7
    #[arg(long, value_name = "VERSION", default_value = NEWEST)]
    celery: String,
}

/// Runs the demo.
///
/// # Errors
/// When something it needs is missing, when it is interrupted, and when what it shows is not what it should: a
/// pool that does not go up to its maximum and back, a task that did not run exactly once.
pub(super) fn run(args: &Args, language: Language) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    if !setup::ready("the demo", setup::DEMO_CELERY)? {
        return Ok(());
    }
    let venv = Venv::celery(&args.celery)?;
    let daemon = daemon::build()?;
    runtime.block_on(async {
        let mut interrupted = interrupt::Interrupt::listen()?;
        let mut timeline = Timeline::new(io::stdout());
        let mut stage = Stage::set(&venv, &daemon, language).await?;
        timeline.header(&stage.introduction())?;
        let mut record = Record::default();
        tokio::select! {
            // First, because Ctrl-C reaches the daemon as well, and its end is then no fault.
            biased;
            signal = interrupted.wait() => bail!("ended by {signal}; everything that it started is ended too"),
            played = play(&mut stage, &mut record, &mut timeline) => played?,
        }
        let points = stage.end(record, &mut timeline).await?;
        timeline.verdict(&points)?;
        if points.iter().any(|point| !point.good) {
            bail!("the demo did not show what it should");
        }
        Ok(())
    })
}

/// Walks through the course, a line a second.
async fn play(stage: &mut Stage, record: &mut Record, timeline: &mut Timeline<io::Stdout>) -> Result<()> {
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let start = Instant::now();
    for part in &COURSE {
        timeline.part(part)?;
        let mut putting = stage.put(part.tasks, record.put());
        record.add_put(part.tasks);
        let begun = Instant::now();
        loop {
            tokio::select! {
                line = stage.daemon.line() => {
                    timeline.log(&line?)?;
                    continue;
                }
                _ = second.tick() => {}
            }
            let seen = stage.look().await?;
            timeline.row(start.elapsed(), &seen)?;
            record.see(&seen);
            let all_put = putting.as_ref().is_none_or(tokio::task::JoinHandle::is_finished);
            if all_put && part.is_over(&seen, record.put()) || begun.elapsed() >= part.limit {
                break;
            }
        }
        if let Some(putting) = putting.take() {
            putting.await.context("the tasks could not be put")??;
        }
    }
    Ok(())
}
