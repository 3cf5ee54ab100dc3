//! What changes a worker count.

use std::future::{Future, ready};
use std::time::Duration;

use super::signal::Refusal;
use crate::model::ProcessId;

/// One step of a worker count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One worker more.
    Up,
    /// One worker less.
    Down,
}

impl Step {
    /// The step that leads from one count towards another; `None` when they are equal.
    #[must_use]
    pub fn towards(from: u32, to: u32) -> Option<Self> {
        match from.cmp(&to) {
            std::cmp::Ordering::Less => Some(Self::Up),
            std::cmp::Ordering::Greater => Some(Self::Down),
            std::cmp::Ordering::Equal => None,
        }
    }

    /// The count that one step from `count` asks for.
    #[must_use]
    pub fn from(self, count: u32) -> u32 {
        match self {
            Self::Up => count.saturating_add(1),
            Self::Down => count.saturating_sub(1),
        }
    }
}

/// How far the boot of a new worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boot {
    /// It serves.
    Serves,
    /// It does not serve yet.
    Boots,
    /// Nothing shows whether it serves: it counts as booted once it has lived for this long.
    Untold(Duration),
}

/// What changes the worker count of one project, and sees whether it did: gunicorn's signals, Celery's
/// remote control, systemd template instances.
///
/// It knows how to take one step. How many, how long to wait and when to give up is [`super::scale()`]'s.
pub trait Actuator: Send {
    /// The processes that serve now, oldest first: looked at, never remembered.
    fn workers(&mut self) -> impl Future<Output = Result<Vec<ProcessId>, Refusal>> + Send;

    /// Makes every check that [`Actuator::ask`] makes, and asks for nothing.
    fn check(&mut self, step: Step) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Asks for one step and returns without waiting for its effect.
    fn ask(&mut self, step: Step) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// How far the boot of `worker` is, which a step up has brought. One that has ended is told by
    /// [`Actuator::workers`].
    fn boot(&mut self, worker: ProcessId) -> impl Future<Output = Result<Boot, Refusal>> + Send {
        let _ = worker;
        ready(Ok(Boot::Serves))
    }

    /// Whether its count outlives its workers: all of them may be others while it is the same, and was not reloaded.
    fn keeps_its_count(&self) -> bool {
        false
    }

    /// Whether a worker that has come since the last step and ended may have served first: its like are replaced after
    /// some work.
    fn recycles(&self) -> bool {
        false
    }

    /// Whether a step down takes away the worker that came last, `worker`, and none of those that serve.
    fn takes_newest(&self, worker: ProcessId) -> bool {
        let _ = worker;
        false
    }
}
