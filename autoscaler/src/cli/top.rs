//! `autoscaler top`: the arguments, and which of the two ways it runs in.

use std::io;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::cli::daemon::Daemon;
use crate::cli::failure::failed;
use crate::cli::projects::{home, projects};
use crate::host::process::Procfs;
use crate::host::requests::{self, ROOM};
use crate::host::usage::{self, UsageSource};
use crate::model::{Language, WhyNotEbpf};
use crate::top::model::SortKey;
use crate::top::print::{Format, Printing};
use crate::top::sample::{Projects, Sampler};
use crate::top::screen::Screen;
use crate::top::{live, print};
use crate::words;

/// Shows the CPU of every cgroup on this host, live.
///
/// For each cgroup, with all below it: CPU (100 % is one CPU), how long its tasks stood in the run queue, throttling,
/// tasks, memory and pressure. Needs no configuration. The projects of a running daemon come first, with what it decided
/// last and what it waits for; without a daemon those of a configuration. As root the figures come from the kernel's
/// scheduler and include the wait; otherwise from cpu.stat. Press ? for the keys.
///
/// When standard output is no terminal, it prints one pass without headings and ends.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  autoscaler top                              everything, live
  autoscaler top --cgroup /system.slice       one subtree
  autoscaler top --sort wait                  who waits for a CPU
  autoscaler top --requests                   requests as well, of each project or server
  autoscaler top | head                       one pass, plain
  autoscaler top --json -n 60 -d 1 | jq .     a minute for a script
  autoscaler top --csv -n 0 -d 10 > load.csv  until stopped")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Args {
    /// Configuration whose projects come first [default: what the running daemon serves, else
    /// /etc/autoscaler/config.json if it can be read]
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Shows one project, and the cgroups below its own
    #[arg(long, value_name = "NAME", conflicts_with = "cgroup")]
    project: Option<String>,

    /// Shows one cgroup and those below it: a path from the cgroup2 mount, or of its directory
    #[arg(long, value_name = "PATH")]
    cgroup: Option<PathBuf>,

    /// Seconds between two passes: 0.1 to 3600
    #[arg(short, long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    delay: Duration,

    /// Passes to print before it ends, 0 for no end [default: 1, or no end with --batch]
    #[arg(short = 'n', long, value_name = "COUNT")]
    iterations: Option<u64>,

    /// Prints plain text with headings, pass after pass
    #[arg(short, long, conflicts_with_all = ["json", "csv"])]
    batch: bool,

    /// Prints JSON lines: one object for each pass, times in ns
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Prints CSV: one line for each cgroup and pass, times in ns
    #[arg(long)]
    csv: bool,

    /// What to sort by
    #[arg(short, long, value_enum, value_name = "KEY", default_value_t)]
    sort: SortKey,

    /// Turns the order around
    #[arg(short, long)]
    reverse: bool,

    /// Levels to show below the top one; live, deeper ones are folded
    #[arg(long, value_name = "LEVELS")]
    depth: Option<usize>,

    /// Sees the requests of the projects (or of --cgroup; without either, of all that serve) in the kernel, too: how many, how
    /// many workers are busy, how long they wait. Needs root
    #[arg(long)]
    requests: bool,

    #[command(flatten)]
    daemon: Daemon,
}

/// Runs it.
///
/// # Errors
/// When there are no cgroups to show or the terminal cannot be used; a [`LoadError`] for a bad configuration.
pub(super) fn run(args: &Args) -> Result<()> {
    let projects = args.projects()?;
    let procfs = Procfs::default();
    let root = args.root(&procfs, &projects)?;
    allow_open_files();
    let printing = args.printing();
    if let (Some(_), Some(daemon)) = (&printing, &projects.daemon) {
        // There is no later frame that it could be in.
        let _ = daemon.first();
    }
    let mut sampler = Sampler::new(procfs, root.as_deref(), projects)?;
    if args.requests {
        sampler.see_requests(requests::open(ROOM).map_err(|why| not_seen(&why))?);
    }
    let Some(printing) = printing else {
        let screen = Screen::new(args.sort, args.reverse, args.depth, args.delay);
        return live::run(sampler, Box::new(open), screen);
    };
    let (source, why_not_ebpf) = open();
    if let Some(missing) = &why_not_ebpf
        && io::stderr().is_terminal()
    {
        eprintln!("autoscaler: {missing}");
    }
    sampler.take_from(source, why_not_ebpf);
    print::run(sampler, &printing, &mut io::stdout().lock())
}

/// Why requests cannot be seen here.
fn not_seen(why: &WhyNotEbpf) -> anyhow::Error {
    failed(|language| {
        let why = words::without_ebpf(language, why);
        words::say!(
            language,
            "requests cannot be seen here: {why}",
            "aquí no se pueden ver las peticiones: {why}"
        )
    })
}

/// The best source of figures, and what is missing where that is not the kernel program.
fn open() -> (Box<dyn UsageSource>, Option<String>) {
    let (source, why_not_ebpf) = usage::open();
    (source, why_not_ebpf.as_ref().map(without_ebpf))
}

impl Args {
    /// What to print; `None` to run live.
    fn printing(&self) -> Option<Printing> {
        let terminal = io::stdout().is_terminal();
        let format = match (self.json, self.csv) {
            (true, _) => Format::Json,
            (_, true) => Format::Csv,
            _ if self.batch || !terminal || self.iterations.is_some() => Format::Plain {
                headings: self.batch || terminal,
            },
            _ => return None,
        };
        Some(Printing {
            format,
            passes: match self.iterations {
                Some(0) => None,
                Some(count) => Some(count),
                None if self.batch => None,
                None => Some(1),
            },
            interval: self.delay,
            sort: self.sort,
            reversed: self.reverse,
            depth: self.depth,
        })
    }

    fn projects(&self) -> Result<Projects> {
        projects(&self.daemon, self.config.as_deref(), self.project.as_deref())
    }

    /// The root of what is shown; `None` for the whole host.
    fn root(&self, procfs: &Procfs, projects: &Projects) -> Result<Option<PathBuf>> {
        let Some(name) = &self.project else {
            return Ok(self.cgroup.clone());
        };
        home(name, projects, procfs).map(Some)
    }
}

/// Lets the process keep a file open for each of very many cgroups, as far as it may. Where it may not, reading
/// them costs more.
fn allow_open_files() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// What is missing without the kernel program, and what would bring it.
fn without_ebpf(why: &WhyNotEbpf) -> String {
    match why {
        WhyNotEbpf::NotPermitted { missing } => {
            format!("root would add run-queue wait ({})", missing.join(", "))
        }
        other => format!("no run-queue wait: {}", words::without_ebpf(Language::En, other)),
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| {
        format!(
            "write a number of seconds, such as 0.5{}",
            super::with_point(text)
        )
    })?;
    if (0.1..=3600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("must be between 0.1 and 3600 seconds".to_owned())
    }
}
