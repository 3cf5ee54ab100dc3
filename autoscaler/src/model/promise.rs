//! What a project may be told to keep: at most a few of its requests wait for long.

use std::time::Duration;

/// By what a project's workers are decided on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Policy {
    /// By thresholds: `cpu_thresholds` and its like.
    #[default]
    Ladders,
    /// By a promise about its requests.
    Target(Promise),
}

/// A promise about requests: at most so many of a hundred wait longer than so long before a worker reads them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    /// How long a request may wait without being late.
    pub wait: Duration,
    /// Share of the requests that may be late, percent: above 0, at most 50.
    pub percent: f64,
}

impl Promise {
    /// Share of the requests that may be late, from 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.percent / 100.0
    }
}

impl Default for Promise {
    /// At most 1 % over 100 ms.
    fn default() -> Self {
        Self {
            wait: Duration::from_millis(100),
            percent: 1.0,
        }
    }
}
