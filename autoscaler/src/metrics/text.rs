//! A scrape as text: `OpenMetrics` for those who ask for it, Prometheus' older format for everybody else.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text::encode};
use prometheus_client::registry::Registry;

use super::{ProjectScrape, Scrape};
use crate::model::{Look, Measure};

mod family;
mod own;
mod promise;
mod requests;
mod times;

pub(crate) use family::{Label, counter, family, gauge, plain};
pub(crate) use own::{build_info, health, process};
pub(crate) use times::Times;

use family::{Labels, Sample, flag, unix};

/// One of the two ways of writing a scrape down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `OpenMetrics` 1.0.
    OpenMetrics,
    /// Prometheus' text format 0.0.4.
    Prometheus,
}

impl Format {
    /// The format for an `Accept` header.
    #[must_use]
    pub fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    /// Its `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// Writes a scrape down.
///
/// # Errors
/// Never in practice: writing to a string does not fail.
pub fn text(scrape: impl Collector, format: Format) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(scrape));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(match format {
        Format::OpenMetrics => text,
        Format::Prometheus => older(&text),
    })
}

/// `OpenMetrics` as the older format: there the description of a counter has its whole name, and no end is marked.
fn older(text: &str) -> String {
    let counters: HashSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut older = String::with_capacity(text.len());
    for line in text.lines().filter(|line| *line != "# EOF") {
        let described = ["# HELP ", "# TYPE "].into_iter().find_map(|mark| {
            let (name, rest) = line.strip_prefix(mark)?.split_once(' ')?;
            counters
                .contains(name)
                .then(|| format!("{mark}{name}_total {rest}"))
        });
        older += described.as_deref().unwrap_or(line);
        older.push('\n');
    }
    older
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let out = &mut encoder;
        self.daemon(out)?;
        self.host(out)?;
        self.usage(out)?;
        self.state(out)?;
        self.requests(out)?;
        self.promises(out)?;
        self.decisions(out)
    }
}

impl Scrape {
    fn daemon(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        build_info(out, self.source)?;
        counter(
            out,
            "autoscaler_checks",
            "Checks that saw the host",
            [plain(self.checks as f64)],
        )?;
        counter(
            out,
            "autoscaler_check_failures",
            "Checks that could not see the host",
            [plain(self.failed_checks as f64)],
        )?;
        counter(
            out,
            "autoscaler_check_duration_seconds",
            "Time that all checks took",
            [plain(self.check_time.as_secs_f64())],
        )?;
        gauge(
            out,
            "autoscaler_last_check_timestamp_seconds",
            "When the last check saw the host",
            self.checked_at.map(|at| plain(unix(at))),
        )?;
        gauge(
            out,
            "autoscaler_check_interval_seconds",
            "Time from one check to the next, as configured",
            [plain(self.check_interval.as_secs_f64())],
        )?;
        gauge(
            out,
            "autoscaler_config_last_reload_successful",
            "Whether the configuration on disk is the one in force",
            [plain(flag(self.config_in_force))],
        )?;
        counter(
            out,
            "autoscaler_history_lost_entries",
            "Checks and events that could not be kept",
            self.history_lost.map(|lost| plain(lost as f64)),
        )?;
        health(out, self.source, self.health)?;
        process(out, &self.process)
    }

    fn host(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let Some(host) = &self.host else { return Ok(()) };
        gauge(
            out,
            "autoscaler_host_cpus",
            "CPUs online",
            [plain(f64::from(host.cpus))],
        )?;
        gauge(
            out,
            "autoscaler_host_memory_bytes",
            "Memory of the host",
            [plain(mib(host.memory_total_mib))],
        )?;
        gauge(
            out,
            "autoscaler_host_memory_available_bytes",
            "Memory available on the host",
            [plain(mib(host.memory_available_mib))],
        )?;
        gauge(
            out,
            "autoscaler_host_busy_ratio",
            "Share of the host's CPUs that was busy between the last two checks",
            host.busy_percent.map(|percent| plain(percent / 100.0)),
        )
    }

    /// The counters of each cgroup, as they are at this moment.
    fn usage(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let total = |what: fn(&ProjectScrape) -> Option<Duration>| {
            self.each(move |project| Some(what(project)?.as_secs_f64()))
        };
        counter(
            out,
            "autoscaler_cgroup_cpu_seconds",
            "Time that the project's tasks were on a CPU",
            total(|project| Some(project.totals?.on_cpu)),
        )?;
        counter(
            out,
            "autoscaler_cgroup_runqueue_wait_seconds",
            "Time that the project's tasks could run but had no CPU",
            total(|project| project.totals?.wait),
        )?;
        counter(
            out,
            "autoscaler_cgroup_throttled_seconds",
            "Time for which the project's own cpu.max held it back",
            total(|project| project.totals?.throttled),
        )?;
        gauge(
            out,
            "autoscaler_cgroup_memory_bytes",
            "Memory that the project uses",
            self.each(|project| Some(look(project)?.memory.current? as f64)),
        )?;
        gauge(
            out,
            "autoscaler_cgroup_memory_limit_bytes",
            "The project's memory limit; left out where it has none",
            self.each(|project| Some(look(project)?.memory.max.filter(|max| *max != u64::MAX)? as f64)),
        )
    }

