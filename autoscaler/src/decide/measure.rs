//! The measures that a project's ladders are over, as one check saw them.

use std::time::Duration;

use crate::decide::capacity::{capacity_cpus, load_cpus, utilization_percent};
use crate::decide::constraint::{self, Constraint};
use crate::model::{
    Concurrency, CpuBasis, Host, Measure, PoolFault, Project, ProjectSample, QueueSample, Reason,
    RequestFault, RequestSample, Rungs, Uncounted, busy_percent,
};

/// What one check read of a measure, beside the ladder that judges it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) rungs: Rungs<'a>,
    /// Percent, waiting tasks, or ms.
    pub(super) value: f64,
    /// The value is the least that it can be: it may lead up, and never down.
    pub(super) is_lower_bound: bool,
    /// The value has the tasks that run in it.
    pub(super) counts_running: bool,
    /// The interval that the value stands for.
    pub(super) covered: Duration,
    /// CPUs in use, or busy slots; 0 where the figure does not depend on the count of workers.
    pub(super) load: f64,
    /// What kept the project's tasks from the CPU they wanted, if anything did.
    pub(super) constraint: Option<Constraint>,
    /// How the same load looks with another count; only where the figure depends on the count.
    pub(super) projection: Option<Projection<'a>>,
}

impl Measured<'_> {
    /// The value for a decision's reason, where its line has it nowhere else: of requests, and of a queue with what runs.
    pub(super) fn told_value(&self) -> Option<f64> {
        let told = match self.rungs.measure {
            Measure::Busy | Measure::Wait => true,
            Measure::Queue => self.counts_running,
            Measure::Cpu => false,
        };
        told.then_some(self.value)
    }
}

/// Says what a load shows with a given number of workers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Projection<'a> {
    /// CPUs in use, of those that the workers can use.
    Cpus { host: &'a Host, allowed: f64 },
    /// Busy slots, of those that no long request takes.
    Slots { threads: u32, long: u32 },
}

impl Projection<'_> {
    /// Percent of the capacity of `workers` workers that `load` takes.
    pub(super) fn percent(&self, load: f64, workers: u32) -> f64 {
        match *self {
            Self::Cpus { host, allowed } => {
                100.0 * load / capacity_cpus(CpuBasis::Workers, host, allowed, workers)
            }
            Self::Slots { threads, long } => busy_percent(load, workers.saturating_mul(threads), long),
        }
    }

    /// The same for the slots of a server that has any.
    pub(super) fn of_slots(requests: &RequestSample) -> Option<Self> {
        let Concurrency::Threads(threads) = requests.concurrency else {
            return None;
        };
        let long = u32::try_from(requests.figures.long).unwrap_or(u32::MAX);
        Some(Self::Slots { threads, long })
    }
}

/// The measures of this check; fewer than the project has ladders where a figure is missing.
pub(super) fn all<'a>(project: &'a Project, host: &'a Host, sample: &'a ProjectSample) -> Vec<Measured<'a>> {
    let read = |rungs: Rungs<'a>| match rungs.measure {
        Measure::Cpu => cpu(project, host, sample, rungs),
        Measure::Queue => queue(project, host, sample, rungs),
        Measure::Busy => busy(host, sample, rungs),
        Measure::Wait => wait(host, sample, rungs),
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

/// Why the project's requests are not among the measures, although they were asked for.
pub(super) fn unseen_requests(project: &Project, sample: &ProjectSample) -> Option<Reason> {
    RequestFault::of(project, sample).map(Reason::RequestsUnseen)
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
    let projection = Projection::Cpus {
        host,
        allowed: cpu.allowed_cpus,
    };
    Some(Measured {
        rungs,
        value: utilization_percent(project.cpu_basis, host, cpu, sample.worker_count())?,
        is_lower_bound: false,
        counts_running: false,
        covered: cpu.covered,
        load: load_cpus(cpu)?,
        constraint: constraint::of(host, cpu),
        projection: (project.cpu_basis == CpuBasis::Workers).then_some(projection),
    })
}

fn queue<'a>(
    project: &Project,
    host: &'a Host,
    sample: &'a ProjectSample,
    rungs: Rungs<'a>,
) -> Option<Measured<'a>> {
    let queue = sample.queue.as_ref()?.as_ref().ok()?;
    let rule = project.queue.as_ref().filter(|rule| rule.count_running);
    let counts_running = rule.is_some();
    let running = rule.map(|rule| queue.running(rule.broker.task_queue));
    let known = running.flatten().unwrap_or_default();
    Some(Measured {
        rungs,
        value: queue.backlog().saturating_add(known) as f64,
        // Where nobody tells for a moment what runs, something may.
        is_lower_bound: running == Some(None) || queue.uncounted.iter().any(Uncounted::is_lower_bound),
        counts_running,
        covered: queue.covered,
        load: 0.0,
        constraint: sample.cpu.as_ref().and_then(|cpu| constraint::of(host, cpu)),
        projection: None,
    })
}

fn seen(sample: &ProjectSample) -> Option<&RequestSample> {
    sample.requests.as_ref()?.as_ref().ok()
}

/// What keeps the project's tasks from the CPU they want, where that is what its requests wait for: workers that wait for a
/// database are no better off on a host with idle CPUs, and another one helps on a busy host as well.
fn constraint(host: &Host, sample: &ProjectSample, requests: &RequestSample) -> Option<Constraint> {
    let cpu = sample.cpu.as_ref()?;
    let constraint = constraint::of(host, cpu)?;
    let wanted = (cpu.on_cpu + cpu.wait.unwrap_or_default()).as_secs_f64();
    let served = requests.figures.busy * cpu.covered.as_secs_f64();
    let is_host = matches!(constraint, Constraint::HostSaturated { .. });
    (!is_host || wanted >= served / 2.0).then_some(constraint)
}

fn busy<'a>(host: &'a Host, sample: &'a ProjectSample, rungs: Rungs<'a>) -> Option<Measured<'a>> {
    let requests = seen(sample)?;
    let projection = Projection::of_slots(requests)?;
    let load = requests.figures.busy;
    Some(Measured {
        rungs,
        value: projection.percent(load, sample.worker_count()),
        is_lower_bound: false,
        counts_running: false,
        covered: requests.figures.covered,
        load,
        constraint: constraint(host, sample, requests),
        projection: Some(projection),
    })
}

fn wait<'a>(host: &'a Host, sample: &'a ProjectSample, rungs: Rungs<'a>) -> Option<Measured<'a>> {
    let requests = seen(sample).filter(|requests| !requests.reads_ahead)?;
    // Where nobody came, nobody waited.
    let wait = requests.figures.wait_quantile(0.95).unwrap_or_default();
    Some(Measured {
        rungs,
        value: wait.as_secs_f64() * 1e3,
        is_lower_bound: false,
        counts_running: false,
        covered: requests.figures.covered,
        load: 0.0,
        constraint: constraint(host, sample, requests),
        projection: None,
    })
}
