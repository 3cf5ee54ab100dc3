//! `autoscaler history`: what a project's checks saw and decided, as a chart, a picture or a table.

use std::io;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Result;

use crate::cli::daemon::duration;
use crate::cli::failure::unwritable;
use crate::cli::promise;
use crate::cli::store::Place;
use crate::history::view::picture::Picture;
use crate::history::view::{Past, Zone, chart, export};
use crate::picture;

/// Shows what a project's checks saw and decided: CPU and its thresholds, workers, memory, queue, steps.
///
/// The daemon keeps every check. This reads its file, also while it runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  autoscaler history backdipro                          the last 24 hours, drawn in the terminal
  autoscaler history backdipro --since 7d --png week.png
  autoscaler history backdipro --since 30d --csv > month.csv
  autoscaler history backdipro --json | jq '.checks[] | select(.action == \"scale_up\")'")]
pub(super) struct Args {
    /// The project, as the configuration names it
    project: String,
    /// How far to look back, such as 30m, 24h, 7d
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    since: Duration,
    /// Draw a picture, SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Draw a picture, PNG
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Print every check as CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print every check and event as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// Columns of a chart that is not drawn on a terminal.
const COLUMNS: u16 = 100;

pub(super) fn run(args: &Args) -> Result<()> {
    let config = args.place.config()?;
    let reader = args.place.open(config.as_ref(), &args.project)?;
    // The check of this very moment belongs to it.
    let until = SystemTime::now() + Duration::from_secs(1);
    let since = until.checked_sub(args.since).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut past = Past::read(&reader, &args.project, since, until)?;
    past.kept = promise::kept(config.as_ref(), &reader, &args.project, until)?;
    let zone = Zone::local(until);
    let drawing = Picture { past: &past, zone };
    if let Some(path) = &args.svg {
        write(path, picture::svg(&drawing)?.as_bytes())?;
    }
    if let Some(path) = &args.png {
        write(path, &picture::png(&drawing)?)?;
    }
    let result = if args.csv {
        export::csv(&past, io::stdout().lock())
    } else if args.json {
        export::json(&past, io::stdout().lock())
    } else if args.svg.is_none() && args.png.is_none() {
        super::print(&chart::draw(&past, zone, paper()))
    } else {
        Ok(())
    };
    result.or_else(|error| {
        if is_broken_pipe(&error) {
            Ok(())
        } else {
            Err(error)
        }
    })
}

fn paper() -> chart::Paper {
    let terminal = io::stdout().is_terminal();
    let width = if terminal {
        ratatui::crossterm::terminal::size().map_or(COLUMNS, |(width, _)| width)
    } else {
        COLUMNS
    };
    chart::Paper {
        width,
        colours: terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|error| unwritable(path, &error))
}

/// Whether the reader of our output has had enough of it: `autoscaler history … --csv | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>();
        let csv = cause
            .downcast_ref::<csv::Error>()
            .and_then(|error| match error.kind() {
                csv::ErrorKind::Io(error) => Some(error),
                _ => None,
            });
        let json = cause
            .downcast_ref::<serde_json::Error>()
            .and_then(serde_json::Error::io_error_kind);
        io.or(csv).map(io::Error::kind).or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}
