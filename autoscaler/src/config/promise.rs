//! `"policy": "target"` with its promise, and what may stand beside it.

use std::time::Duration;

use super::fields::{Field, Fields, Findings};
use super::keys;
use crate::model::{Of, Policy, Project, Promise, Unit, Wrong};

/// Keys of `"target"`.
pub(super) const KEYS: &[&str] = &["percent", "wait_ms"];

/// Keys that mean nothing without the promise.
const OF_PROMISE: [&str; 2] = ["target", "cadence_seconds"];

/// Thresholds over figures of a web project, which a promise stands in place of.
const THRESHOLDS: [&str; 3] = ["cpu_thresholds", "busy_thresholds", "wait_thresholds"];

/// Least and most that may be promised, in percent: half of all requests late is no promise.
const PERCENT: std::ops::RangeInclusive<f64> = 0.001..=50.0;

/// Shortest and longest wait of a request that is not late, ms.
const WAIT_MS: std::ops::RangeInclusive<f64> = 1.0..=60_000.0;

/// Seconds from one look to the next.
const CADENCE_SECONDS: std::ops::RangeInclusive<f64> = 1.0..=60.0;

/// Beside the 1 of other projects.
const WEIGHT: std::ops::RangeInclusive<f64> = 0.01..=100.0;

/// By what a project's workers are decided on, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    pub(super) policy: Policy,
    pub(super) weight: f64,
    pub(super) cadence: Duration,
}

/// Reads what `fields` say of it. `of_tasks` are the keys of a Celery project.
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
            findings.refuse(&field, Wrong::TargetOfCelery(field.name()));
        }
        for field in THRESHOLDS.iter().filter_map(|key| fields.get(key)) {
            findings.refuse(&field, Wrong::ThresholdsBesideTarget(field.name()));
        }
    }
    let mut number = |key, allowed, unit| fields.get(key)?.number(allowed, unit, findings);
    let cadence = number("cadence_seconds", CADENCE_SECONDS, Unit::Seconds);
    Course {
        policy: if promised {
            Policy::Target(promise.unwrap_or_default())
        } else {
            Policy::Ladders
        },
        weight: number("weight", WEIGHT, Unit::None).unwrap_or(1.0),
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
                if let Some(millis) = field.number(WAIT_MS, Unit::Milliseconds, findings) {
                    promise.wait = Duration::from_secs_f64(millis / 1e3);
                }
            }
            "percent" => {
                promise.percent = field
                    .number(PERCENT, Unit::Percent, findings)
                    .unwrap_or(promise.percent);
            }
            _ => keys::refuse_unknown(field, KEYS, of, findings),
        }
    }
    promise
}
