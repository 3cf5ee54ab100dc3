//! `autoscaler simulate --policy`: the load to the request, with a queue.

use std::time::Duration;

use anyhow::Result;
use clap::Args as ClapArgs;

use super::{Args, number};
use crate::cli::failure::failed;
use crate::model::{Language, Project, Promise};
use crate::simulate::seconds::{self, Policy, Rate, Run, Setting, Traffic};
use crate::simulate::{self, Scale, Trace};

/// What the model to the request takes.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "To the request, with a queue")]
pub(super) struct Requests {
    /// Simulate each request under these policies: target, ladder, hpa:70, knative, sqrt:1.5, fixed:6; several by comma [default for a project with a promise: all of them]
    #[arg(long = "policy", value_name = "POLICY", value_delimiter = ',', value_parser = policy)]
    pub(super) policies: Vec<Policy>,
    /// Also tune each rival until it is as late as the first policy, and compare worker-hours
    #[arg(long)]
    pub(super) hindsight: bool,
    /// Mean time of service of a request
    #[arg(long, value_name = "MS", default_value = "80", value_parser = milliseconds)]
    service_ms: Duration,
    /// The share of it that is CPU
    #[arg(long, value_name = "PERCENT", default_value = "100", value_parser = super::percent)]
    cpu_percent: f64,
    /// How much the rate sways within seconds: its standard deviation over its mean
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = burst)]
    burst: f64,
    /// How long a new worker takes until it serves
    #[arg(long, value_name = "SECONDS", default_value = "4", value_parser = boot)]
    boot_seconds: Duration,
    /// A longer wait is late [default: the project's promise, or 100]
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    wait_ms: Option<Duration>,
    /// Cut the load down to so many busy workers where it is more
    #[arg(long, value_name = "WORKERS", value_parser = super::demand)]
    pub(super) clip: Option<f64>,
    /// Of the random numbers: the same gives the same figures on every machine
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(super) seed: u64,
}

impl Requests {
    /// Whether it is asked for: by its own options, or because the project has a promise.
    pub(super) fn wanted(&self, project: &Project) -> bool {
        !self.policies.is_empty() || self.hindsight || project.promise().is_some()
    }

    /// What is the same for every policy.
    pub(super) fn setting(&self, promise: Option<Promise>, check_interval: Duration) -> Setting {
        let promise = promise.unwrap_or_default();
        Setting {
            traffic: Traffic {
                service: self.service_ms,
                variation: 1.0,
                burst: self.burst,
                cpu_share: self.cpu_percent / 100.0,
            },
            boot: self.boot_seconds,
            promise: Promise {
                wait: self.wait_ms.unwrap_or(promise.wait),
                ..promise
            },
            check_interval,
            seed: self.seed,
        }
    }
}

/// The answer, as text or JSON.
pub(super) fn run(
    args: &Args,
    language: Language,
    (name, trace): (&str, &Trace),
    project: &Project,
    check_interval: Duration,
) -> Result<String> {
    let scale = args.mean_demand.map_or(Scale::BusyWorkers, Scale::MeanDemand);
    let rate = Rate::new(trace, scale, args.requests.clip, args.window()).map_err(|error| {
        failed(|language| format!("{name}: {}", simulate::demand_error(language, &error)))
    })?;
    let setting = args.requests.setting(project.promise(), check_interval);
    let policies = match args.requests.policies.as_slice() {
        [] => all(project),
        some => some.to_vec(),
    };
    let runs = seconds::replay(&rate, &setting, project, &policies);
    let tuned = args.requests.hindsight.then(|| {
        let late = runs.first().map_or(0.0, |run| run.score.late_percent);
        seconds::tune(&rate, &setting, project, late)
    });
    if args.json {
        let json = serde_json::json!({
            "project": project.name,
            "seconds": rate.seconds,
            "schedules_followed": simulate::follows_schedules(project, rate.start),
            "mean_busy_workers": rate.mean(),
            "highest_busy_workers": rate.highest(),
            "late_over_ms": setting.promise.wait.as_secs_f64() * 1000.0,
            "seed": setting.seed,
            "policies": runs,
            "hindsight": tuned,
        });
        return Ok(format!("{json:#}\n"));
    }
    let mut text = seconds::told(language, name, &rate, &setting, project, &runs);
    if let (Some(tuned), Some(Run { .. })) = (&tuned, runs.first()) {
        text += &seconds::tuned_told(language, &runs[0], tuned);
    }
    Ok(text)
}

/// Every policy that says something about the project.
fn all(project: &Project) -> Vec<Policy> {
    let mut all = vec![Policy::Target];
    if project.ladders().next().is_some() {
        all.push(Policy::Ladder);
    }
    all.extend([
        Policy::Hpa(70.0),
        Policy::Hpa(50.0),
        Policy::Knative(70.0),
        Policy::SquareRoot(1.5),
        Policy::Fixed(project.bounds.max),
    ]);
    all
}

fn policy(text: &str) -> Result<Policy, String> {
    Policy::of(text.trim())
        .ok_or_else(|| "write target, ladder, hpa:70, knative, sqrt:1.5, fixed:6 or oracle:1".into())
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    number(text, 1.0..=600_000.0).map(|ms| Duration::from_secs_f64(ms / 1000.0))
}

fn boot(text: &str) -> Result<Duration, String> {
    number(text, 0.0..=3600.0).map(Duration::from_secs_f64)
}

fn burst(text: &str) -> Result<f64, String> {
    number(text, 0.0..=5.0)
}
