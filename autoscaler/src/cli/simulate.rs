//! `autoscaler simulate`: a recorded load through the policy.

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{ArgGroup, Args as ClapArgs};

use super::Usage;
use crate::config::{self, Project};
use crate::report::picture;
use crate::simulate::picture::Picture;
use crate::simulate::{self, Demand, Scale, Service, Trace};

/// The configuration without `--config`: the example's.
const EXAMPLE: &str = include_str!("../../../packaging/autoscaler.example.json");
const EXAMPLE_NAME: &str = "the built-in example";
const EXAMPLE_PROJECT: &str = "backdipro";

/// What to simulate.
#[derive(Debug, ClapArgs)]
#[command(
    group = ArgGroup::new("scale").required(true),
    after_help = EXAMPLES
)]
pub(super) struct Args {
    /// The recording: CSV with the columns timestamp and value, or - for standard input
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,

    /// The values rise with the load (requests, users): their mean stands for this many busy workers
    #[arg(long, value_name = "CPUS", group = "scale", value_parser = demand)]
    mean_demand: Option<f64>,
    /// The values are the demand in busy workers
    #[arg(long, group = "scale")]
    busy_workers: bool,

    /// Take thresholds and bounds from this configuration, instead of the built-in example
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The project of the configuration; may be left out where there is only one
    #[arg(long, value_name = "NAME", requires = "config")]
    project: Option<String>,
    /// Try another value; may be given again
    #[arg(
        help = "Try another value, such as backdipro.cpu_thresholds.scale_up_3=70; may be given again",
        long = "set",
        value_name = "KEY=VALUE"
    )]
    sets: Vec<String>,

    /// Time between two checks, instead of the configuration's
    #[arg(long, value_name = "SECONDS", value_parser = interval)]
    check_interval: Option<Duration>,
    /// CPUs of the host [default: one for each worker up to the maximum]
    #[arg(long)]
    cpus: Option<NonZeroU32>,
    /// Memory of the host in MiB, less what the workers take [default: so much that no rule over it matters]
    #[arg(long, value_name = "MIB")]
    memory_mb: Option<u64>,
    /// Use the recording from here on
    #[arg(long, value_name = "TIMESTAMP", value_parser = moment)]
    from: Option<f64>,
    /// Use the recording up to here
    #[arg(long, value_name = "TIMESTAMP", value_parser = moment)]
    until: Option<f64>,

    /// Search for thresholds and durations with the fewest worker-hours
    #[arg(long, requires = "max_unmet")]
    suggest: bool,
    /// Demand that the suggestion may leave unmet, percent of all
    #[arg(long, value_name = "PERCENT", requires = "suggest", value_parser = percent)]
    max_unmet: Option<f64>,

    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Draw a picture, SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Draw a picture, PNG
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  autoscaler simulate requests.csv --mean-demand 2.5
  autoscaler simulate requests.csv --mean-demand 2.5 --set backdipro.cpu_thresholds.scale_up_3=70
  autoscaler simulate requests.csv --mean-demand 2.5 --config /etc/autoscaler/config.json --project shop
  autoscaler simulate requests.csv --mean-demand 2.5 --suggest --max-unmet 1
  autoscaler simulate requests.csv --mean-demand 2.5 --from 2014-10-27 --until 2014-11-03 --svg week.svg

The model: n workers serve at most n CPUs of demand, and no more than the host has; what is over is lost.";

