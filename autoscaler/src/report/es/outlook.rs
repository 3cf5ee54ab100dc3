//! What would have to change for a step, in Spanish.

use super::reason::{measured, reason};
use crate::decide::Next;
use crate::report::duration::short;

pub(in crate::report) fn outlook(next: &Next, up: bool) -> String {
    let (direction, key, sign) = if up {
        ("subir", "scale_up", '>')
    } else {
        ("bajar", "scale_down", '<')
    };
    let remaining = short(next.needed.saturating_sub(next.held));
    let more = if next.held.is_zero() { "" } else { " más" };
    let against = next
        .against
        .as_ref()
        .map(|against| format!("; pero {}", reason(against)))
        .unwrap_or_default();
    format!(
        "{direction} a {}: {} ({key}_{}) durante {remaining}{more}{against}",
        next.to,
        measured(next.measure, sign, next.threshold),
        next.rung,
    )
}
