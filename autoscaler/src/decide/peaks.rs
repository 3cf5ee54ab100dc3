//! The highest of the last loads.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Loads of the last intervals, each with the time at its end: the highest first, and after each only the highest since.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Peaks(VecDeque<(Duration, f64)>);

impl Peaks {
    /// One more interval, which ended at `end`. One that ended `window` ago counts no more, or the last of a load would
    /// hold its workers until the next one.
    pub(super) fn add(&mut self, end: Duration, load: f64, window: Duration) {
        while self.0.back().is_some_and(|(_, earlier)| *earlier <= load) {
            self.0.pop_back();
        }
        while self.0.front().is_some_and(|(past, _)| *past + window <= end) {
            self.0.pop_front();
        }
        self.0.push_back((end, load));
    }

    /// The highest load of the window; 0 where there was none.
    pub(super) fn highest(&self) -> f64 {
        self.0.front().map_or(0.0, |(_, load)| *load)
    }
}
