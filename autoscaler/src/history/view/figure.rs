//! Figures of requests, for an axis.

use crate::history::PastCheck;

/// Busy slots.
pub(super) fn busy(check: &PastCheck) -> Option<f64> {
    Some(check.figures.requests?.busy)
}

/// All slots.
pub(super) fn slots(check: &PastCheck) -> Option<f64> {
    Some(f64::from(check.figures.requests?.slots?))
}

/// Requests that wait.
pub(super) fn waiting(check: &PastCheck) -> Option<f64> {
    Some(check.figures.requests?.waiting as f64)
}

/// Wait of 95 of 100, ms.
pub(super) fn wait(check: &PastCheck) -> Option<f64> {
    let wait = check.figures.requests?.wait_p95.unwrap_or_default();
    Some(wait.as_secs_f64() * 1e3)
}

/// Share of the requests that were late, percent; nothing where none came.
pub(super) fn late(check: &PastCheck) -> Option<f64> {
    check.late?.percent()
}

/// Share that may be late, percent.
pub(super) fn promised(check: &PastCheck) -> Option<f64> {
    Some(check.promise?.percent)
}
