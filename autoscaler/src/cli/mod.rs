//! The command line: one file per subcommand.

mod by_hand;
mod check;
mod clock;
mod daemon;
mod export;
mod failure;
mod help;
mod history;
mod init;
mod keda;
mod language;
mod projects;
mod promise;
mod requests;
mod run;
mod runtime;
mod simulate;
mod status;
mod store;
mod top;
mod why;

use std::io;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use failure::{Failure, Usage};
use language::Sources;

use crate::config::stated_language;
use crate::init::FindError;
use crate::model::{CgroupError, ClientError, DEFAULT_PATH, HostError, Language, LoadError, ReadError};
use crate::words::{self, NotInHistory, StartFault};

/// Gives each Python project on this host the workers its own load needs.
///
/// autoscaler watches the CPU time and the run-queue wait of each project's cgroup through eBPF, adds and
/// removes gunicorn and Celery workers within the bounds you set, and keeps each project's memory limit in
/// step. It needs no change in the application.
#[derive(Debug, Parser)]
#[command(name = "autoscaler", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Speak this language, es or en [default: the running daemon's, else the configuration's, else the locale's]
    ///
    /// For `check`, `why`, `status`, `run`, `scale`, `pause`, `resume`, all errors, and every --help. The daemon's log is
    /// Spanish unless this or its configuration says otherwise.
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = language::parse)]
    language: Option<Language>,
}

const EXAMPLES: &str = "\
Examples:
  autoscaler top                      who uses the CPU, and who waits for it
  autoscaler requests --pid 1234      the requests of a server: how many, how long they wait
  autoscaler export                   the same of every cgroup, for Prometheus and OpenTelemetry
  autoscaler keda --prometheus http://prometheus:9090   how busy pods are, for KEDA on Kubernetes
  autoscaler simulate load.csv --mean-demand 2.5   what the thresholds would have made of that load
  autoscaler init                                  a configuration for the services that run here
  autoscaler check                                 whether the configuration and this host will do
  autoscaler run --once --dry-run     what would be done now, and why, without doing it
  autoscaler status                   what the running daemon sees, and what it waits for
  autoscaler why backdipro            what it decided about a project, and why
  autoscaler history backdipro        what it saw and decided, as a chart
  autoscaler run                      the daemon; systemd starts it as autoscaler.service

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.";

#[derive(Debug, Subcommand)]
enum Command {
    // What each does stands with its arguments: words here would take the place of the longer ones there.
    Run(run::Args),
    Init(init::Args),
    Check(check::Args),
    Simulate(Box<simulate::Args>),
    Top(top::Args),
    Requests(requests::Args),
    Export(export::Args),
    Keda(keda::Args),
    Status(status::Args),
    History(history::Args),
    Why(why::Args),
    Scale(by_hand::Scale),
    Pause(by_hand::Pause),
    Resume(by_hand::Resume),
}

/// Runs the command line and returns the exit code: 0 done, 1 failed, 2 wrong usage or configuration.
#[must_use]
pub fn main() -> ExitCode {
    let matches = help::matches(Cli::command(), std::env::args_os().collect());
    let Cli { command, language } = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let is_daemon = matches!(command, Command::Run(_));
    let result = match command {
        // Its exit code says more than done or failed.
        Command::Check(args) => check::run(args, language),
        Command::Init(args) => done(init::run(&args, language)),
        Command::Run(args) => done(run::run(args, language)),
        Command::Simulate(args) => done(simulate::run(&args, language)),
        Command::Top(args) => done(top::run(&args)),
        Command::Requests(args) => done(requests::run(&args, language)),
        Command::Export(args) => done(export::run(&args, language)),
        Command::Keda(args) => done(keda::run(args, language)),
        Command::Status(args) => done(status::run(args, language)),
        Command::History(args) => done(history::run(&args)),
        Command::Why(args) => done(why::run(&args, language)),
        Command::Scale(args) => done(by_hand::scale(args, language)),
        Command::Pause(args) => done(by_hand::pause(args, language)),
        Command::Resume(args) => done(by_hand::resume(args, language)),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!(
                "autoscaler: {}",
                said(&error, language_of(&error, language, is_daemon))
            );
            let wrong_usage = error.is::<LoadError>() || error.is::<Usage>() || error.is::<NotInHistory>();
            ExitCode::from(if wrong_usage { 2 } else { 1 })
        }
    }
}

/// The language to tell an error in: a faulty configuration states its own. What the daemon says is Spanish unless set.
fn language_of(error: &anyhow::Error, asked: Option<Language>, is_daemon: bool) -> Language {
    let config = match error.downcast_ref() {
        Some(LoadError::Invalid(errors)) => Path::new(errors.file()),
        _ => Path::new(DEFAULT_PATH),
    };
    if is_daemon {
        let stated = || stated_language(config);
        return asked.or_else(stated).unwrap_or_default();
    }
    let sources = Sources {
        asked,
        daemon: None,
        config,
    };
    sources.language()
}

/// An error in words. An error of a library is told in the library's words.
fn said(error: &anyhow::Error, language: Language) -> String {
    if let Some(Usage(said)) = error.downcast_ref() {
        said.within(language).to_owned()
    } else if let Some(Failure(said)) = error.downcast_ref() {
        said.within(language).to_owned()
    } else if let Some(error) = error.downcast_ref::<LoadError>() {
        words::load_error(language, error)
    } else if let Some(error) = error.downcast_ref::<ClientError>() {
        words::client_error(language, error)
    } else if let Some(error) = error.downcast_ref::<ReadError>() {
        words::read_error(language, error)
    } else if let Some(error) = error.downcast_ref::<NotInHistory>() {
        words::not_in_history(language, error)
    } else if let Some(fault) = error.downcast_ref::<StartFault>() {
        words::start_fault(language, fault)
    } else if let Some(error) = error.downcast_ref::<HostError>() {
        words::host_error(language, error)
    } else if let Some(error) = error.downcast_ref::<CgroupError>() {
        words::cgroup_error(language, error)
    } else if let Some(error) = error.downcast_ref::<FindError>() {
        match error {
            FindError::Host(error) => words::host_error(language, error),
            FindError::Read(fault) => words::read_fault(language, fault),
        }
    } else {
        format!("{error:#}")
    }
}

fn done(result: Result<()>) -> Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}

/// What to add where a number is refused: that a decimal point is wanted, if a comma stands in its place.
fn with_point(text: &str) -> &'static str {
    let number = text.replacen(',', ".", 1);
    if text.contains(',') && number.parse::<f64>().is_ok() {
        ", with a point instead of the comma"
    } else {
        ""
    }
}

/// Prints to stdout. Whoever reads may have seen enough (`autoscaler check | head`): that is no error.
fn print(text: &str) -> Result<()> {
    print_to_reader(text).map(|_| ())
}

/// Prints to stdout at once; `false` when nobody reads any more.
fn print_to_reader(text: &str) -> Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true).map_err(|error| {
            failure::failed(|language| {
                let error = words::system(language, &error);
                words::say!(
                    language,
                    "cannot print to stdout: {error}",
                    "no se puede escribir en la salida estándar: {error}"
                )
            })
        }),
    }
}

/// The definition of the command line, for man pages and completions.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}
