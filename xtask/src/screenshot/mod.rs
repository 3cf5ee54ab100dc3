//! `cargo xtask screenshot`: a real frame of `autoscaler top` as a picture for the book.

mod ansi;
mod loads;
mod svg;

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use autoscaler_tests::Terminal;
use autoscaler_tests::daemon::program;

use crate::{setup, workspace};
use loads::Loads;

/// Columns and lines of the picture.
const SIZE: (u16, u16) = (110, 18);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the picture goes
    #[arg(long, value_name = "FILE", default_value = "docs/images/top.svg")]
    output: PathBuf,
    /// How long the loads run before the frame is taken
    #[arg(long, value_name = "SECONDS", default_value_t = 130)]
    after: u64,
}

/// Runs loads in cgroups of its own, `autoscaler top` on them in a terminal, and draws what stands on it.
///
/// # Errors
/// Without root, tmux or a built program.
pub(crate) fn run(args: &Args) -> Result<()> {
    let program = program();
    if !program.exists() {
        bail!(
            "{} is not built: cargo build --package autoscaler",
            program.display()
        );
    }
    if !setup::ready("the screenshot", setup::SCREENSHOT)? {
        return Ok(());
    }
    let loads = Loads::start()?;
    let terminal = Terminal::start(
        SIZE.0,
        SIZE.1,
        &format!(
            "exec {} top --cgroup {}",
            program.display(),
            loads.root().display()
        ),
    )?;
    println!("the loads run for {} s", args.after);
    thread::sleep(Duration::from_secs(args.after));
    terminal.keys(&["Down", "Down"])?;
    terminal.wait("a frame", Duration::from_secs(20), |screen| {
        screen.iter().any(|line| line.starts_with("CGROUP"))
    })?;
    thread::sleep(Duration::from_millis(1500));
    let lines = ansi::parse(&terminal.screen_with_colours()?);
    let path = workspace().join(&args.output);
    fs::create_dir_all(path.parent().unwrap_or(workspace()))?;
    fs::write(&path, svg::draw(&lines, SIZE)).with_context(|| format!("cannot write {}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}