    /// Each project at the last check.
    fn state(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let workers = |of: fn(&ProjectScrape) -> u32| self.each(move |project| Some(f64::from(of(project))));
        gauge(
            out,
            "autoscaler_project_enabled",
            "Whether the daemon may act on the project",
            self.each(|project| Some(flag(project.enabled))),
        )?;
        gauge(
            out,
            "autoscaler_project_observed",
            "Whether the last check could see the project's service",
            self.each(|project| Some(flag(look(project).is_some_and(Look::observed)))),
        )?;
        gauge(
            out,
            "autoscaler_workers",
            "Workers seen",
            self.each(|project| look(project)?.figures.workers.map(f64::from)),
        )?;
        gauge(
            out,
            "autoscaler_workers_min",
            "Fewest workers",
            workers(|project| project.bounds.min),
        )?;
        gauge(
            out,
            "autoscaler_workers_max",
            "Most workers",
            workers(|project| project.bounds.max),
        )?;
        gauge(
            out,
            "autoscaler_workers_wanted",
            "Workers that the load asks for, whatever the most there may be",
            self.each(|project| project.wanted.map(f64::from)),
        )?;
        gauge(
            out,
            "autoscaler_cpu_utilization_ratio",
            "CPU that the project used between the last two checks, of what its basis counts as all",
            self.each(|project| Some(look(project)?.figures.cpu_percent? / 100.0)),
        )?;
        let thresholds = self.projects.iter().flat_map(|(name, project)| {
            let labels =
                |direction: &str| vec![("project", name.clone()), ("direction", direction.to_owned())];
            let ratio = |percent: f64| percent / 100.0;
            let thresholds = look(project).map(|look| &look.thresholds);
            let up = thresholds.and_then(|both| both.up(Measure::Cpu)).map(ratio);
            let down = thresholds.and_then(|both| both.down(Measure::Cpu)).map(ratio);
            let up = up.map(|ratio| (labels("up"), ratio));
            let down = down.map(|ratio| (labels("down"), ratio));
            up.into_iter().chain(down)
        });
        gauge(
            out,
            "autoscaler_cpu_threshold_ratio",
            "CPU beyond which the project's next step lies",
            thresholds,
        )?;
        gauge(
            out,
            "autoscaler_queue_waiting_tasks",
            "Tasks waiting in the project's queues",
            self.each(|project| Some(look(project)?.figures.queue? as f64)),
        )?;
        gauge(
            out,
            "autoscaler_queue_oldest_task_seconds",
            "The oldest waiting task has waited at least this long",
            self.each(|project| Some(look(project)?.figures.oldest_waiting?.as_secs_f64())),
        )
    }

    fn decisions(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let decisions = self.projects.iter().flat_map(|(name, project)| {
            project.counts.decisions.iter().map(|((action, reason), count)| {
                let labels = vec![
                    ("project", name.clone()),
                    ("action", (*action).to_owned()),
                    ("reason", (*reason).to_owned()),
                ];
                (labels, *count as f64)
            })
        });
        counter(
            out,
            "autoscaler_decisions",
            "Decisions, one for each check, by what was decided and why",
            decisions,
        )?;
        let steps = self.projects.iter().flat_map(|(name, project)| {
            [
                ("done", project.counts.steps_done),
                ("failed", project.counts.steps_failed),
            ]
            .map(|(result, count)| {
                let labels = vec![("project", name.clone()), ("result", result.to_owned())];
                (labels, count as f64)
            })
        });
        counter(
            out,
            "autoscaler_steps",
            "Steps that were carried out, by what came of them",
            steps,
        )
    }

    /// A sample for each project that has the figure.
    fn each(&self, value: impl Fn(&ProjectScrape) -> Option<f64>) -> impl Iterator<Item = Sample> {
        self.projects
            .iter()
            .filter_map(move |(name, project)| Some((vec![("project", name.clone())], value(project)?)))
    }
}

fn look(project: &ProjectScrape) -> Option<&Look> {
    project.look.as_deref()
}

fn mib(mib: u64) -> f64 {
    mib as f64 * f64::from(1 << 20)
}

#[cfg(test)]
mod tests;
