//! Which keys stand where, and what is said of one that does not.

use super::fields::{Field, Fields, Findings};
use crate::model::{Of, Wrong};

/// Keys of `global` alone.
const GLOBAL: &[&str] = &[
    "budget",
    "check_interval_seconds",
    "history",
    "language",
    "metrics",
];

/// Rules: in `global` for all projects, in a project for it alone.
const RULES: &[&str] = &[
    "busy_duration_minutes",
    "cpu_basis",
    "cpu_duration_minutes",
    "long_request_seconds",
    "memory_base_mb",
    "memory_per_worker_mb",
    "memory_threshold_mb",
    "min_available_mb_per_worker",
    "queue_duration_minutes",
    "requests",
    "scale_down_min_available_mb",
    "scale_down_while_busy",
    "scale_up_on_saturated_host",
    "wait_duration_minutes",
    "wait_for_reload_minutes",
];

/// Keys of a project alone.
const PROJECT: &[&str] = &[
    "actuator",
    "broker_url",
    "broker_url_env",
    "busy_thresholds",
    "cadence_seconds",
    "cgroup",
    "cpu_thresholds",
    "enabled",
    "management_url",
    "max_workers",
    "min_workers",
    "policy",
    "queue_thresholds",
    "queues",
    "redis_key_prefix",
    "redis_priority_separator",
    "redis_priority_steps",
    "redis_url",
    "service_name",
    "target",
    "tasks_per_worker",
    "threads_per_worker",
    "wait_thresholds",
    "weight",
];

/// Keys that the user's earlier tool kept in the same file. They load and mean nothing.
const EARLIER_TOOL: &[&str] = &[
    "current_workers",
    "extra_args",
    "log_file",
    "socket_path",
    "state_file",
    "venv_path",
    "working_dir",
    "wsgi_module",
];

/// Words that people write for a key of another name.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("broker", "broker_url"),
    ("cadence", "cadence_seconds"),
    ("check_interval", "check_interval_seconds"),
    ("global_keyprefix", "redis_key_prefix"),
    ("interval", "check_interval_seconds"),
    ("max", "max_workers"),
    ("min", "min_workers"),
    ("priority_steps", "redis_priority_steps"),
    ("promise", "target"),
    ("queue", "queues"),
    ("sep", "redis_priority_separator"),
    ("separator", "redis_priority_separator"),
    ("service", "service_name"),
    ("slo", "target"),
    ("threads", "threads_per_worker"),
    ("unit", "service_name"),
];

/// How alike two keys must be (1 is the same) for one to be offered in place of the other.
const ALIKE: f64 = 0.6;

/// Every key of `global` and of a project, for the test that compares them with what the documents have.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    GLOBAL.iter().chain(RULES).chain(PROJECT).copied()
}

/// Those of a project alone.
#[cfg(test)]
pub(super) fn of_projects() -> &'static [&'static str] {
    PROJECT
}

/// The place an object has in the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Global,
    Project,
}

impl Place {
    fn own(self) -> &'static [&'static str] {
        match self {
            Self::Global => GLOBAL,
            Self::Project => PROJECT,
        }
    }

    fn knows(self, key: &str) -> bool {
        self.own().contains(&key) || RULES.contains(&key)
    }
}

/// Whether `key` is a project's own: at the top of a file it means that the project's name is missing.
pub(super) fn of_project(key: &str) -> bool {
    PROJECT.contains(&key)
}

/// Whether `key` holds for the whole daemon or for all projects: at the top of a file `global` is missing.
pub(super) fn of_global(key: &str) -> bool {
    Place::Global.knows(key)
}

/// Whether the user's earlier tool kept `key` in the file.
pub(super) fn of_earlier_tool(key: &str) -> bool {
    EARLIER_TOOL.contains(&key)
}

/// Refuses the keys that do not belong in `place` and takes note of the earlier tool's.
pub(super) fn check(fields: &Fields<'_>, place: Place, of: &Of, findings: &mut Findings<'_>) {
    for field in fields.iter() {
        let key = field.key();
        if place.knows(key) {
            continue;
        }
        if of_earlier_tool(key) {
            findings.note_earlier_tool(key);
        } else if place == Place::Project && GLOBAL.contains(&key) {
            findings.refuse(&field, Wrong::GlobalKey(field.name()));
        } else if place == Place::Global && PROJECT.contains(&key) {
            findings.refuse(&field, Wrong::ProjectKeyInGlobal(field.name()));
        } else {
            let known: Vec<_> = place.own().iter().chain(RULES).copied().collect();
            refuse_unknown(field, &known, of, findings);
        }
    }
}

/// Refuses a key that is none of `known`, naming the nearest one.
pub(super) fn refuse_unknown(field: Field<'_>, known: &[&str], of: &Of, findings: &mut Findings<'_>) {
    let near = nearest(field.key(), known).map(str::to_owned);
    let known = known.iter().map(|known| (*known).to_owned()).collect();
    findings.refuse(&field, Wrong::UnknownKey(field.name(), of.clone(), near, known));
}

fn nearest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    let meant = OTHER_NAMES
        .iter()
        .find(|(other, _)| *other == key)
        .map(|(_, meant)| *meant);
    if let Some(name) = known.iter().find(|name| Some(**name) == meant) {
        return Some(name);
    }
    let lower = key.to_lowercase();
    known
        .iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(&lower, name), *name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
