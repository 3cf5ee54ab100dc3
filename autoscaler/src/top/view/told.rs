//! What a running daemon says of a project, in few words. Its sentences come in the operator's language.

use crate::control::{DecisionStatus, OrderStatus, ProjectStatus};
use crate::top::model::text;

/// `↑3 1m20s/3m`: of the crossed thresholds the one that would act soonest, how long it has been crossed, of how
/// long it must be.
pub(super) fn held(project: &ProjectStatus) -> Option<String> {
    let (step, up) = project.soonest()?;
    Some(format!(
        "{}{} {}/{}",
        if up { '↑' } else { '↓' },
        step.workers_to,
        text::time_span(step.held_seconds),
        text::time_span(step.needed_seconds)
    ))
}

/// The order that holds, if any, and the last decision: `hold: no threshold crossed`.
pub(super) fn last(project: &ProjectStatus, now: i64) -> String {
    let order = project.order.as_ref().map(|order| by_hand(order, now));
    let decision = project.decision.as_ref().map(decision);
    let both: Vec<String> = order.into_iter().chain(decision).collect();
    if both.is_empty() {
        "no check yet".to_owned()
    } else {
        both.join(" · ")
    }
}

/// A decision with its reason.
pub(super) fn decision(told: &DecisionStatus) -> String {
    let to = told.workers_to.map(|to| format!(" to {to}")).unwrap_or_default();
    text::clean(&format!("{}{to}: {}", told.action, told.words))
}

/// `paused by hand (root), 14m left`.
pub(super) fn by_hand(order: &OrderStatus, now: i64) -> String {
    let what = match order.workers {
        Some(1) => "1 worker".to_owned(),
        Some(workers) => format!("{workers} workers"),
        None => "paused".to_owned(),
    };
    let term = match order.until {
        Some(until) => format!("{} left", text::time_span((until - now).max(0) as f64)),
        None => "until resumed".to_owned(),
    };
    text::clean(&format!("{what} by hand ({}), {term}", order.by))
}

/// How long ago something was, `12s ago`.
pub(super) fn ago(at: i64, now: i64) -> String {
    format!("{} ago", text::time_span((now - at).max(0) as f64))
}
