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
