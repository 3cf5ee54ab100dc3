//! How each project stands after the last check: what `autoscaler status` and `why` are told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::control::{NextStep, OrderStatus, ProjectStatus, Told};
use crate::daemon::orders::{Given, Term};
use crate::model::{
    CgroupMemory, CpuBasis, Decision, Language, Next, Order, Outlook, Project, ProjectSample, QueueSample,
    Reason,
};
use crate::report::{Chronicle, Episode, unix};
use crate::words::{self, Bilingual};

/// Runs of decisions kept of each project: at one check in two minutes, half a day of nothing but changes.
const RUNS: usize = 360;

/// All projects.
#[derive(Debug, Default)]
pub(super) struct Standings(BTreeMap<String, Standing>);

#[derive(Debug)]
struct Standing {
    decided: Option<(SystemTime, Decision)>,
    stepped: Option<(SystemTime, Decision)>,
    cgroup: Option<PathBuf>,
    memory: CgroupMemory,
    queue: Option<QueueSample>,
    outlook: Outlook,
    chronicle: Chronicle,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            decided: None,
            stepped: None,
            cgroup: None,
            memory: CgroupMemory::default(),
            queue: None,
            outlook: Outlook::default(),
            chronicle: Chronicle::new(RUNS),
        }
    }
}

impl Standings {
    /// Notes a decision and the view from there.
    pub(super) fn decided(
        &mut self,
        project: &str,
        decision: &Decision,
        sample: Option<&ProjectSample>,
        outlook: Outlook,
    ) {
        let standing = self.0.entry(project.to_owned()).or_default();
        let now = SystemTime::now();
        standing.chronicle.decided(now, decision);
        if decision.action.to().is_some() {
            standing.stepped = Some((now, decision.clone()));
        }
        standing.decided = Some((now, decision.clone()));
        standing.cgroup = sample.map(|sample| sample.cgroup.clone());
        standing.memory = sample.map(|sample| sample.memory).unwrap_or_default();
        standing.queue = sample.and_then(|sample| sample.queue.as_ref()?.as_ref().ok().cloned());
        standing.outlook = outlook;
    }

    /// Notes what happened to a project since its last decision.
    pub(super) fn happened(&mut self, project: &str, event: Bilingual) {
        self.0
            .entry(project.to_owned())
            .or_default()
            .chronicle
            .happened(event);
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|project, _| keep(project));
    }

    /// What was decided about a project from `since` on.
    pub(super) fn episodes(&self, project: &str, since: SystemTime, language: Language) -> Vec<Episode> {
        self.0
            .get(project)
            .map(|standing| standing.chronicle.episodes(since, language))
            .unwrap_or_default()
    }

    /// How a project stands, in `language`; `now` is the `CLOCK_MONOTONIC` of this moment.
    pub(super) fn status(
        &self,
        project: &Project,
        scaling: bool,
        given: Option<&Given>,
        (language, now): (Language, Duration),
    ) -> ProjectStatus {
        let mut status = ProjectStatus {
            name: project.name.clone(),
            unit: project.service_name.clone(),
            server: Some(project.workload().code().to_owned()),
            cpu_basis: Some(match project.cpu_basis {
                CpuBasis::Workers => "workers".to_owned(),
                CpuBasis::Host => "host".to_owned(),
            }),
            enabled: project.enabled,
            min_workers: project.bounds.min,
            max_workers: project.bounds.max,
            order: given.map(|given| order(given, language, now)),
            ..ProjectStatus::default()
        };
        let Some(standing) = self.0.get(&project.name) else {
            return status;
        };
        if let Some((at, decision)) = &standing.decided {
            let figures = decision.figures;
            status.workers = figures.workers;
            status.cpu_percent = figures.cpu_percent;
            status.wait_percent = figures.wait_percent;
            status.queue = figures.queue;
            status.scaling_to = decision.action.to().filter(|_| scaling);
            status.decision = Some(told(*at, decision, language));
        }
        if let Some((at, decision)) = &standing.stepped {
            status.last_step = Some(told(*at, decision, language));
        }
        if let Some(queue) = &standing.queue {
            status.reserved = queue.reserved;
            status.active = queue.active;
            status.unacknowledged = queue.unacknowledged;
            let words = queue
                .uncounted
                .iter()
                .map(|what| words::uncounted(language, what));
            status.uncounted = words.collect();
            status.oldest_waiting_seconds = queue.oldest_waiting.map(|oldest| oldest.as_secs_f64());
        }
        status.cgroup = standing
            .cgroup
            .as_ref()
            .map(|cgroup| cgroup.to_string_lossy().into_owned());
        status.memory_current_mib = standing.memory.current.map(|bytes| bytes >> 20);
        status.memory_limit_mib = standing
            .memory
            .max
            .filter(|limit| *limit != u64::MAX)
            .map(|bytes| bytes >> 20);
        // An order stands above the rungs.
        let ordered = given.map(|given| match given.order {
            Order::Pause => Reason::Paused,
            Order::Scale(workers) => Reason::ByHand { workers },
        });
        let next = |up: bool| {
            let ordered = ordered.clone();
            move |next: &Next| {
                let against = ordered.clone().or_else(|| next.against.clone());
                next_step(
                    &Next {
                        against,
                        ..next.clone()
                    },
                    up,
                    language,
                )
            }
        };
        status.up = standing.outlook.up.iter().map(next(true)).collect();
        status.down = standing.outlook.down.iter().map(next(false)).collect();
        status
    }
}

fn told(at: SystemTime, decision: &Decision, language: Language) -> Told {
    Told {
        at: unix(at),
        action: decision.action.code().to_owned(),
        workers_to: decision.action.to(),
        reason: decision.reason.code().to_owned(),
        words: words::reason(language, &decision.reason),
    }
}

fn next_step(next: &Next, up: bool, language: Language) -> NextStep {
    NextStep {
        measure: next.measure.code().to_owned(),
        rung: next.rung,
        workers_to: next.to,
        threshold: next.threshold,
        held_seconds: next.held.as_secs_f64(),
        needed_seconds: next.needed.as_secs_f64(),
        against: next.against.as_ref().map(|against| against.code().to_owned()),
        words: words::outlook(language, next, up),
    }
}

fn order(given: &Given, language: Language, now: Duration) -> OrderStatus {
    OrderStatus {
        workers: match given.order {
            Order::Pause => None,
            Order::Scale(workers) => Some(workers),
        },
        until: match given.term {
            Term::Until(end) => Some(unix(SystemTime::now() + end.saturating_sub(now))),
            Term::Once | Term::Resumed => None,
        },
        by: given.by.within(language).to_owned(),
    }
}
