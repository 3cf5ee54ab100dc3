//! The history of one project as people and programs look at it.

pub mod chart;
pub mod export;
mod figure;
pub mod picture;
mod series;
mod told;
mod zone;

use std::time::SystemTime;

use super::{HistoryReader, PastCheck, PastEvent};
use crate::model::{Action, Kept, ReadError};

pub use zone::Zone;

/// What is known of one project within a window of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// The project's name.
    pub project: String,
    /// The window's beginning.
    pub since: SystemTime,
    /// The window's end, not within it.
    pub until: SystemTime,
    /// Its checks, in order.
    pub checks: Vec<PastCheck>,
    /// What happened between them, in order.
    pub events: Vec<PastEvent>,
    /// How its promise about requests was kept lately, whatever the window; `None` where it has none.
    pub kept: Option<Kept>,
}

impl Past {
    /// Reads it, without how its promise was kept.
    pub fn read(
        reader: &HistoryReader,
        project: &str,
        since: SystemTime,
        until: SystemTime,
    ) -> Result<Self, ReadError> {
        Ok(Self {
            project: project.to_owned(),
            since,
            until,
            checks: reader.checks(project, since, until)?,
            events: reader.events(project, since, until)?,
            kept: None,
        })
    }

    /// The checks that decided on a step, with the counts before and after it.
    #[must_use]
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (&PastCheck, u32, u32)> {
        self.checks.iter().filter_map(|check| match check.action? {
            Action::ScaleUp { from, to } | Action::ScaleDown { from, to } => Some((check, from, to)),
            Action::Hold | Action::Blocked => None,
        })
    }

    /// Whether there is anything of a queue to show.
    fn has_queue(&self) -> bool {
        self.checks.iter().any(|check| check.figures.queue.is_some())
    }

    /// Whether there is anything of requests to show.
    fn has_requests(&self) -> bool {
        self.checks.iter().any(|check| check.figures.requests.is_some())
    }

    /// Whether there is anything of a promise to show.
    fn has_promise(&self) -> bool {
        self.checks.iter().any(|check| check.late.is_some())
    }

    /// Whether there is anything of memory to show: not without the memory controller.
    fn has_memory(&self) -> bool {
        self.checks.iter().any(|check| check.memory.current.is_some())
    }
}

/// MiB, for an axis.
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests;
