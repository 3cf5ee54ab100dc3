//! `autoscaler simulate`: a recorded load through the policy.

mod pool;
mod seconds;

use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::io::Read;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::{ArgGroup, Args as ClapArgs};

use crate::cli::daemon::duration;
use crate::cli::failure::{failed, unopened, unwritable, wrong_usage};
use crate::cli::language::Sources;
use crate::cli::store::Store;
use crate::model::{Config, DEFAULT_PATH, Language, LoadError, Project};
use crate::simulate::picture::Picture;
use crate::simulate::seconds::Rate;
use crate::simulate::{Demand, Scale, Service, Suggestion, Trace, Work};
use crate::words::{nearest, quoted, say};
use crate::{config, picture, simulate};

/// The configuration without `--config`: the example's.
const EXAMPLE: &str = include_str!("../../../packaging/autoscaler.example.json");
const EXAMPLE_NAME: &str = "the built-in example";
const EXAMPLE_PROJECT: &str = "backdipro";

/// How far a history is looked back in.
const SINCE: Duration = Duration::from_hours(7 * 24);

/// Tries thresholds on a recorded load, beside fixed counts and other autoscalers' rules.
#[derive(Debug, ClapArgs)]
#[command(
    group = ArgGroup::new("scale").required(true),
    group = ArgGroup::new("recording").required(true),
    after_help = EXAMPLES
)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Args {
    /// The recording: CSV with the columns timestamp and value, or - for standard input
    #[arg(value_name = "FILE.csv", group = "recording")]
    file: Option<PathBuf>,
    /// The CPU that this project used, from the daemon's own history
    #[arg(long, value_name = "PROJECT", groups = ["recording", "scale"])]
    history: Option<String>,
    /// How far to look back in the history, such as 24h, 7d [default: 7d]
    #[arg(long, value_name = "TIME", requires = "history", value_parser = duration)]
    since: Option<Duration>,
    #[command(flatten)]
    store: Store,

    /// The values rise with the load (requests, users): their mean stands for this many busy workers
    #[arg(long, value_name = "CPUS", group = "scale", value_parser = demand)]
    mean_demand: Option<f64>,
    /// The values are the demand in busy workers
    #[arg(long, group = "scale")]
    busy_workers: bool,

    /// The load waits, as for a database, and uses no CPU: workers are busy with requests. With --history: those that were seen
    #[arg(long, conflicts_with = "suggest")]
    waits: bool,

    /// Take thresholds and bounds from this configuration [default: the built-in example; with --history
    /// /etc/autoscaler/config.json]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The project of the configuration; may be left out where there is only one, and with --history
    #[arg(long, value_name = "NAME")]
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

    /// Search for thresholds and durations with the fewest worker-hours, on the first half of the recording
    #[arg(long, requires = "max_late")]
    suggest: bool,
    /// Requests that may wait too long under the suggestion, percent; it aims at half of that
    #[arg(long, value_name = "PERCENT", requires = "suggest", value_parser = percent)]
    max_late: Option<f64>,

    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Draw a picture, SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Draw a picture, PNG
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,

    #[command(flatten)]
    requests: seconds::Requests,
    /// Instead of one load, several services to the request in one pool of memory of so many MiB
    #[arg(long, value_name = "MIB", requires = "loads", help_heading = "Several services in one pool of memory", value_parser = clap::value_parser!(u64).range(1..))]
    pool_mb: Option<u64>,
    /// One of them: FILE.csv,demand=1.5,mb=300 and as wanted min, max, weight, shift-hours; given again for each
    #[arg(long = "load", value_name = "FILE.csv,KEY=VALUE", groups = ["recording", "scale"], requires = "pool_mb", help_heading = "Several services in one pool of memory", value_parser = pool::load)]
    loads: Vec<pool::Load>,
}

const EXAMPLES: &str = "\
Examples:
  autoscaler simulate requests.csv --mean-demand 2.5
  autoscaler simulate requests.csv --mean-demand 2.5 --set backdipro.cpu_thresholds.scale_up_3=70
  autoscaler simulate requests.csv --mean-demand 2.5 --config /etc/autoscaler/config.json --project shop
  autoscaler simulate requests.csv --mean-demand 2.5 --suggest --max-late 5
  autoscaler simulate requests.csv --mean-demand 2.5 --from 2014-10-27 --until 2014-11-03 --svg week.svg
  autoscaler simulate busy.csv --busy-workers --waits --config /etc/autoscaler/config.json --project shop
  autoscaler simulate --history shop --since 7d --set shop.cpu_thresholds.scale_up_2=55
  autoscaler simulate requests.csv --mean-demand 1.5 --policy target,ladder,hpa:50 --hindsight
  autoscaler simulate --pool-mb 6144 --load a.csv,demand=1.5,mb=300 --load b.csv,demand=1,mb=500,weight=2

The fluid model, without a queue: n workers serve at most n CPUs of demand, and no more than the host has; what is over is
lost. With --policy each request comes at random, waits for a worker that is free, and is served: it tells how long users wait.";

