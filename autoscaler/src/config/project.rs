//! One project: its bounds, thresholds or promise, service and broker.

use crate::config::fields::{Field, Fields, Findings};
use crate::config::keys::Place;
use crate::config::ladder::Scale;
use crate::config::rules::Rules;
use crate::config::{broker, keys, ladder, names, process, promise, requests, schedule, target};
use crate::model::{
    Bounds, InstancePattern, Ladder, Notice, Of, Policy, Project, QueueActuator, QueueRule, QueueSizing,
    Schedules, Target, TaskQueue, Wrong, Zone,
};

/// Reads the project in `field`, whose schedules are in `zone` unless they name another; `None` when it is refused.
pub(super) fn read(
    field: Field<'_>,
    rules: Rules,
    zone: &Zone,
    findings: &mut Findings<'_>,
) -> Option<Project> {
    let name = field.key();
    let before = findings.faults.len();
    if let Err(bad) = names::check_project(name) {
        findings.refuse(&field, Wrong::Name(None, bad));
    }
    let object = field.object(
        r#"{ "enabled": true, "max_workers": 6, "cpu_thresholds": { … } }"#,
        findings,
    )?;
    let of = Of::Project(name.to_owned());
    let fields = Fields::read(object, &of, findings);
    keys::check(&fields, Place::Project, &of, findings);

    let rules = rules.overlay(&fields, findings);
    let own = read_bounds(&fields, field, findings);
    let schedules = schedule::read(&fields, own, zone, findings);
    // A rung may lead to a count that only a schedule allows.
    let bounds = schedules.as_ref().map(Schedules::widest);
    let course = promise::read(&fields, queue_keys(), findings);
    let promised = course.policy != Policy::Ladders;
    let cpu = fields.get("cpu_thresholds").and_then(|rungs| {
        ladder::read(
            rungs,
            Scale::Percent(rules.cpu_basis),
            name,
            bounds,
            rules.cpu_hold,
            findings,
        )
    });
    let (task_queue, actuator) = read_program(&fields, findings);
    let queue = if promised {
        None
    } else {
        read_queue(
            &fields,
            field,
            (own, bounds),
            (rules, task_queue, actuator),
            findings,
        )
    };
    let target = target::read(&fields, actuator, findings);
    let service_name = match &target {
        Target::Container(container) => Some(container.name.clone()),
        _ => read_service(&fields, field, actuator == QueueActuator::Units, findings),
    };
    let process = process::read(&fields, findings);
    let requests = requests::read(&fields, (name, bounds), rules, findings);
    if queue.is_some()
        && let Some(field) = requests::KEYS.iter().find_map(|key| fields.get(key))
    {
        findings.refuse(&field, Wrong::RequestsOfTasks(field.name()));
    }
    let enabled = if let Some(field) = fields.get("enabled") {
        field.boolean(findings)
    } else {
        findings.notices.push(Notice::EnabledMissing {
            project: name.to_owned(),
        });
        Some(false)
    };
    let any_rung = cpu.is_some() || queue.is_some() || requests.busy.is_some() || requests.wait.is_some();
    if !any_rung && !promised && findings.faults.len() == before {
        findings.refuse(&field, Wrong::NoThresholds(name.to_owned()));
    }
    if findings.faults.len() > before {
        return None;
    }
    let project = Project {
        name: name.to_owned(),
        enabled: enabled?,
        service_name: service_name?,
        target,
        process,
        bounds: own?,
        schedules: schedules?,
        policy: course.policy,
        weight: course.weight,
        cadence: course.cadence,
        cpu_basis: rules.cpu_basis,
        scale_up_on_saturated_host: rules.scale_up_on_saturated_host,
        reload_wait: rules.reload_wait,
        cpu,
        queue,
        requests,
        memory: rules.memory,
    };
    note_oddities(&project, &fields, findings);
    Some(project)
}

/// The program whose tasks are counted, and what changes its worker count.
fn read_program(fields: &Fields<'_>, findings: &mut Findings<'_>) -> (TaskQueue, QueueActuator) {
    let programs = TaskQueue::ALL.map(|program| (program.code(), program));
    let task_queue = fields
        .get("task_queue")
        .and_then(|field| field.choice(&programs, findings))
        .unwrap_or_default();
    let actuators = [("pool", QueueActuator::Pool), ("units", QueueActuator::Units)];
    let Some(field) = fields.get("actuator") else {
        let only = match task_queue {
            TaskQueue::Celery => QueueActuator::Pool,
            _ => QueueActuator::Units,
        };
        return (task_queue, only);
    };
    let actuator = field.choice(&actuators, findings).unwrap_or_default();
    if task_queue != TaskQueue::Celery && actuator == QueueActuator::Pool {
        findings.refuse(field.value(), Wrong::PoolOfOther(task_queue));
        return (task_queue, QueueActuator::Units);
    }
    (task_queue, actuator)
}

fn read_bounds(fields: &Fields<'_>, at: Field<'_>, findings: &mut Findings<'_>) -> Option<Bounds> {
    let mut count = |field: Field<'_>| {
        let count = field.whole(keys::WORKERS, findings)?;
        u32::try_from(count).ok()
    };
    let min = match fields.get("min_workers") {
        Some(field) => count(field),
        None => Some(1),
    };
    let Some(max_field) = fields.get("max_workers") else {
        findings.refuse(&at, Wrong::NoMaximum(at.name()));
        return None;
    };
    let (max, min) = (count(max_field)?, min?);
    if min > max {
        findings.refuse(max_field.value(), Wrong::MaximumBelowMinimum(max, min));
        return None;
    }
    Some(Bounds { min, max })
}

