//! A step of a worker count, and why it did not arrive.

use crate::model::{MemoryError, Refusal};
use std::time::Duration;

use super::{Bounds, ProcessId};

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

/// Not all steps arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleError {
    /// Workers that the decision saw.
    pub from: u32,
    /// Workers seen last.
    pub reached: u32,
    /// Workers wanted.
    pub wanted: u32,
    /// What stood in the way.
    pub cause: Cause,
}

impl ScaleError {
    /// How many workers the memory limit has to hold: those that are known to be there, and one that was asked for and
    /// may still come. `None` when that is not known: the server is gone, or just reloads.
    #[must_use]
    pub fn workers_to_hold(&self) -> Option<u32> {
        match self.cause {
            Cause::Refused(_)
            | Cause::Reloaded
            | Cause::BootFailed {
                server: AfterBoot::Ended,
                ..
            } => None,
            Cause::TimedOut { step: Step::Up, .. } | Cause::Unanswered { step: Step::Up, .. } => {
                Some(self.reached.saturating_add(1))
            }
            _ => Some(self.reached),
        }
    }
}

/// Why the way to a worker count ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The master cannot be asked. When it was asked before, this is how its end or restart is noticed.
    Refused(Refusal),
    /// The step was asked for and has not arrived. It may still arrive: no other is asked for on top.
    TimedOut {
        /// The step.
        step: Step,
        /// How long it was waited for.
        after: Duration,
        /// The workers seen last, oldest first.
        workers: Vec<ProcessId>,
    },
    /// A step of an earlier check was asked for and has not arrived yet.
    Unanswered {
        /// That step.
        step: Step,
        /// How long ago it was asked for.
        since: Duration,
    },
    /// The worker that came ended before it served.
    BootFailed {
        /// Its pid, where it was seen at all.
        pid: Option<u32>,
        /// What became of the server.
        server: AfterBoot,
    },
    /// The worker that came lives, and has not begun to serve in time.
    NotServing {
        /// Its pid.
        pid: u32,
        /// How long it was waited for.
        after: Duration,
    },
    /// The count was not, or was no longer, the one that the step was to start from.
    Moved {
        /// The count before.
        expected: u32,
        /// The count seen.
        seen: u32,
    },
    /// No worker is left of those there were: the server reloaded (HUP), its count is what it was started with.
    Reloaded,
    /// The memory limit could not be raised first, so the new worker would be killed.
    NoRoom {
        /// Why the limit stayed as it is.
        why: MemoryError,
    },
    /// The count is no longer wanted: an order by hand, or another configuration.
    Withdrawn,
    /// The next step would leave the project's bounds.
    OutsideBounds {
        /// The count that the step would lead to.
        next: u32,
        /// The bounds.
        bounds: Bounds,
    },
}

/// What became of a server whose new worker ended before it served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterBoot {
    /// It ended, too: gunicorn does where a worker cannot load the application.
    Ended,
    /// It starts the worker again and again.
    StartsAgain,
    /// It did so, and was asked to have one worker less: the one that came last is gone.
    TakenBack,
    /// It goes on without the new worker.
    GoesOn,
}

told_by_words!(ScaleError, Cause);

impl From<Refusal> for Cause {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
