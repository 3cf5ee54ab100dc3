//! What changes a worker count.

use std::future::{Future, ready};
use std::time::Duration;

use crate::model::{ProcessId, Refusal, Step};

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
