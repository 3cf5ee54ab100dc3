//! `cargo xtask test`: every check of the project, stage by stage, the quickest first.

mod fuzz;
mod outcome;
mod preparation;
mod progress;
mod report;
mod run;
mod stage;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler_tests::tools;
use clap::ValueEnum;

use crate::setup;
use preparation::Preparation;
use report::Report;
use stage::{Finished, Stage};

/// Options of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Stages to run, in the usual order; all of them but `fuzz` and `kubernetes` unless given
    #[arg(value_enum)]
    stages: Vec<Stage>,
    /// Ends with the first stage that fails
    #[arg(long)]
    fail_fast: bool,
}

/// Brings what is missing, then runs the stages, each whatever became of the one before it. The last line is `N passed,
/// N failed, N skipped`: a test counts as one, and so does a stage that is one check.
///
/// # Errors
/// When a stage cannot be run at all; a stage that fails is the exit code.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let wanted = |stage: &&Stage| (args.stages.is_empty() && stage.is_usual()) || args.stages.contains(stage);
    let stages: Vec<&Stage> = Stage::value_variants().iter().filter(wanted).collect();
    let needed: Vec<_> = stages.iter().flat_map(|stage| stage.tools()).collect();
    let missing = setup::bring(&needed)?;
    if !missing.is_empty() {
        println!("what needs this is skipped: {}", tools::remedy(&missing));
    }
    let mut preparation = Preparation::of(&stages)?;

    let mut out = io::stdout();
    let mut report = Report::default();
    for (number, stage) in stages.iter().enumerate() {
        let title = format!("[{}/{}] {}", number + 1, stages.len(), stage.title());
        let pause = preparation.wait_for(**stage)?;
        let mut finished = stage.run(&title)?;
        finished.building += pause;
        writeln!(out, "{title:<38} {}", line(&finished))?;
        let failed = !finished.outcome.is_good();
        if failed {
            tell_failure(&mut out, **stage, &finished)?;
        }
        report.add(stage.title(), finished.outcome);
        if failed && args.fail_fast {
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

/// How a stage went and where its time went.
fn line(finished: &Finished) -> String {
    let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
    let outcome = &finished.outcome;
    if finished.building.is_zero() {
        return format!("{outcome} in {}", seconds(finished.running));
    }
    format!(
        "{outcome} in {} (built in {}, ran for {})",
        seconds(finished.building + finished.running),
        seconds(finished.building),
        seconds(finished.running)
    )
}

/// What a failed stage printed of its failure, and how to run it alone.
fn tell_failure(out: &mut impl Write, stage: Stage, finished: &Finished) -> Result<()> {
    writeln!(out, "\n{}\n", outcome::failure(&finished.printed))?;
    writeln!(
        out,
        "{} failed; all that it printed is in {}",
        stage.title(),
        finished.log.display()
    )?;
    let again = stage.to_possible_value().context("a stage without a name")?;
    writeln!(out, "to run it alone: cargo xtask test {}\n", again.get_name())?;
    Ok(())
}
