//! `autoscaler top`: the arguments, and which of the two ways it runs in.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::config::{self, LoadError, Project};
use crate::observe::cgroup::CgroupMount;
use crate::observe::process::Procfs;
use crate::observe::usage::{self, WhyNotEbpf};
use crate::top::model::{Model, SortKey, Source};
use crate::top::print::{Format, Printing};
use crate::top::sample::{Sampler, home};
use crate::top::screen::Screen;
use crate::top::{live, print};

/// Shows the CPU of every cgroup on this host, live.
///
/// For each cgroup, with all below it: CPU (100 % is one CPU), how long its tasks stood in the run queue, throttling,
/// tasks, memory and pressure. Needs no configuration; where there is one, its projects come first. As root the figures
/// come from the kernel's scheduler and include the wait; otherwise from cpu.stat. Press ? for the keys.
///
/// When standard output is no terminal, it prints one pass without headings and ends.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  autoscaler top                              everything, live
  autoscaler top --cgroup /system.slice       one subtree
  autoscaler top --sort wait                  who waits for a CPU
  autoscaler top | head                       one pass, plain
  autoscaler top --json -n 60 -d 1 | jq .     a minute for a script
  autoscaler top --csv -n 0 -d 10 > load.csv  until stopped")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Args {
    /// Configuration whose projects come first [default: /etc/autoscaler/config.json if it can be read]
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Shows one project of the configuration, and the cgroups below its own
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
    let (source, why_not_ebpf) = usage::open();
    let model = Model::new(
        Source {
            kind: source.kind(),
            why_not_ebpf: why_not_ebpf.as_ref().map(without_ebpf),
            health: source.health(),
        },
        projects.clone(),
    );
    let sampler = Sampler::new(procfs, source, root.as_deref(), projects)?;
    match args.printing() {
        Some(printing) => {
            if let Some(missing) = &model.source.why_not_ebpf
                && io::stderr().is_terminal()
            {
                eprintln!("autoscaler: {missing}");
            }
            print::run(sampler, model, &printing, &mut io::stdout().lock())
        }
        None => live::run(
            sampler,
            model,
            Screen::new(args.sort, args.reverse, args.depth, args.delay),
        ),
    }
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

    /// The projects to show first. A configuration that was not asked for may be missing or out of reach.
    fn projects(&self) -> Result<Vec<Project>> {
        let asked = self.config.is_some() || self.project.is_some();
        let path = self.config.as_deref().unwrap_or(Path::new(config::DEFAULT_PATH));
        let loaded = match config::load(path) {
            Ok(loaded) => loaded,
            Err(LoadError::NotFound { .. } | LoadError::Unreadable { .. }) if !asked => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error.into()),
        };
        let mut projects = loaded.config.projects;
        let Some(name) = &self.project else {
            return Ok(projects.into_values().collect());
        };
        match projects.remove(name) {
            Some(project) => Ok(vec![project]),
            None => bail!(
                "{} has no project {name:?}; it has: {}",
                path.display(),
                projects.into_keys().collect::<Vec<_>>().join(", ")
            ),
        }
    }

    /// The root of what is shown; `None` for the whole host.
    fn root(&self, procfs: &Procfs, projects: &[Project]) -> Result<Option<PathBuf>> {
        let (Some(name), Some(project)) = (&self.project, projects.first()) else {
            return Ok(self.cgroup.clone());
        };
        let mount = CgroupMount::discover(procfs)?;
        let home = home(mount.path(), project).context("cannot read the cgroups")?;
        match home {
            Some(dir) => Ok(Some(dir)),
            None => bail!("project {name:?} is not running: there is no cgroup of its own"),
        }
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
        other => format!("no run-queue wait: {other}"),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "write a number of seconds, such as 0.5".to_owned())?;
    if (0.1..=3600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("must be between 0.1 and 3600 seconds".to_owned())
    }
}
