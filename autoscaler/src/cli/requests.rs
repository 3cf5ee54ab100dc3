//! `autoscaler requests`: requests seen in the kernel, live, of servers that nobody has changed.

mod json;
mod plain;
mod seen;
mod sought;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use tokio::signal::ctrl_c;
use tokio::time::{MissedTickBehavior, interval};

use crate::cli::daemon::Daemon;
use crate::cli::language::Sources;
use crate::cli::print_to_reader;
use crate::cli::runtime::wait_for;
use crate::cli::top::seconds;
use crate::model::{DEFAULT_PATH, Language};
use seen::{Happened, Seer};
use sought::{Sought, sought};

/// Shows the requests of a server as the kernel sees them: how many, how long they waited and were served, how many workers
/// are busy.
///
/// Asks nothing of the server and needs no daemon and no configuration: `--cgroup` or `--pid` name any service. Without a
/// name and without a project it finds whoever serves on this host, and shows each from its first request on. A request
/// waits from its first byte until the server reads it, and is served until the last byte of the answer. A connection that
/// was open before counts from its next request on. Ends with the distribution of both times. Needs root, and Linux 5.12.
/// If the kernel lets no program see requests, it shows only the connections that nobody has accepted yet.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  autoscaler requests                          every project; without any, every server that is up
  autoscaler requests backdipro                one project
  autoscaler requests --pid $(pgrep -o gunicorn)   the service of a process
  autoscaler requests --cgroup /system.slice/shop.service -n 60
  autoscaler requests backdipro --json | jq .services[0].busy

Columns:
  REQ/S      requests answered in a second
  BUSY       requests served at a time, in the mean: busy workers, where each serves one
  WAITING    requests that wait now, and for how long the oldest has
  WAIT       mean, p50, p95 and p99 of the requests that were begun
  SERVICE    mean and p95 of those that are over
  LOST       connections that were closed without an answer
  QUEUE      connections that nobody has accepted yet, and how many may wait so: of the fullest listening socket, ! if
             there is no room. A server that accepts before it can serve, as threads and event loops do, has none")]
pub(super) struct Args {
    /// The project, as the configuration names it
    #[arg(conflicts_with_all = ["cgroup", "pid"])]
    project: Option<String>,

    /// Shows one cgroup, with those below it: a path from the cgroup2 mount, or of its directory
    #[arg(long, value_name = "PATH")]
    cgroup: Option<PathBuf>,

    /// Shows the cgroup of this process
    #[arg(long, value_name = "PID", conflicts_with = "cgroup")]
    pid: Option<u32>,

    /// Configuration whose projects are meant [default: what the running daemon serves, else
    /// /etc/autoscaler/config.json]
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Seconds between two passes: 0.1 to 3600
    #[arg(short, long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    delay: Duration,

    /// Passes to show before it ends, 0 for no end [default: 0, or 1 where standard output is no terminal]
    #[arg(short = 'n', long, value_name = "COUNT")]
    iterations: Option<u64>,

    /// Prints JSON lines: one object for each pass
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    daemon: Daemon,
}

pub(super) fn run(args: &Args, asked: Option<Language>) -> Result<()> {
    let services = sought(args)?;
    let sources = Sources {
        asked,
        daemon: None,
        config: Path::new(DEFAULT_PATH),
    };
    let mut seer = Seer::open(services.len(), sources.language())?;
    let passes = match args.iterations {
        Some(0) => None,
        None if std::io::stdout().is_terminal() => None,
        given => Some(given.unwrap_or(1)),
    };
    wait_for(show(args, &services, &mut seer, passes))?
}

/// Shows pass after pass, until there were as many as asked for, nobody reads any more, or Ctrl-C.
async fn show(args: &Args, services: &[Sought], seer: &mut Seer, passes: Option<u64>) -> Result<()> {
    let first = seer.look(services)?;
    let mut before = first.clone();
    let mut ticks = interval(args.delay);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut shown = 0;
    let mut is_lively = vec![false; services.len()];
    while passes.is_none_or(|passes| shown < passes) {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = ctrl_c() => break,
        }
        let now = seer.look(services)?;
        let happened = before.until(&now);
        for (is_lively, happened) in is_lively.iter_mut().zip(&happened) {
            *is_lively |= happened.is_any();
        }
        let told = told(services, &happened, &is_lively);
        let text = if args.json {
            json::pass(&told, seer.way())?
        } else {
            plain::pass(&told, seer.way(), shown)
        };
        if !print_to_reader(&text)? {
            return Ok(());
        }
        before = now;
        shown += 1;
    }
    if args.json {
        return Ok(());
    }
    let happened = first.until(&before);
    print_to_reader(&plain::distributions(&told(services, &happened, &is_lively))).map(|_| ())
}

/// The services that are told of: those that were asked for, and of those that were found the ones that have had requests.
fn told<'a>(
    services: &'a [Sought],
    happened: &'a [Happened],
    is_lively: &[bool],
) -> Vec<(&'a Sought, &'a Happened)> {
    let all = services.iter().zip(happened).zip(is_lively);
    all.filter(|((service, _), is_lively)| service.is_asked_for || **is_lively)
        .map(|(told, _)| told)
        .collect()
}
