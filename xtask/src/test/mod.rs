//! `cargo xtask test`: every check of the project, stage by stage, the quickest first.

mod outcome;
mod report;
mod stage;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::ValueEnum;

use outcome::Outcome;
use report::Report;
use stage::Stage;

/// Options of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Stages to run, in the usual order; all of them unless given
    #[arg(value_enum)]
    stages: Vec<Stage>,
}

/// Runs the stages and stops at the first that fails. The last line is `N passed, N failed, N skipped`: a test
/// counts as one, and so does a stage that is one check.
///
/// # Errors
/// When a stage cannot be run at all; a stage that fails is the exit code.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let wanted = |stage: &&Stage| args.stages.is_empty() || args.stages.contains(stage);
    let stages: Vec<&Stage> = Stage::value_variants().iter().filter(wanted).collect();
    let mut out = io::stdout().lock();
    let mut report = Report::default();
    for (number, stage) in stages.iter().enumerate() {
        write!(out, "[{}/{}] {:<34}", number + 1, stages.len(), stage.title())?;
        out.flush()?;
        let begun = Instant::now();
        let (outcome, log) = stage.run()?;
        writeln!(out, " {outcome} in {:.1} s", begun.elapsed().as_secs_f64())?;
        let failed = !outcome.is_good();
        report.add(stage.title(), outcome);
        if failed {
            let text = std::fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
            writeln!(out, "\n{}", String::from_utf8_lossy(&text).trim_end())?;
            writeln!(
                out,
                "\n{} failed; what it printed is above and in {}",
                stage.title(),
                log.display()
            )?;
            let again = stage.to_possible_value().context("a stage without a name")?;
            writeln!(out, "to run it alone: cargo xtask test {}", again.get_name())?;
            break;
        }
    }
    write!(out, "{report}")?;
    Ok(if report.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
