//! `autoscaler status`: how the running daemon sees each project, and what it waits for.

use std::time::SystemTime;

use anyhow::{Result, bail};

use crate::cli::daemon::Daemon;
use crate::cli::failure::Failure;
use crate::control::{Answer, Command, Status};
use crate::model::{ClientError, Language, ProtocolFault, meant};
use crate::report::unix;
use crate::words::{self, Bilingual, Reply};

mod table;
mod watch;

/// Shows how the running daemon sees each project, and what would have to change for its next step.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Columns:
  WORKERS  seen, and the configured bounds
  CPU      mean since the last check, with the thresholds of the next step down and up
  WAIT     of the time its tasks wanted a CPU, the share they had none
  HELD     how long a threshold has been crossed, of how long it must be")]
pub(super) struct Args {
    /// Only this project
    project: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print again every two seconds until stopped, through restarts of the daemon
    #[arg(long, short)]
    watch: bool,
    #[command(flatten)]
    daemon: Daemon,
    /// Of all commands; the daemon answers in its own without it.
    #[arg(skip)]
    language: Option<Language>,
}

pub(super) fn run(mut args: Args, asked: Option<Language>) -> Result<()> {
    args.language = asked;
    if args.watch {
        return watch::run(&args);
    }
    super::print(&show(&args, &args.status()?)?)
}

impl Args {
    fn status(&self) -> Result<Status> {
        let Answer::Status(mut status) = self.daemon.ask(Command::Status, self.language)? else {
            bail!(ClientError::Protocol {
                why: ProtocolFault::OtherAnswer("status")
            });
        };
        if let Some(name) = &self.project {
            if status.project(name).is_none() {
                let known: Vec<String> = status
                    .projects
                    .iter()
                    .map(|project| project.name.clone())
                    .collect();
                let unknown = Reply::UnknownProject {
                    name,
                    nearest: meant(name, &known),
                    known: &known,
                };
                let language = Language::of_code(&status.language).unwrap_or_default();
                bail!(Failure(Bilingual::same(&words::reply(language, &unknown))));
            }
            status.projects.retain(|project| project.name == *name);
        }
        Ok(*status)
    }
}

fn show(args: &Args, status: &Status) -> Result<String> {
    // One line for each look of a watching script.
    let mut json = match (args.json, args.watch) {
        (true, true) => serde_json::to_string(status)?,
        (true, false) => serde_json::to_string_pretty(status)?,
        (false, _) => return Ok(table::render(status, unix(SystemTime::now()))),
    };
    json.push('\n');
    Ok(json)
}