fn read_service(
    fields: &Fields<'_>,
    at: Field<'_>,
    units: bool,
    findings: &mut Findings<'_>,
) -> Option<String> {
    let Some(field) = fields.get("service_name") else {
        return Some(format!("{}{}.service", at.key(), if units { "@" } else { "" }));
    };
    let unit = names::service(field.text(findings)?);
    let unit = unit
        .map_err(|bad| findings.refuse(field.value(), Wrong::Name(Some("service_name"), bad)))
        .ok()?;
    let template = unit.ends_with("@.service");
    if units && !template {
        findings.refuse(field.value(), Wrong::NoTemplate);
    } else if !units && template {
        findings.refuse(field.value(), Wrong::Template);
    } else if unit.contains('*') && InstancePattern::of(&unit).is_none() {
        findings.refuse(field.value(), Wrong::Star);
    }
    Some(unit)
}

/// Keys that mean something only beside a rule over the queue.
pub(super) const QUEUE_KEYS: &[&str] = &[
    "task_queue",
    "redis_url",
    "broker_url",
    "broker_url_env",
    "management_url",
    "redis_key_prefix",
    "redis_priority_separator",
    "redis_priority_steps",
    "queues",
    "count_running",
    "actuator",
];

/// All keys of a project whose workers run tasks: its rules over the queue, and those that go with them.
fn queue_keys() -> impl Iterator<Item = &'static str> {
    let rules = ["queue_thresholds", "tasks_per_worker"];
    rules.into_iter().chain(QUEUE_KEYS.iter().copied())
}

fn read_queue(
    fields: &Fields<'_>,
    at: Field<'_>,
    (own, widest): (Option<Bounds>, Option<Bounds>),
    (rules, task_queue, actuator): (Rules, TaskQueue, QueueActuator),
    findings: &mut Findings<'_>,
) -> Option<QueueRule> {
    let hold = rules.queue_hold;
    let sizing = match (fields.get("queue_thresholds"), fields.get("tasks_per_worker")) {
        (None, None) => {
            if let Some(field) = QUEUE_KEYS.iter().find_map(|key| fields.get(key)) {
                findings.refuse(&field, Wrong::NoQueueRule(field.name()));
            }
            return None;
        }
        (Some(_), Some(second)) => {
            findings.refuse(&second, Wrong::TwoQueueRules);
            None
        }
        (Some(field), None) => {
            ladder::read(field, Scale::Tasks, at.key(), widest, hold, findings).map(QueueSizing::Rungs)
        }
        (None, Some(field)) => field
            .whole(keys::TASKS_PER_WORKER, findings)
            .and_then(|tasks| u32::try_from(tasks).ok())
            .zip(own)
            .map(|(tasks, bounds)| QueueSizing::tasks_per_worker(tasks, bounds, hold.up, hold.down)),
    };
    let broker = broker::read(fields, task_queue, at, findings);
    let queues = broker::queues(fields, task_queue, findings);
    let count_running = fields.get("count_running").and_then(|field| {
        let counted = field.boolean(findings)?;
        if counted && task_queue == TaskQueue::Huey {
            findings.refuse(field.value(), Wrong::NobodyTellsRunning(task_queue));
        }
        Some(counted)
    });
    Some(QueueRule {
        sizing: sizing?,
        broker: broker?,
        queues,
        count_running: count_running.unwrap_or_default(),
        actuator,
    })
}

/// Takes note of what is valid and yet hardly meant.
fn note_oddities(project: &Project, fields: &Fields<'_>, findings: &mut Findings<'_>) {
    let name = || project.name.clone();
    let mut idle_key = |key, without| {
        if fields.get(key).is_some() {
            findings.notices.push(Notice::KeyWithoutEffect {
                project: name(),
                key,
                without,
            });
        }
    };
    if !matches!(project.target, Target::Container(_)) {
        idle_key("container_user", "container");
    }
    if project.cpu.is_none() {
        idle_key("cpu_duration_minutes", "cpu_thresholds");
    }
    let requests = &project.requests;
    if requests.busy.is_none() {
        idle_key("busy_duration_minutes", "busy_thresholds");
    }
    if requests.wait.is_none() {
        idle_key("wait_duration_minutes", "wait_thresholds");
    }
    if !requests.wanted && project.promise().is_none() {
        for key in [
            "threads_per_worker",
            "scale_down_while_busy",
            "long_request_seconds",
        ] {
            idle_key(key, "requests");
        }
    }
    if project.promise().is_some() {
        // It reaches every count within the bounds.
        return;
    }
    let ladders = project.cpu.iter().chain(&requests.busy).chain(&requests.wait);
    let mut ladders: Vec<&Ladder> = ladders.collect();
    match &project.queue {
        None => idle_key("queue_duration_minutes", "queue_thresholds"),
        Some(QueueRule {
            sizing: QueueSizing::Rungs(ladder),
            ..
        }) => ladders.push(ladder),
        // It reaches every count within the bounds.
        Some(QueueRule {
            sizing: QueueSizing::TasksPerWorker { .. },
            ..
        }) => return,
    }
    let Bounds { min, max } = project.bounds;
    let highest = ladders
        .iter()
        .filter_map(|ladder| ladder.up.keys().next_back())
        .max()
        .map_or(min, |n| *n);
    if highest < max {
        findings.notices.push(Notice::MaximumUnreachable {
            project: name(),
            max,
            highest,
        });
    }
    if highest > min
        && ladders
            .iter()
            .all(|ladder| ladder.rungs_below(highest).next().is_none())
    {
        findings.notices.push(Notice::NeverScalesDown { project: name() });
    }
}
