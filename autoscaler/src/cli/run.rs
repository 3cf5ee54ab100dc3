//! `autoscaler run`: the daemon, or one check of it.

use std::path::PathBuf;

use anyhow::Result;
use tracing::level_filters::LevelFilter;

use crate::cli::runtime::wait_for;
use crate::cli::store::StateDir;
use crate::daemon::{self, Options, RunMode};
use crate::model::{DEFAULT_PATH, Language};
use crate::report::log;

/// Watches the configured projects and scales them (the daemon).
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration.
    #[arg(long, short, value_name = "FILE", default_value = DEFAULT_PATH)]
    config: PathBuf,
    /// Decide and check as usual, but send no signal and write no limit.
    #[arg(long)]
    dry_run: bool,
    /// Measure for a few seconds, decide once for each project, say why, and end.
    #[arg(long)]
    once: bool,
    /// Say the outcome of every check.
    #[arg(long, short)]
    verbose: bool,
    /// Where the lock and the held times are kept.
    #[arg(
        long,
        value_name = "DIR",
        env = "RUNTIME_DIRECTORY",
        default_value = "/run/autoscaler"
    )]
    runtime_dir: PathBuf,
    #[command(flatten)]
    state: StateDir,
}

pub(super) fn run(args: Args, language: Option<Language>) -> Result<()> {
    log::start(if args.verbose {
        LevelFilter::DEBUG
    } else {
        LevelFilter::INFO
    })?;
    let options = Options {
        config: args.config,
        runtime_dir: args.runtime_dir,
        state_dir: args.state.state_dir,
        dry_run: args.dry_run,
        language,
        mode: if args.once { RunMode::Once } else { RunMode::Daemon },
    };
    wait_for(daemon::run(options))?
}
