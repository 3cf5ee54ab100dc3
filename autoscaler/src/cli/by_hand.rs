//! `autoscaler scale`, `pause` and `resume`: orders to a running daemon.

use std::time::Duration;

use anyhow::Result;

use crate::cli::daemon::{Daemon, duration};
use crate::control::Command;
use crate::model::Language;

/// Gives a project a number of workers now, within its bounds.
///
/// The daemon takes the steps itself, one worker after the other, and keeps the memory limit in step. Its log says
/// who asked. Without --for the thresholds rule again at once, from the new count.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  autoscaler scale backdipro 4             4 workers, and the thresholds go on from there
  autoscaler scale backdipro 6 --for 2h    6 workers for two hours, whatever the load")]
pub(super) struct Scale {
    /// The project, as the configuration names it
    project: String,
    /// How many workers
    workers: u32,
    /// Keep this count for a time, such as 90s, 15m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    lasts: Option<Duration>,
    #[command(flatten)]
    daemon: Daemon,
}

/// Leaves the workers of a project, or of all, as they are.
///
/// Figures are still taken. Ends by itself after --for, or with `autoscaler resume`.
#[derive(Debug, clap::Args)]
pub(super) struct Pause {
    #[command(flatten)]
    which: Which,
    /// End by itself after a time, such as 15m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    lasts: Option<Duration>,
    #[command(flatten)]
    daemon: Daemon,
}

/// Ends what was ordered by hand: a pause, or a count for a time.
#[derive(Debug, clap::Args)]
pub(super) struct Resume {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The project, as the configuration names it
    project: Option<String>,
    /// Every project
    #[arg(long)]
    all: bool,
}

pub(super) fn scale(args: Scale, asked: Option<Language>) -> Result<()> {
    args.daemon.order(
        Command::Scale {
            project: args.project,
            workers: args.workers,
            for_seconds: args.lasts.map(|lasts| lasts.as_secs()),
        },
        asked,
    )
}

pub(super) fn pause(args: Pause, asked: Option<Language>) -> Result<()> {
    args.daemon.order(
        Command::Pause {
            project: args.which.project,
            for_seconds: args.lasts.map(|lasts| lasts.as_secs()),
        },
        asked,
    )
}

pub(super) fn resume(args: Resume, asked: Option<Language>) -> Result<()> {
    args.daemon.order(
        Command::Resume {
            project: args.which.project,
        },
        asked,
    )
}
