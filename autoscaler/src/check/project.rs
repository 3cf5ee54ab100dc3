//! One project, from the sample that the observer took of it.

use jiff::Timestamp;

use crate::act::SignalTarget;
use crate::check::writable::writable;
use crate::host::cgroup::{Cgroup, CgroupMount};
use crate::host::process::Procfs;
use crate::host::usage::monotonic;
use crate::model::{
    BrokerUrl, Fact, Figures, Host, Project, ProjectSample, QueueActuator, QueueFault, QueueRule,
    QueueSample, Refusal, RequestFault, TaskQueue, Uncounted, Unobservable,
};
use crate::observe::measure::queue::{self, QueueMonitor};
use crate::observe::{CodeSource, boots_from, newer_code};

/// Everything about one project.
pub(super) async fn look(
    procfs: &Procfs,
    project: &Project,
    host: &Host,
    sample: &Result<ProjectSample, Unobservable>,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    if !project.enabled {
        facts.push(Fact::Disabled);
    }
    facts.extend(schedules(project, Timestamp::now()));
    match sample {
        Ok(seen) => {
            let unit = project.target.is_unit().then(|| project.service_name.clone());
            facts.push(Fact::Place {
                unit: unit.clone(),
                container: seen.container.clone(),
                cgroup: seen.cgroup.clone(),
            });
            facts.extend(workers(procfs, project, seen));
            let figures = Figures::of(project, host, sample);
            facts.push(cpu(&figures, seen));
            facts.extend(figures.requests.map(Fact::Requests));
            facts.extend(RequestFault::of(project, seen).map(Fact::RequestsSayNothing));
            facts.push(memory(seen, unit));
            if let (Some(rule), Some(queue)) = (&project.queue, &seen.queue) {
                facts.extend(pool(rule, queue));
            }
        }
        Err(fault) => {
            facts.push(Fact::Unobservable(fault.clone()));
            // The broker does not depend on the service, unless the service alone knows where it is.
            if let Some(rule) = &project.queue
                && let BrokerUrl::Written(url) = &rule.broker.url
            {
                facts.extend(broker(url, rule).await);
            }
        }
    }
    facts
}

/// Each schedule, with when it begins next.
fn schedules(project: &Project, now: Timestamp) -> impl Iterator<Item = Fact> {
    project
        .schedules
        .entries
        .iter()
        .map(move |schedule| Fact::Schedule {
            in_force: schedule.ends(now).is_some(),
            next: schedule.begins(now).map(|begins| schedule.zone.told(begins, now)),
            schedule: Box::new(schedule.clone()),
        })
}

fn workers(procfs: &Procfs, project: &Project, seen: &ProjectSample) -> Vec<Fact> {
    let pid = seen.master.pid;
    let workers = seen.worker_count();
    let bounds = project.bounds;
    let mut facts = vec![Fact::Workers {
        pid,
        command: procfs.stat(pid).map(|stat| stat.command).unwrap_or_default(),
        workers,
        bounds,
    }];
    // Without any it is still starting, or has none that could be counted: the daemon waits.
    if workers > 0 && !(bounds.min..=bounds.max).contains(&workers) {
        facts.push(Fact::OutsideBounds { workers, bounds });
    }
    // Programs that run tasks are asked through their broker, or not at all.
    if project.queue.is_none() {
        facts.push(match may_signal(procfs, seen) {
            Ok(()) => Fact::Signals { pid },
            Err(refusal) => Fact::Refused(refusal),
        });
        facts.push(match boots_from(procfs, pid) {
            CodeSource::Master => Fact::BootsFromMaster { pid },
            CodeSource::Disk { gunicorn } => Fact::BootsFromDisk { gunicorn },
        });
        facts.extend(newer_code(procfs, seen).map(|code| Fact::CodeNewer { path: code.path }));
    }
    facts
}

