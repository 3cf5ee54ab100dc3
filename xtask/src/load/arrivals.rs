//! Requests that come at a given rate, whether or not those before them have been answered.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::{Tally, Target};

/// Most requests that are under way at a time: more are not begun until one ends.
const MOST: usize = 1500;

/// How many come in a second, and where they are counted.
#[derive(Debug, Clone, Default)]
struct Part {
    per_second: f64,
    tally: Arc<Mutex<Tally>>,
}

/// A running load. Dropping it ends it at once, requests under way included.
pub(crate) struct Arrivals {
    part: watch::Sender<Part>,
    tallies: Vec<Arc<Mutex<Tally>>>,
    task: JoinHandle<()>,
}

impl Arrivals {
    /// Starts a load of no requests.
    pub(crate) fn start(target: &Target) -> Self {
        let (part, told) = watch::channel(Part::default());
        let task = tokio::spawn(come(target.clone(), told));
        Self {
            part,
            tallies: Vec::new(),
            task,
        }
    }

    /// From now on so many come in a second, evenly: another part.
    pub(crate) fn set(&mut self, per_second: f64) {
        let tally = Arc::default();
        self.tallies.push(Arc::clone(&tally));
        self.part.send_replace(Part { per_second, tally });
    }

    /// Lets every request under way end, and returns what was counted of those that came in each part.
    pub(crate) async fn stop(self) -> Vec<Tally> {
        let Self {
            part,
            tallies,
            mut task,
        } = self;
        drop(part);
        // A panic of a request's task has been told; what was counted before stands.
        let _ = (&mut task).await;
        let counted = |tally: Arc<Mutex<Tally>>| {
            std::mem::take(&mut *tally.lock().unwrap_or_else(PoisonError::into_inner))
        };
        tallies.into_iter().map(counted).collect()
    }
}

async fn come(target: Target, mut part: watch::Receiver<Part>) {
    let mut under_way = JoinSet::new();
    let mut next = Instant::now();
    loop {
        let Part { per_second, tally } = part.borrow_and_update().clone();
        let due = async {
            if per_second > 0.0 {
                sleep_until(next).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            changed = part.changed() => {
                if changed.is_err() {
                    break;
                }
                next = Instant::now();
            }
            Some(_) = under_way.join_next() => {}
            () = due, if under_way.len() < MOST => {
                next += Duration::from_secs_f64(1.0 / per_second);
                let mut client = Client::new(target.clone());
                under_way.spawn(async move {
                    let outcome = client.ask().await;
                    tally.lock().unwrap_or_else(PoisonError::into_inner).record(outcome);
                });
            }
        }
    }
    while under_way.join_next().await.is_some() {}
}
