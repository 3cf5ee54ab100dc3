//! `autoscaler check`: the configuration and the host, looked at before the daemon is trusted with them.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use crate::check::{self, Options, Report};
use crate::cli::daemon::Daemon;
use crate::cli::language::Sources;
use crate::cli::runtime::wait_for;
use crate::cli::store::StateDir;
use crate::config::schema;
use crate::model::{DEFAULT_PATH, Grade, Language};
use crate::words::{finding as told_finding, host_heading, sum};

/// Checks the configuration and the host: what the daemon would find, and what to do where something is wrong.
///
/// Acts on nothing: no signal, no file. The kernel program is really loaded and read, systemd and the brokers are
/// really asked.
///
/// With --schema it looks at nothing, and prints what a configuration may hold.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 all well, or warnings alone; 1 errors; 2 the configuration cannot be used.")]
pub(super) struct Args {
    /// The configuration.
    #[arg(long, short, value_name = "FILE", default_value = DEFAULT_PATH)]
    config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Print the JSON Schema of the configuration, for editors, and end.
    #[arg(long, conflicts_with = "json")]
    schema: bool,
    #[command(flatten)]
    daemon: Daemon,
    #[command(flatten)]
    state: StateDir,
}

pub(super) fn run(args: Args, asked: Option<Language>) -> Result<ExitCode> {
    if args.schema {
        // Whose editor reads it is nobody's guess: English unless asked for.
        let schema = schema(asked.unwrap_or(Language::En));
        super::print(&(serde_json::to_string_pretty(&schema)? + "\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let runtime_dir = args.daemon.runtime_dir().to_owned();
    let sources = Sources {
        asked,
        daemon: Some(&runtime_dir),
        config: &args.config,
    };
    let language = sources.language();
    let options = Options {
        language,
        config: args.config,
        runtime_dir,
        state_dir: args.state.state_dir,
    };
    let report = wait_for(check::run(&options))?;
    let text = if args.json {
        serde_json::to_string_pretty(&Printed::of(&report))? + "\n"
    } else {
        told(&report)
    };
    super::print(&text)?;
    Ok(match (report.loaded, report.count(Grade::Error)) {
        (false, _) => ExitCode::from(2),
        (true, 0) => ExitCode::SUCCESS,
        (true, _) => ExitCode::FAILURE,
    })
}

/// One line a finding, what to do below it, under the project's name.
fn told(report: &Report) -> String {
    let mut text = String::new();
    let mut heading = None;
    for finding in &report.findings {
        let project = finding.project.as_deref();
        if heading != Some(project) {
            let name = project.map_or_else(|| host_heading(report.language), str::to_owned);
            let _ = writeln!(text, "{}{name}", if heading.is_some() { "\n" } else { "" });
            heading = Some(project);
        }
        let found = told_finding(report.language, finding);
        // A configuration's faults come with the lines they are in.
        let says = found.says.replace('\n', "\n           ");
        let _ = writeln!(text, "  {:<8} {says}", found.grade);
        if let Some(advice) = found.advice {
            let _ = writeln!(text, "           -> {advice}");
        }
    }
    let sum = sum(
        report.language,
        report.count(Grade::Error),
        report.count(Grade::Warning),
    );
    let _ = writeln!(text, "\n{sum}");
    text
}

/// The report for machines.
#[derive(Debug, Serialize)]
struct Printed<'r> {
    errors: usize,
    warnings: usize,
    findings: Vec<PrintedFinding<'r>>,
}

#[derive(Debug, Serialize)]
struct PrintedFinding<'r> {
    project: Option<&'r str>,
    grade: &'static str,
    code: &'static str,
    words: String,
    advice: Option<String>,
}

impl<'r> Printed<'r> {
    fn of(report: &'r Report) -> Self {
        let findings = report.findings.iter().map(|finding| {
            let found = told_finding(report.language, finding);
            PrintedFinding {
                project: finding.project.as_deref(),
                grade: finding.grade.code(),
                code: finding.fact.code(),
                words: found.says,
                advice: found.advice,
            }
        });
        Self {
            errors: report.count(Grade::Error),
            warnings: report.count(Grade::Warning),
            findings: findings.collect(),
        }
    }
}
