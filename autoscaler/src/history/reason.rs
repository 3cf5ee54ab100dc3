//! Reasons as they are kept: one row for each distinct one, the time it held apart from it.
//!
//! From check to check the same reason returns with nothing but a longer time. Kept apart, a month of holds
//! needs a few rows instead of twenty thousand texts.

use std::time::Duration;

use serde_json::Value;

use crate::model::Reason;

/// A reason cut in two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    /// JSON without the time held.
    pub(super) json: String,
    /// The time held, ms.
    pub(super) held_ms: Option<i64>,
}

/// The field that changes at every check.
const HELD: &str = "held";

/// Decimals of the figures in a reason: more are never shown, and would make each reason one of its own.
const DECIMALS: f64 = 100.0;

/// Cuts a reason.
pub(super) fn split(reason: &Reason) -> serde_json::Result<Parts> {
    let mut value = serde_json::to_value(reason)?;
    round(&mut value);
    let held = fields(&mut value).and_then(|fields| fields.remove(HELD));
    let held_ms = held
        .map(serde_json::from_value::<Duration>)
        .transpose()?
        .map(|held| i64::try_from(held.as_millis()).unwrap_or(i64::MAX));
    Ok(Parts {
        json: serde_json::to_string(&value)?,
        held_ms,
    })
}

/// Puts it together again; `None` for a reason that this version does not know.
pub(super) fn join(json: &str, held_ms: Option<i64>) -> Option<Reason> {
    let mut value: Value = serde_json::from_str(json).ok()?;
    if let Some(held_ms) = held_ms {
        let held = Duration::from_millis(u64::try_from(held_ms).ok()?);
        fields(&mut value)?.insert(HELD.to_owned(), serde_json::to_value(held).ok()?);
    }
    serde_json::from_value(value).ok()
}

/// The fields of a reason that has any: `{"above_rung": {…}}`.
fn fields(reason: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    reason.as_object_mut()?.values_mut().next()?.as_object_mut()
}

fn round(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(round),
        Value::Array(items) => items.iter_mut().for_each(round),
        Value::Number(number) if number.is_f64() => {
            if let Some(rounded) = number.as_f64().map(|n| (n * DECIMALS).round() / DECIMALS) {
                *value = Value::from(rounded);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Unobservable;
    use crate::model::{Asked, Measure};

    fn pending(seconds: u64) -> Reason {
        Reason::NotHeldYet {
            measure: Measure::Cpu,
            rung: 3,
            threshold: 62.5,
            held: Duration::from_secs(seconds),
            needed: Duration::from_mins(3),
            up: true,
        }
    }

    #[test]
    fn a_reason_that_goes_on_is_one_row() {
        let (first, second) = (split(&pending(60)).unwrap(), split(&pending(120)).unwrap());
        assert_eq!(first.json, second.json);
        assert_eq!(second.held_ms, Some(120_000));
    }

    #[test]
    fn each_kind_of_reason_comes_back() {
        for reason in [
            pending(60),
            Reason::WithinThresholds,
            Reason::HostSaturated {
                wait_percent: 41.25,
                busy_percent: 99.5,
            },
            Reason::OutsideSchedule {
                bound: 4,
                below: true,
                schedule: Asked {
                    cron: "0 8 * * 1-5".into(),
                    until: "18:00".into(),
                },
            },
            Reason::AtMaximum {
                max: 6,
                schedule: None,
            },
            Reason::Unobservable(Unobservable::UnitNotFound {
                unit: "a.service".into(),
            }),
            Reason::Unobservable(Unobservable::SharedCgroup {
                others: vec!["web".into()],
            }),
            Reason::Unobservable(Unobservable::SeveralMasters { pids: vec![3, 4] }),
        ] {
            let parts = split(&reason).unwrap();
            assert_eq!(join(&parts.json, parts.held_ms), Some(reason));
        }
    }

    #[test]
    fn a_reason_of_another_version_is_none() {
        assert_eq!(join("{\"phase_of_the_moon\":{}}", None), None);
        assert_eq!(join("not even JSON", Some(3)), None);
    }
}