pub(super) fn run(args: &Args, language: Option<Language>) -> Result<()> {
    let language = Sources {
        asked: language,
        daemon: None,
        config: args.config.as_deref().unwrap_or(Path::new(DEFAULT_PATH)),
    }
    .language();
    if let Some(total_mib) = args.pool_mb {
        return super::print(&pool::run(args, language, total_mib)?);
    }
    let (project, config) = project(args)?;
    let interval = args.check_interval.unwrap_or(config.global.check_interval);
    let Recording {
        name,
        title,
        trace,
        capped_percent,
    } = Recording::read(args, &config)?;
    if args.requests.wanted(&project) {
        let answer = seconds::run(args, language, (&name, &trace), &project, interval)?;
        return super::print(&answer);
    }
    let scale = args.mean_demand.map_or(Scale::BusyWorkers, Scale::MeanDemand);
    let demand = Demand::new(&trace, scale, interval, args.window()).map_err(|error| {
        failed(|language| format!("{name}: {}", simulate::demand_error(language, &error)))
    })?;
    let service = Service {
        cpus: args.cpus.map_or(project.most_workers(), NonZeroU32::get),
        memory_mib: args.memory_mb,
        work: if args.waits { Work::Waits } else { Work::Computes },
    };
    let pictures = args.svg.is_some() || args.png.is_some();
    let mut comparison = simulate::compare(&demand, &project, service, pictures);
    let suggestion = args
        .max_late
        .map(|limit| suggestion(args, (&name, &trace), &demand, &project, service, limit))
        .transpose()?;
    let picture = Picture {
        title: &format!(
            "{} over {}, {} to {} UTC",
            project.name,
            title,
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
            "schedules_followed": simulate::follows_schedules(&project, demand.start),
            "capped_percent": capped_percent,
            "host": { "cpus": service.cpus, "memory_mib": service.memory_mib },
            "policies": comparison,
            "suggestion": suggestion,
        });
        format!("{json:#}\n")
    } else {
        let mut text = simulate::words(
            &name,
            &demand,
            &project,
            service,
            &comparison,
            suggestion.as_ref(),
        );
        if let Some(percent) = capped_percent.filter(|percent| *percent > 0.0) {
            let _ = writeln!(
                text,
                "\nIn {percent:.1} % of the recorded time every worker was busy: more load than was recorded may have been there."
            );
        }
        text
    };
    super::print(&text)
}

/// What `--suggest` finds, with at most `limit` percent late.
fn suggestion(
    args: &Args,
    (name, trace): (&str, &Trace),
    demand: &Demand,
    project: &Project,
    service: Service,
    limit: f64,
) -> Result<Suggestion> {
    let scale = args.mean_demand.map_or(Scale::BusyWorkers, Scale::MeanDemand);
    let rate = Rate::new(trace, scale, args.requests.clip, args.window()).map_err(|error| {
        failed(|language| format!("{name}: {}", simulate::demand_error(language, &error)))
    })?;
    let setting = args.requests.setting(project.promise(), demand.interval);
    simulate::suggest(demand, &rate, project, service, &setting, limit).ok_or_else(|| {
        let name = quoted(&project.name);
        failed(|language| {
            say!(
                language,
                "project {name} has more CPU rungs than whole percents: nothing can be suggested",
                "el proyecto {name} tiene más umbrales de CPU que tantos por ciento enteros hay: no se puede sugerir nada"
            )
        })
    })
}

impl Args {
    /// The part of the recording that is used, seconds since 1970.
    fn window(&self) -> std::ops::Range<f64> {
        self.from.unwrap_or(f64::NEG_INFINITY)..self.until.unwrap_or(f64::INFINITY)
    }
}

/// What is replayed.
struct Recording {
    /// Where it comes from, for sentences.
    name: String,
    /// The same, for a picture's title.
    title: String,
    trace: Trace,
    /// Share of the time in which more load could not have shown, percent; `None` where nobody can tell.
    capped_percent: Option<f64>,
}

impl Recording {
    fn read(args: &Args, config: &Config) -> Result<Self> {
        match (&args.file, &args.history) {
            (Some(file), _) => Self::of_file(file),
            (None, Some(project)) => Self::of_history(args, config, project),
            (None, None) => Err(wrong_usage(|language| {
                say!(
                    language,
                    "name a recording, or a project with --history",
                    "nombre una grabación, o un proyecto con --history"
                )
            })),
        }
    }

