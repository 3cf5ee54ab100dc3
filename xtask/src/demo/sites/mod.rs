//! `cargo xtask demo requests`: the same load on two sites that wait for their database. By its CPU the one is idle while
//! people wait; the other follows its busy workers.

mod record;
mod stage;
mod timeline;

use std::io;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use autoscaler_tests::Venv;
use tokio::time::{MissedTickBehavior, interval};

use super::{Language, daemon, interrupt};
use crate::setup;
use record::Record;
use stage::Stage;
use timeline::Timeline;

/// What comes to each site, one after the other: workers that it would keep busy, and for how long.
const COURSE: [(u32, Duration); 3] = [
    (1, Duration::from_secs(8)),
    (6, Duration::from_secs(20)),
    (2, Duration::from_secs(25)),
];

/// Runs the demo.
///
/// # Errors
/// When something it needs is missing, when it is interrupted, and when what it shows is not what it should.
pub(super) fn run(gunicorn: &str, language: Language) -> Result<()> {
    if !setup::ready("the demo", setup::DEMO)? {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let venv = Venv::gunicorn(gunicorn)?;
    let daemon = daemon::build()?;
    runtime.block_on(async {
        let mut interrupted = interrupt::Interrupt::listen()?;
        let mut timeline = Timeline::new(io::stdout());
        let mut stage = Stage::set(&venv, &daemon, language)?;
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
    second.tick().await;
    let start = Instant::now();
    for (workers, time) in COURSE {
        timeline.part(workers, stage.offer(workers))?;
        let begun = Instant::now();
        while begun.elapsed() < time {
            tokio::select! {
                line = stage.daemon.line() => {
                    timeline.log(&line?)?;
                    continue;
                }
                _ = second.tick() => {}
            }
            let seen = stage.look()?;
            timeline.row(start.elapsed(), workers, &seen)?;
            record.see(&seen);
        }
    }
    Ok(())
}
