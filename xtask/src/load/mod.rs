//! A load generator: users who ask one HTTP server, each waiting for its answer before it asks again ([`Load`]), and
//! requests that come at a rate of their own ([`Arrivals`]).
//!
//! Closed loop: a slow server is asked less often, never more than one request per user is under way, so the
//! load is bounded whatever the server does. Every request ends in the [`Tally`], answered or failed.

mod arrivals;
mod client;
mod tally;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

pub(crate) use arrivals::Arrivals;
pub(crate) use client::{Client, Target};
pub(crate) use tally::{Failure, Tally};

/// A user whose request failed waits at least this long, so that a server that is gone is not hammered.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// How many users there are, and how long each waits between an answer and its next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Users {
    /// Users who ask at the same time.
    pub(crate) count: usize,
    /// Time between an answer and the next request.
    pub(crate) pause: Duration,
}

/// A running load. Dropping it ends it at once, requests under way included.
pub(crate) struct Load {
    users: watch::Sender<Users>,
    tally: Arc<Mutex<Tally>>,
    tasks: JoinSet<()>,
}

impl Load {
    /// Starts a load without users; `most` is the largest count that [`Load::set`] may ask for.
    pub(crate) fn start(target: &Target, most: usize) -> Self {
        let none = Users {
            count: 0,
            pause: Duration::ZERO,
        };
        let (users, _) = watch::channel(none);
        let tally = Arc::new(Mutex::new(Tally::new()));
        let mut tasks = JoinSet::new();
        for number in 0..most {
            let client = Client::new(target.clone());
            tasks.spawn(user(number, client, users.subscribe(), Arc::clone(&tally)));
        }
        Self { users, tally, tasks }
    }

    /// Changes the users from now on. Who has to leave finishes the request under way.
    pub(crate) fn set(&self, users: Users) {
        self.users.send_replace(users);
    }

    /// Takes what was counted since it was last taken.
    pub(crate) fn take(&self) -> Tally {
        std::mem::take(&mut *lock(&self.tally))
    }

    /// Lets every request under way end, and returns what was counted since it was last taken.
    pub(crate) async fn stop(mut self) -> Tally {
        drop(self.users);
        while self.tasks.join_next().await.is_some() {}
        std::mem::take(&mut *lock(&self.tally))
    }
}

async fn user(
    number: usize,
    mut client: Client,
    mut users: watch::Receiver<Users>,
    tally: Arc<Mutex<Tally>>,
) {
    // An error of the channel says that the load was stopped.
    while users.has_changed().is_ok() {
        let now = *users.borrow_and_update();
        if number >= now.count {
            client.close();
            if users.changed().await.is_err() {
                return;
            }
            continue;
        }
        let outcome = client.ask().await;
        let pause = match &outcome {
            Ok(_) => now.pause,
            Err(_) => now.pause.max(PAUSE_AFTER_FAILURE),
        };
        lock(&tally).record(outcome);
        tokio::select! {
            () = sleep(pause) => {}
            _ = users.changed(), if !pause.is_zero() => {}
        }
    }
}

/// A tally stays whole even if a task panicked while it held the lock: each record is one step.
fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
