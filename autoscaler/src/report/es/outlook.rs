//! What would have to change for a step, in Spanish.

use std::time::Duration;

use super::reason::{measured, reason};
use crate::model::Next;
use crate::report::duration::short;

pub(in crate::report) fn outlook(next: &Next, up: bool) -> String {
    let (direction, key, sign) = if up {
        ("subir", "scale_up", '>')
    } else {
        ("bajar", "scale_down", '<')
    };
    let length = match next.held {
        held if next.is_due() => format!(", desde hace {}", short(held)),
        Duration::ZERO => format!(" durante {}", short(next.needed)),
        held => format!(" durante {} más", short(next.needed.saturating_sub(held))),
    };
    let against = next
        .against
        .as_ref()
        .map(|against| format!("; pero {}", reason(against)))
        .unwrap_or_default();
    format!(
        "{direction} a {}: {} ({key}_{}){length}{against}",
        next.to,
        measured(next.measure, sign, next.threshold),
        next.rung,
    )
}
