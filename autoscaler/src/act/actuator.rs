//! What changes a worker count.

use std::future::Future;

use super::signal::Refusal;
use crate::observe::ProcessId;

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
}
