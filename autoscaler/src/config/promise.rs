//! `"policy": "target"` with its promise, and what may stand beside it.

use std::time::Duration;

use super::fields::{Field, Fields, Findings};
use super::keys;
use crate::model::{Of, Policy, Project, Promise, Wrong};

/// Keys that mean nothing without the promise.
pub(super) const OF_PROMISE: [&str; 2] = ["target", "cadence_seconds"];

/// Thresholds over figures of a web project, which a promise stands in place of.
pub(super) const THRESHOLDS: [&str; 3] = ["cpu_thresholds", "busy_thresholds", "wait_thresholds"];

/// What decides about a project's workers, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    pub(super) policy: Policy,
    pub(super) weight: f64,
    pub(super) cadence: Duration,
}

/// Reads what `fields` say of it. `of_tasks` are the keys of a project whose workers run tasks.
pub(super) fn read(
    fields: &Fields<'_>,
    of_tasks: impl IntoIterator<Item = &'static str>,
    findings: &mut Findings<'_>,
) -> Course {
    let choices = [("ladder", false), ("target", true)];
    let chosen = fields
        .get("policy")
        .and_then(|field| field.choice(&choices, findings));
    let promised = chosen.unwrap_or(false);
    // A word that is no policy is one fault, not one for each key beside it.
    let unsaid = fields.get("policy").is_none() || chosen.is_some();
    let promise = fields.get("target").map(|field| read_promise(field, findings));
    if !promised && unsaid {
        for field in OF_PROMISE.iter().filter_map(|key| fields.get(key)) {
            findings.refuse(&field, Wrong::WithoutTarget(field.name()));
        }
    }
    if promised {
        let unwanted = |field: Field<'_>| field.value().as_boolean_lit().is_some_and(|wanted| !wanted.value);
        if let Some(field) = fields.get("requests").filter(|field| unwanted(*field)) {
            findings.refuse(&field, Wrong::RequestsUnwanted("policy".into()));
        }
        for field in of_tasks.into_iter().filter_map(|key| fields.get(key)) {
            findings.refuse(&field, Wrong::TargetOfTasks(field.name()));
        }
        for field in THRESHOLDS.iter().filter_map(|key| fields.get(key)) {
            findings.refuse(&field, Wrong::ThresholdsBesideTarget(field.name()));
        }
    }
    let mut number = |key, allowed| fields.get(key)?.number(allowed, findings);
    let cadence = number("cadence_seconds", keys::CADENCE);
    Course {
        policy: if promised {
            Policy::Target(promise.unwrap_or_default())
        } else {
            Policy::Ladders
        },
        weight: number("weight", keys::WEIGHT).unwrap_or(1.0),
        cadence: cadence.map_or(Project::CADENCE, Duration::from_secs_f64),
    }
}

fn read_promise(field: Field<'_>, findings: &mut Findings<'_>) -> Promise {
    let mut promise = Promise::default();
    let Some(object) = field.object(r#"{ "wait_ms": 100, "percent": 1 }"#, findings) else {
        return promise;
    };
    let of = &Of::Key("target".into());
    for field in Fields::read(object, of, findings).iter() {
        match field.key() {
            "wait_ms" => {
                if let Some(millis) = field.number(keys::PROMISED_WAIT, findings) {
                    promise.wait = Duration::from_secs_f64(millis / 1e3);
                }
            }
            "percent" => {
                promise.percent = field
                    .number(keys::PROMISED_PERCENT, findings)
                    .unwrap_or(promise.percent);
            }
            _ => keys::refuse_unknown(field, &keys::names(keys::TARGET), of, findings),
        }
    }
    promise
}