/// All that is checked before a signal is sent, and whether one could be.
fn may_signal(procfs: &Procfs, seen: &ProjectSample) -> Result<(), Refusal> {
    SignalTarget::open(procfs, &cgroup(procfs, seen)?, seen.master)?.permitted()
}

fn cgroup(procfs: &Procfs, seen: &ProjectSample) -> Result<Cgroup, Refusal> {
    Ok(CgroupMount::discover(procfs)?.open(&seen.cgroup)?)
}

fn cpu(figures: &Figures, seen: &ProjectSample) -> Fact {
    match (figures.cpu_percent, &seen.cpu) {
        (Some(percent), Some(sample)) => Fact::Cpu {
            percent,
            wait_percent: figures.wait_percent,
            allowed_cpus: sample.allowed_cpus,
        },
        _ => Fact::NoCpu,
    }
}

fn memory(seen: &ProjectSample, unit: Option<String>) -> Fact {
    let (Some(current), Some(max)) = (seen.memory.current, seen.memory.max) else {
        return Fact::NoMemoryLimit {
            cgroup: seen.cgroup.clone(),
            unit,
        };
    };
    let path = seen.cgroup.join("memory.max");
    match writable(&path) {
        Ok(()) => Fact::MemoryLimit {
            limit_mib: (max != u64::MAX).then_some(max >> 20),
            current_mib: current >> 20,
        },
        Err(error) => Fact::LimitNotWritable {
            path,
            why: error.into(),
        },
    }
}

fn pool(rule: &QueueRule, queue: &Result<QueueSample, QueueFault>) -> Vec<Fact> {
    let queue = match queue {
        Ok(queue) => queue,
        Err(fault) => return vec![Fact::QueueUnreadable(fault.clone())],
    };
    let mut facts = vec![readable(rule, queue.waiting)];
    facts.extend(
        queue
            .unacknowledged_fault
            .clone()
            .map(Fact::UnacknowledgedUnknown),
    );
    facts.extend(queue.uncounted.iter().cloned().map(Fact::Uncounted));
    match (&queue.pool_fault, rule.actuator) {
        (Some(fault), _) => facts.push(Fact::PoolUnreachable(fault.clone())),
        (None, QueueActuator::Pool) => {
            facts.push(Fact::Pool { active: queue.active });
            let further = |found: &Uncounted| matches!(found, Uncounted::Queues { .. });
            if let Some(node) = queue.node.clone()
                && !queue.uncounted.iter().any(further)
            {
                facts.push(Fact::Consumes { node });
            }
        }
        // Programs that do not answer can be scaled, too; instances beside Celery's may be of any program.
        (None, QueueActuator::Units) => match (rule.broker.task_queue, queue.active) {
            (TaskQueue::Celery, None) => {}
            (task_queue, active) => facts.push(Fact::Busy { task_queue, active }),
        },
    }
    facts
}

/// The queues, of which so many tasks were read. A name that is misspelt looks like an empty queue: its key is told.
fn readable(rule: &QueueRule, waiting: u64) -> Fact {
    let keys = rule
        .queues
        .iter()
        .filter_map(|queue| queue::key_of(&rule.broker, queue));
    let empty = if waiting == 0 { keys.collect() } else { Vec::new() };
    Fact::Queue {
        task_queue: rule.broker.task_queue,
        queues: rule.queues.clone(),
        waiting,
        empty,
    }
}

async fn broker(url: &str, rule: &QueueRule) -> Vec<Fact> {
    let mut monitor = match queue::open(url, &rule.broker) {
        Ok(broker) => QueueMonitor::new(broker, rule.queues.clone()),
        Err(fault) => return vec![Fact::QueueUnreadable(fault)],
    };
    let now = monotonic();
    match monitor.read(now).await {
        Ok((depth, _)) => {
            let uncounted = monitor.uncounted(now).await.into_iter().map(Fact::Uncounted);
            std::iter::once(readable(rule, depth.waiting))
                .chain(uncounted)
                .collect()
        }
        Err(fault) => vec![Fact::QueueUnreadable(fault)],
    }
}
