//! What the loop counts for those who measure it, and the answer to a scrape.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::act::{Cause, Outcome, Workers};
use crate::daemon::check::Checks;
use crate::history::ProjectCheck;
use crate::metrics::{Message, Process, ProjectScrape, Scrape, Server};
use crate::model::{Action, Host, Metrics};

/// The counts of one daemon.
#[derive(Debug, Default)]
pub(super) struct Meter {
    server: Option<(Metrics, Server)>,
    host: Option<Host>,
    checked_at: Option<SystemTime>,
    checks: u64,
    failed_checks: u64,
    check_time: Duration,
    refused_config: bool,
    projects: BTreeMap<String, Counts>,
}

/// The counts of one project, and its last check.
#[derive(Debug, Default)]
struct Counts {
    last: Option<ProjectCheck>,
    observed: bool,
    decisions: BTreeMap<(&'static str, &'static str), u64>,
    steps_done: u64,
    steps_failed: u64,
}

impl Meter {
    /// Serves as configured from now on.
    pub(super) fn serve(&mut self, metrics: Option<&Metrics>) {
        if self.server.as_ref().map(|(served, _)| served) == metrics {
            return;
        }
        // The old address first: the new one may be the same with another key.
        self.server = None;
        self.server = metrics.map(|metrics| (metrics.clone(), Server::start(metrics.listen.clone())));
    }

    /// Waits for the server to want something.
    pub(super) async fn message(&mut self) -> Message {
        match &mut self.server {
            Some((_, server)) => server.message().await,
            None => std::future::pending().await,
        }
    }

    /// Counts one check.
    pub(super) fn checked(&mut self, host: Host) {
        self.host = Some(host);
        self.checked_at = Some(SystemTime::now());
        self.checks += 1;
    }

    /// Counts the decisions of a check about those projects that it decided about.
    pub(super) fn decided(&mut self, projects: &[ProjectCheck]) {
        for check in projects {
            let counts = self.projects.entry(check.project.clone()).or_default();
            if let Some(decided) = &check.decided {
                let action = match decided.action {
                    Action::ScaleUp { .. } => "scale_up",
                    Action::ScaleDown { .. } => "scale_down",
                    Action::Hold => "hold",
                    Action::Blocked => "blocked",
                };
                *counts
                    .decisions
                    .entry((action, decided.reason.code()))
                    .or_default() += 1;
            }
            counts.observed = check.figures.workers.is_some();
            counts.last = Some(check.clone());
        }
    }

    /// Counts a check that could not see the host.
    pub(super) fn failed(&mut self) {
        self.failed_checks += 1;
    }

    /// Adds the time that a check took.
    pub(super) fn took(&mut self, time: Duration) {
        self.check_time += time;
    }

    /// Counts what came of a step.
    pub(super) fn outcome(&mut self, project: &str, outcome: &Outcome) {
        let counts = self.projects.entry(project.to_owned()).or_default();
        match &outcome.workers {
            Ok(Workers::Untouched) => {}
            // What was taken back has not failed.
            Err(error) if error.cause == Cause::Withdrawn => {}
            Ok(Workers::Scaled { .. }) => counts.steps_done += 1,
            Err(_) => counts.steps_failed += 1,
        }
    }

    /// Notes whether the configuration on disk is in force.
    pub(super) fn reloaded(&mut self, in_force: bool) {
        self.refused_config = !in_force;
    }

    /// Forgets projects that `keep` does not want.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.projects.retain(|name, _| keep(name));
    }
}

impl Checks {
    /// The state of this moment.
    pub(super) fn scrape(&mut self) -> Scrape {
        let totals = self.observer.totals();
        let meter = &self.meter;
        let projects = self.config.projects.iter().map(|(name, project)| {
            let counts = meter.projects.get(name);
            let last = counts.and_then(|counts| counts.last.as_ref());
            let scrape = ProjectScrape {
                enabled: project.enabled,
                observed: counts.is_some_and(|counts| counts.observed),
                bounds: project.bounds,
                figures: last.map(|last| last.figures).unwrap_or_default(),
                memory: last.map(|last| last.memory).unwrap_or_default(),
                thresholds: last.map(|last| last.thresholds).unwrap_or_default(),
                totals: totals.get(name).copied(),
                decisions: counts.map(|counts| counts.decisions.clone()).unwrap_or_default(),
                steps_done: counts.map_or(0, |counts| counts.steps_done),
                steps_failed: counts.map_or(0, |counts| counts.steps_failed),
            };
            (name.clone(), scrape)
        });
        Scrape {
            source: self.observer.source_kind(),
            health: self.observer.source_health(),
            host: meter.host,
            checked_at: meter.checked_at,
            check_interval: self.interval(),
            checks: meter.checks,
            failed_checks: meter.failed_checks,
            check_time: meter.check_time,
            history_lost: self.keeper.lost(),
            config_in_force: !meter.refused_config,
            process: Process {
                cpu: own_cpu(),
                resident: own_memory(),
                started_at: self.started_at,
            },
            projects: projects.collect(),
        }
    }
}

fn own_cpu() -> Duration {
    getrusage(UsageWho::RUSAGE_SELF)
        .map(|usage| usage.user_time() + usage.system_time())
        .ok()
        .and_then(|time| u64::try_from(time.num_microseconds()).ok())
        .map(Duration::from_micros)
        .unwrap_or_default()
}

/// Resident memory, bytes: the second field of /proc/self/statm (`proc_pid_statm(5)`), in pages.
fn own_memory() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
}
