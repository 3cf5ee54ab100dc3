//! What would have to change for a step, in English.

use std::time::Duration;

use super::reason::{measured, reason};
use crate::model::Next;
use crate::report::duration::short;

pub(in crate::report) fn outlook(next: &Next, up: bool) -> String {
    let (direction, key, sign) = if up {
        ("up", "scale_up", '>')
    } else {
        ("down", "scale_down", '<')
    };
    let length = match next.held {
        held if next.is_due() => format!(", held for {}", short(held)),
        Duration::ZERO => format!(" for {}", short(next.needed)),
        held => format!(" for another {}", short(next.needed.saturating_sub(held))),
    };
    let against = next
        .against
        .as_ref()
        .map(|against| format!("; but {}", reason(against)))
        .unwrap_or_default();
    format!(
        "{direction} to {}: {} ({key}_{}){length}{against}",
        next.to,
        measured(next.measure, sign, next.threshold),
        next.rung,
    )
}
