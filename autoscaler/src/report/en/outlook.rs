//! What would have to change for a step, in English.

use super::reason::{measured, reason};
use crate::decide::Next;
use crate::report::duration::short;

pub(in crate::report) fn outlook(next: &Next, up: bool) -> String {
    let (direction, key, sign) = if up {
        ("up", "scale_up", '>')
    } else {
        ("down", "scale_down", '<')
    };
    let remaining = short(next.needed.saturating_sub(next.held));
    let another = if next.held.is_zero() { "" } else { "another " };
    let against = next
        .against
        .as_ref()
        .map(|against| format!("; but {}", reason(against)))
        .unwrap_or_default();
    format!(
        "{direction} to {}: {} ({key}_{}) for {another}{remaining}{against}",
        next.to,
        measured(next.measure, sign, next.threshold),
        next.rung,
    )
}