    fn of_file(path: &Path) -> Result<Self> {
        let input: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(path).map_err(|error| unopened(path, &error))?)
        };
        let name = path.display().to_string();
        Ok(Self {
            title: path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
            trace: Trace::read(input).map_err(|error| {
                failed(|language| format!("{name}: {}", simulate::trace_error(language, &error)))
            })?,
            name,
            capped_percent: None,
        })
    }

    fn of_history(args: &Args, config: &Config, project: &str) -> Result<Self> {
        let reader = args.store.open(Some(config), project)?;
        let until = SystemTime::now();
        let since = args.since.unwrap_or(SINCE);
        let since = until.checked_sub(since).unwrap_or(UNIX_EPOCH);
        let intervals = if args.waits {
            reader.busy(project, since, until)?
        } else {
            reader.demand(project, since, until)?
        };
        let seconds = |capped: bool| -> f64 {
            let counted = intervals
                .iter()
                .filter(|interval| !capped || interval.is_capped());
            // Not by `sum`: that of nothing is -0, and would be printed so.
            counted.fold(0.0, |sum, interval| sum + interval.covered.as_secs_f64())
        };
        let capped_percent = 100.0 * seconds(true) / seconds(false);
        let values = intervals.iter().map(|interval| {
            let end = interval.until.duration_since(UNIX_EPOCH).unwrap_or_default();
            (end.saturating_sub(interval.covered).as_secs_f64(), interval.cpus)
        });
        let trace = Trace::new(values).ok_or_else(|| {
            let held = intervals.len();
            failed(|language| {
                say!(
                    language,
                    "the history holds {held} checks of {project} with CPU figures in that time, and two or more are needed: \
                     let the daemon run on, or look farther back with --since",
                    "el historial tiene {held} comprobaciones de {project} con cifras de CPU en ese tiempo, y hacen falta dos o más: \
                     deje correr el demonio, o mire más atrás con --since"
                )
            })
        })?;
        Ok(Self {
            name: format!("history of {project}"),
            title: "its history".into(),
            trace,
            capped_percent: Some(capped_percent),
        })
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|error| unwritable(path, &error))
}

/// The project, with the changes of `--set`, and the configuration that it is of.
fn project(args: &Args) -> Result<(Project, Config)> {
    let default = args.history.as_ref().map(|_| Path::new(DEFAULT_PATH));
    let path = args.config.as_deref().or(default);
    let (mut name, mut text) = (EXAMPLE_NAME.to_owned(), EXAMPLE.to_owned());
    if let Some(path) = path {
        (name, text) = (path.display().to_string(), config::read(path)?);
    }
    for set in &args.sets {
        text = simulate::change(&text, set)
            .map_err(|error| wrong_usage(|language| simulate::change_error(language, &error)))?;
    }
    if !args.sets.is_empty() {
        name += " with --set";
    }
    let mut config = config::parse(&name, &text).map_err(LoadError::from)?.config;
    let names: Vec<String> = config.projects.keys().cloned().collect();
    let wanted = match (
        args.project.as_ref().or(args.history.as_ref()),
        path,
        names.as_slice(),
    ) {
        (Some(_), None, _) => {
            return Err(wrong_usage(|language| {
                say!(
                    language,
                    "--project needs --config: name the configuration that it is of",
                    "--project necesita --config: nombre la configuración de la que es"
                )
            }));
        }
        (Some(wanted), ..) => wanted.as_str(),
        (None, None, _) => EXAMPLE_PROJECT,
        (None, Some(_), [only]) => only.as_str(),
        (None, Some(_), []) => {
            return Err(wrong_usage(|language| {
                say!(
                    language,
                    "{name} names no project: there is nothing to simulate",
                    "{name} no nombra ningún proyecto: no hay nada que simular"
                )
            }));
        }
        (None, Some(_), _) => {
            let names = names.join(", ");
            return Err(wrong_usage(|language| {
                say!(
                    language,
                    "{name} has several projects: choose one with --project, of {names}",
                    "{name} tiene varios proyectos: elija uno con --project, de {names}"
                )
            }));
        }
    };
    let project = config.projects.remove(wanted).ok_or_else(|| {
        let project = quoted(wanted);
        wrong_usage(|language| {
            let advice = nearest(language, wanted, &names);
            say!(
                language,
                "{name} has no project {project}: {advice}",
                "{name} no tiene el proyecto {project}: {advice}"
            )
        })
    })?;
    if args.waits && project.cpu.is_none() && project.requests.busy.is_none() {
        let project = quoted(wanted);
        return Err(wrong_usage(|language| {
            say!(
                language,
                "project {project} has neither cpu_thresholds nor busy_thresholds, which alone can be simulated: choose another project",
                "el proyecto {project} no tiene ni cpu_thresholds ni busy_thresholds, los únicos que se pueden simular: elija otro proyecto"
            )
        }));
    }
    if project.cpu.is_none() && !args.waits && !args.requests.wanted(&project) {
        let project = quoted(wanted);
        return Err(wrong_usage(|language| {
            say!(
                language,
                "project {project} has no cpu_thresholds, and simulate replays a CPU load: choose another project, or --waits for a load that waits",
                "el proyecto {project} no tiene cpu_thresholds, y simulate repite una carga de CPU: elija otro proyecto, o --waits para una carga que espera"
            )
        }));
    }
    Ok((project, config))
}

fn number(text: &str, range: std::ops::RangeInclusive<f64>) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "write a number from {} to {}{}",
            range.start(),
            range.end(),
            super::with_point(text)
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
