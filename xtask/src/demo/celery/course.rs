//! The demo's course: how many tasks are put when, and what each part waits for.

use std::time::Duration;

use super::stage::{MOST_WORKERS, Seen};

/// One part of the demo.
pub(super) struct Part {
    pub(super) name: &'static str,
    /// What happens, in a sentence.
    pub(super) story: &'static str,
    /// Tasks put at its beginning.
    pub(super) tasks: u32,
    goal: Goal,
    /// The part ends after this time even if the goal was never reached: the verdict judges that.
    pub(super) limit: Duration,
}

enum Goal {
    /// Every task put so far has ended.
    Done,
    /// The pool has as many processes as it may.
    FullPool,
    /// Every task has ended and the pool is back at one process.
    CalmAgain,
}

/// The parts, in order.
pub(super) const COURSE: [Part; 3] = [
    Part {
        name: "calm",
        story: "8 tasks; one process is enough",
        tasks: 8,
        goal: Goal::Done,
        limit: Duration::from_secs(30),
    },
    Part {
        name: "rush",
        story: "400 tasks at once; the queue grows and the pool with it",
        tasks: 400,
        goal: Goal::FullPool,
        limit: Duration::from_secs(90),
    },
    Part {
        name: "ebb",
        story: "no more tasks; the queue drains, then idle processes go, no running task with them",
        tasks: 0,
        goal: Goal::CalmAgain,
        limit: Duration::from_mins(3),
    },
];

impl Part {
    /// Whether the goal is reached, with `put` tasks put so far.
    pub(super) fn is_over(&self, seen: &Seen, put: u32) -> bool {
        match self.goal {
            Goal::Done => seen.ended >= put,
            Goal::FullPool => seen.workers == MOST_WORKERS,
            Goal::CalmAgain => seen.ended >= put && seen.workers == 1,
        }
    }
}
