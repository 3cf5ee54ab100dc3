//! The same load on several sites that wait for their database, each scaled by rules of its own.

mod record;
mod stage;
mod timeline;

use std::io;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use autoscaler_tests::Venv;
use serde_json::Value;
use tokio::time::{MissedTickBehavior, interval};

pub(super) use record::SiteRecord;
#[cfg(test)]
pub(super) use stage::accepted;
pub(super) use stage::{FEWEST, SERVICE};

use super::verdict::Point;
use super::{Language, daemon, interrupt};
use crate::setup;
use record::Record;
use stage::Stage;
use timeline::Timeline;

/// What is shown.
pub(super) struct Show {
    pub(super) title: &'static str,
    pub(super) sites: Vec<SiteRules>,
    /// What comes to each site, one after the other: workers that it would keep busy, and for how long.
    pub(super) course: Vec<(u32, Duration)>,
    /// What it all shows, by what was seen of each site.
    pub(super) judge: fn(&[SiteRecord]) -> Vec<Point>,
}

/// A site, and what its workers follow.
pub(super) struct SiteRules {
    pub(super) name: &'static str,
    /// In a sentence.
    pub(super) told: String,
    /// Its configuration, beside its bounds.
    pub(super) rules: Value,
}

/// Shows it.
///
/// # Errors
/// When something it needs is missing, when it is interrupted, and when what it shows is not what it should.
pub(super) fn run(show: &Show, gunicorn: &str, language: Language) -> Result<()> {
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
        let mut stage = Stage::set(&venv, &daemon, &show.sites, language)?;
        timeline.header(show, &stage.introduction())?;
        let mut record = Record::new(show.sites.len());
        tokio::select! {
            // First, because Ctrl-C reaches the daemon as well, and its end is then no fault.
            biased;
            signal = interrupted.wait() => bail!("ended by {signal}; everything that it started is ended too"),
            played = play(show, &mut stage, &mut record, &mut timeline) => played?,
        }
        let seen = stage.end(record, &mut timeline).await?;
        let points = (show.judge)(&seen);
        timeline.verdict(&points)?;
        if points.iter().any(|point| !point.good) {
            bail!("the demo did not show what it should");
        }
        Ok(())
    })
}

/// Walks through the course, a line a second.
async fn play(
    show: &Show,
    stage: &mut Stage,
    record: &mut Record,
    timeline: &mut Timeline<io::Stdout>,
) -> Result<()> {
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    second.tick().await;
    let start = Instant::now();
    let mut before = None;
    for &(workers, time) in &show.course {
        let per_second = stage.offer(workers);
        if before.replace(workers) != Some(workers) {
            timeline.part(workers, per_second)?;
        }
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