pub(super) fn run(args: &Args) -> Result<()> {
    let (project, interval) = project(args)?;
    let interval = args.check_interval.unwrap_or(interval);
    let trace = read(&args.file)?;
    let scale = args.mean_demand.map_or(Scale::BusyWorkers, Scale::MeanDemand);
    let window = args.from.unwrap_or(f64::NEG_INFINITY)..args.until.unwrap_or(f64::INFINITY);
    let file = args.file.display();
    let demand = Demand::new(&trace, scale, interval, window).with_context(|| file.to_string())?;
    let service = Service {
        cpus: args.cpus.map_or(project.bounds.max, NonZeroU32::get),
        memory_mib: args.memory_mb,
    };
    let pictures = args.svg.is_some() || args.png.is_some();
    let mut comparison = simulate::compare(&demand, &project, service, pictures);
    let suggestion = match args.max_unmet {
        Some(limit) => Some(
            simulate::suggest(&demand, &project, service, limit).with_context(|| {
                format!(
                    "project {:?} has more CPU rungs than whole percents: nothing can be suggested",
                    project.name
                )
            })?,
        ),
        None => None,
    };
    let picture = Picture {
        title: &format!(
            "{} over {}, {} to {} UTC",
            project.name,
            file_name(&args.file),
            simulate::format_timestamp(demand.start),
            simulate::format_timestamp(demand.end())
        ),
        comparison: &comparison,
        demand: &demand,
        project: &project,
        cpus: service.cpus,
    };
    if let Some(path) = &args.svg {
        write(path, picture::svg(&picture)?.as_bytes())?;
    }
    if let Some(path) = &args.png {
        write(path, &picture::png(&picture)?)?;
    }
    if let Some(suggestion) = &suggestion {
        comparison.insert_suggestion(suggestion);
    }
    let text = if args.json {
        let json = serde_json::json!({
            "project": project.name,
            "demand": demand.summary(),
            "host": { "cpus": service.cpus, "memory_mib": service.memory_mib },
            "policies": comparison,
            "suggestion": suggestion,
        });
        format!("{json:#}\n")
    } else {
        simulate::words(
            &file.to_string(),
            &demand,
            &project,
            service,
            &comparison,
            suggestion.as_ref(),
        )
    };
    super::print(&text)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn read(path: &Path) -> Result<Trace> {
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).with_context(|| format!("cannot open {}", path.display()))?)
    };
    Trace::read(input).with_context(|| path.display().to_string())
}

/// The project, with the changes of `--set`, and the configuration's time between checks.
fn project(args: &Args) -> Result<(Project, Duration)> {
    let (mut name, mut text) = (EXAMPLE_NAME.to_owned(), EXAMPLE.to_owned());
    if let Some(path) = &args.config {
        (name, text) = (path.display().to_string(), config::read(path)?);
    }
    for set in &args.sets {
        text = simulate::change(&text, set).map_err(|error| Usage(error.to_string()))?;
    }
    if !args.sets.is_empty() {
        name += " with --set";
    }
    let mut config = config::parse(&name, &text)
        .map_err(config::LoadError::from)?
        .config;
    let names: Vec<String> = config.projects.keys().cloned().collect();
    let wanted = match (&args.project, &args.config, names.as_slice()) {
        (Some(wanted), ..) => wanted.as_str(),
        (None, None, _) => EXAMPLE_PROJECT,
        (None, Some(_), [only]) => only.as_str(),
        (None, Some(_), []) => bail!(Usage(format!(
            "{name} names no project: there is nothing to simulate"
        ))),
        (None, Some(_), _) => bail!(Usage(format!(
            "{name} has several projects: choose one with --project, of {}",
            names.join(", ")
        ))),
    };
    let project = config.projects.remove(wanted).ok_or_else(|| {
        let advice = simulate::nearest(wanted, &names);
        Usage(format!("{name} has no project {wanted:?}: {advice}"))
    })?;
    if project.cpu.is_none() {
        bail!(Usage(format!(
            "project {wanted:?} has no cpu_thresholds, and simulate replays a CPU load: choose another project"
        )));
    }
    Ok((project, config.global.check_interval))
}

fn number(text: &str, range: std::ops::RangeInclusive<f64>) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "write a number from {} to {}",
            range.start(),
            range.end()
        )),
    }
}

fn demand(text: &str) -> Result<f64, String> {
    number(text, 0.001..=100_000.0)
}

fn percent(text: &str) -> Result<f64, String> {
    number(text, 0.0..=100.0)
}

fn interval(text: &str) -> Result<Duration, String> {
    number(text, 0.5..=86_400.0).map(Duration::from_secs_f64)
}

fn moment(text: &str) -> Result<f64, String> {
    simulate::parse_timestamp(text)
        .ok_or_else(|| "write it like 2014-07-01 or \"2014-07-01 00:30:00\"".into())
}
