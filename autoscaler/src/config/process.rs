//! `"process"`: which of several servers in one cgroup is the project's, and what cannot stand beside it.

use crate::config::fields::{Field, Fields, Findings};
use crate::config::keys;
use crate::model::{Of, ProcessFilter, Wrong};

const EXAMPLE: &str = r#"{ "command": "shop.wsgi" }"#;

/// Keys that need figures which the servers of one cgroup have together, or that say where instances are.
const OF_THE_CGROUP: [&str; 6] = [
    "actuator",
    "busy_thresholds",
    "policy",
    "requests",
    "threads_per_worker",
    "wait_thresholds",
];

/// Reads the filter; `None` where there is none, or it is refused.
pub(super) fn read(fields: &Fields<'_>, findings: &mut Findings<'_>) -> Option<ProcessFilter> {
    let field = fields.get("process")?;
    let filter = read_filter(field, findings)?;
    let others = OF_THE_CGROUP.iter().filter_map(|key| fields.get(key));
    for other in others.filter(|other| is_asked_for(*other)) {
        findings.refuse(&other, Wrong::BesideProcess(other.name()));
    }
    if filter == ProcessFilter::default() {
        findings.refuse(&field, Wrong::NoFilter);
        return None;
    }
    Some(filter)
}

/// Whether a key asks for what it is there for: `"requests": false`, `"policy": "ladder"` and `"actuator": "pool"` do not.
fn is_asked_for(field: Field<'_>) -> bool {
    let value = field.value();
    let is_off = value.as_boolean_lit().is_some_and(|literal| !literal.value);
    let word = value.as_string_lit().map(|word| word.value.as_ref());
    !is_off && !matches!(word, Some("ladder" | "pool"))
}

fn read_filter(field: Field<'_>, findings: &mut Findings<'_>) -> Option<ProcessFilter> {
    let object = field.object(EXAMPLE, findings)?;
    let of = &Of::Key("process".into());
    let mut filter = ProcessFilter::default();
    for field in Fields::read(object, of, findings).iter() {
        match field.key() {
            "command" => filter.command = text(field, findings),
            "user" => filter.user = text(field, findings),
            "pidfile" => filter.pidfile = text(field, findings).map(Into::into),
            _ => keys::refuse_unknown(field, &keys::names(keys::PROCESS), of, findings),
        }
    }
    Some(filter)
}

fn text(field: Field<'_>, findings: &mut Findings<'_>) -> Option<String> {
    let text = field.text(findings).filter(|text| !text.is_empty());
    text.map(str::to_owned)
}
