//! The demo's course: who asks when, and what each part waits for.

use std::fmt;
use std::time::{Duration, Instant};

use super::ladder::MOST_WORKERS;
use crate::load::Users;

/// One part of the demo.
pub(super) struct Phase {
    name: &'static str,
    /// What happens, in a sentence.
    story: &'static str,
    /// Who asks.
    pub(super) users: Users,
    /// The worker count that the part waits for.
    goal: u32,
    /// How long the count has to stay there before the next part.
    stay: Duration,
    /// The part ends after this time even if the count was never reached: the verdict judges that.
    limit: Duration,
}

/// The parts, in order: up under load, down while some load goes on, so that a removed worker would be missed.
pub(super) const PHASES: [Phase; 4] = [
    Phase {
        name: "calm",
        story: "2 users with pauses; one worker is enough",
        users: users(2, 250),
        goal: 1,
        stay: Duration::from_secs(6),
        limit: Duration::from_secs(12),
    },
    Phase {
        name: "rush",
        story: "8 users without a pause; every worker has a request all the time",
        users: users(MOST_USERS, 0),
        goal: MOST_WORKERS,
        stay: Duration::from_secs(6),
        limit: Duration::from_secs(45),
    },
    Phase {
        name: "ebb",
        story: "3 users with pauses; two workers are enough",
        users: users(3, 200),
        goal: 2,
        stay: Duration::from_secs(4),
        limit: Duration::from_secs(30),
    },
    Phase {
        name: "quiet",
        story: "1 user with pauses; back to one worker",
        users: users(1, 300),
        goal: 1,
        stay: Duration::from_secs(5),
        limit: Duration::from_secs(30),
    },
];

/// The largest number of users of any part.
pub(super) const MOST_USERS: usize = 8;

const fn users(count: usize, pause_ms: u64) -> Users {
    Users {
        count,
        pause: Duration::from_millis(pause_ms),
    }
}

impl Phase {
    /// Begins the part now.
    pub(super) fn begin(&self) -> Progress<'_> {
        Progress {
            phase: self,
            begun: Instant::now(),
            reached: None,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.story)
    }
}

/// How far a part has come.
pub(super) struct Progress<'a> {
    phase: &'a Phase,
    begun: Instant,
    reached: Option<Instant>,
}

impl Progress<'_> {
    /// Whether the part is over, now that there are `workers` workers.
    pub(super) fn is_over(&mut self, workers: u32) -> bool {
        if workers == self.phase.goal {
            self.reached.get_or_insert_with(Instant::now);
        } else {
            self.reached = None;
        }
        let stayed = self
            .reached
            .is_some_and(|since| since.elapsed() >= self.phase.stay);
        stayed || self.begun.elapsed() >= self.phase.limit
    }
}
