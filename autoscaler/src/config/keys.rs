//! Which keys stand where, and what is said of one that does not.

mod global;
mod project;
mod rules;

pub(super) use global::{
    BUDGET, BUDGET_MIB, CHECK_INTERVAL, GLOBAL, HISTORY, HISTORY_MIB, KEEP_DAYS, METRICS,
};
pub(super) use project::{
    CADENCE, MOST_PRIORITY_STEPS, PERCENT, PRIORITY_STEP, PROCESS, PROJECT, PROMISED_PERCENT, PROMISED_WAIT,
    SCHEDULE, TARGET, TASKS, TASKS_PER_WORKER, THREADS, WAIT, WEIGHT, WORKERS,
};
pub(super) use rules::{HOLD, LONG_REQUEST, PER_WORKER_MIB, RULES};

use super::fields::{Field, Fields, Findings};
use super::key::{Key, Whole};
use crate::model::{Of, Unit, Wrong};

/// Memory in MiB: 95 TiB at most, above any host and far below overflow.
pub(super) const MEMORY_MIB: Whole = Whole {
    least: 0,
    most: 100_000_000,
    unit: Unit::Megabytes,
};

/// A key at the top of the file that editors look at, to know its JSON Schema. It means nothing to the daemon.
pub(super) const SCHEMA: &str = "$schema";

/// Keys that the user's earlier tool kept in the same file. They load and mean nothing.
pub(super) const EARLIER_TOOL: &[&str] = &[
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
    ("namespace", "redis_key_prefix"),
    ("priority_steps", "redis_priority_steps"),
    ("promise", "target"),
    ("queue", "queues"),
    ("schedule", "at"),
    ("schedules", "at"),
    ("sep", "redis_priority_separator"),
    ("separator", "redis_priority_separator"),
    ("service", "service_name"),
    ("slo", "target"),
    ("threads", "threads_per_worker"),
    ("timezone", "time_zone"),
    ("tz", "time_zone"),
    ("unit", "service_name"),
];

/// How alike two keys must be (1 is the same) for one to be offered in place of the other.
const ALIKE: f64 = 0.6;

/// The keys of `global` alone, the rules that may stand in `global` and in a project, and the keys of a project alone.
#[must_use]
pub fn keys() -> [&'static [Key]; 3] {
    [GLOBAL, RULES, PROJECT]
}

/// The names of `keys`, in the order of the alphabet.
pub(super) fn names(keys: &[Key]) -> Vec<&'static str> {
    let mut names: Vec<_> = keys.iter().map(|key| key.name).collect();
    names.sort_unstable();
    names
}

fn has(keys: &[Key], name: &str) -> bool {
    keys.iter().any(|key| key.name == name)
}

/// The place an object has in the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Global,
    Project,
}

impl Place {
    fn own(self) -> &'static [Key] {
        match self {
            Self::Global => GLOBAL,
            Self::Project => PROJECT,
        }
    }

    fn knows(self, key: &str) -> bool {
        has(self.own(), key) || has(RULES, key)
    }
}

/// Whether `key` is a project's own: at the top of a file it means that the project's name is missing.
pub(super) fn of_project(key: &str) -> bool {
    has(PROJECT, key)
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
        } else if place == Place::Project && has(GLOBAL, key) {
            findings.refuse(&field, Wrong::GlobalKey(field.name()));
        } else if place == Place::Global && has(PROJECT, key) {
            findings.refuse(&field, Wrong::ProjectKeyInGlobal(field.name()));
        } else {
            let known = [names(place.own()), names(RULES)].concat();
            refuse_unknown(field, &known, of, findings);
        }
    }
}

/// Refuses what is none of `known`.
pub(super) fn refuse_others(fields: &Fields<'_>, known: &[Key], of: &Of, findings: &mut Findings<'_>) {
    for field in fields.iter().filter(|field| !has(known, field.key())) {
        refuse_unknown(field, &names(known), of, findings);
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
