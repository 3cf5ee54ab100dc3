//! The measures that a project's ladders are over, as one check saw them.

use std::time::Duration;

use crate::decide::capacity::{capacity_cpus, load_cpus, utilization_percent};
use crate::decide::constraint::{self, Constraint};
use crate::model::{
    CpuBasis, Host, Measure, PoolFault, Project, ProjectSample, QueueSample, Reason, Rungs, Uncounted,
};

/// What one check read of a measure, beside the ladder that judges it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) rungs: Rungs<'a>,
    /// Percent, or waiting tasks.
    pub(super) value: f64,
    /// The value is the least that it can be: it may lead up, and never down.
    pub(super) is_lower_bound: bool,
    /// The interval that the value stands for.
    pub(super) covered: Duration,
    /// CPUs in use; 0 for a queue.
    pub(super) load_cpus: f64,
    /// What kept the project's tasks from the CPU they wanted, if anything did.
    pub(super) constraint: Option<Constraint>,
    /// How the same load looks with another count; only where the figure depends on the count.
    pub(super) projection: Option<Projection<'a>>,
}

/// Says what a CPU load shows with a given number of workers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Projection<'a> {
    host: &'a Host,
    allowed_cpus: f64,
}

impl Projection<'_> {
    /// Percent of the capacity of `workers` workers that `load_cpus` takes.
    pub(super) fn percent(&self, load_cpus: f64, workers: u32) -> f64 {
        100.0 * load_cpus / capacity_cpus(CpuBasis::Workers, self.host, self.allowed_cpus, workers)
    }
}

/// The measures of this check; fewer than the project has ladders where a figure is missing.
pub(super) fn all<'a>(project: &'a Project, host: &'a Host, sample: &'a ProjectSample) -> Vec<Measured<'a>> {
    let read = |rungs: Rungs<'a>| match rungs.measure {
        Measure::Cpu => cpu(project, host, sample, rungs),
        Measure::Queue => queue(host, sample, rungs),
    };
    project.ladders().filter_map(read).collect()
}

/// Why the project's queues are not among the measures, although they were asked for.
pub(super) fn unreadable_queue(project: &Project, sample: &ProjectSample) -> Option<Reason> {
    match (&project.queue, &sample.queue) {
        (Some(_), Some(Err(fault))) => Some(Reason::QueueUnreadable(fault.clone())),
        _ => None,
    }
}

/// Why no step could be carried out, whatever the measures say.
pub(super) fn unreachable_pool(project: &Project, sample: &ProjectSample) -> Option<Reason> {
    match (&project.queue, &sample.queue) {
        (
            Some(_),
            Some(Ok(QueueSample {
                pool_fault: Some(fault),
                ..
            })),
        ) => Some(Reason::PoolUnreachable(fault.clone())),
        _ => None,
    }
}

/// The same, of a pool that has no processes and never will have: one that boots has none either, for a while.
pub(super) fn pool_without_processes(project: &Project, sample: &ProjectSample) -> Option<Reason> {
    unreachable_pool(project, sample).filter(|reason| {
        let Reason::PoolUnreachable(fault) = reason else {
            return false;
        };
        !matches!(
            fault,
            PoolFault::NobodyListens | PoolFault::NoAnswer { .. } | PoolFault::NotOurs { .. }
        )
    })
}

fn cpu<'a>(
    project: &'a Project,
    host: &'a Host,
    sample: &'a ProjectSample,
    rungs: Rungs<'a>,
) -> Option<Measured<'a>> {
    let cpu = sample.cpu.as_ref()?;
    let projection = Projection {
        host,
        allowed_cpus: cpu.allowed_cpus,
    };
    Some(Measured {
        rungs,
        value: utilization_percent(project.cpu_basis, host, cpu, sample.worker_count())?,
        is_lower_bound: false,
        covered: cpu.covered,
        load_cpus: load_cpus(cpu)?,
        constraint: constraint::of(host, cpu),
        projection: (project.cpu_basis == CpuBasis::Workers).then_some(projection),
    })
}

fn queue<'a>(host: &'a Host, sample: &'a ProjectSample, rungs: Rungs<'a>) -> Option<Measured<'a>> {
    let queue = sample.queue.as_ref()?.as_ref().ok()?;
    Some(Measured {
        rungs,
        value: queue.backlog() as f64,
        is_lower_bound: queue.uncounted.iter().any(Uncounted::is_lower_bound),
        covered: queue.covered,
        load_cpus: 0.0,
        constraint: sample.cpu.as_ref().and_then(|cpu| constraint::of(host, cpu)),
        projection: None,
    })
}
