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

/// A running load. Dropping it ends it at once, requests under way included.
pub(crate) struct Arrivals {
    rate: watch::Sender<f64>,
    tally: Arc<Mutex<Tally>>,
    task: JoinHandle<()>,
}

impl Arrivals {
    /// Starts a load of no requests.
    pub(crate) fn start(target: &Target) -> Self {
        let (rate, told) = watch::channel(0.0);
        let tally = Arc::new(Mutex::new(Tally::new()));
        let task = tokio::spawn(come(target.clone(), told, Arc::clone(&tally)));
        Self { rate, tally, task }
    }

    /// From now on so many come in a second, evenly.
    pub(crate) fn set(&self, per_second: f64) {
        self.rate.send_replace(per_second);
    }

    /// Lets every request under way end, and returns what was counted.
    pub(crate) async fn stop(self) -> Tally {
        let Self {
            rate,
            tally,
            mut task,
        } = self;
        drop(rate);
        // A panic of a request's task has been told; what was counted before stands.
        let _ = (&mut task).await;
        std::mem::take(&mut *tally.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn come(target: Target, mut rate: watch::Receiver<f64>, tally: Arc<Mutex<Tally>>) {
    let mut under_way = JoinSet::new();
    let mut next = Instant::now();
    loop {
        let per_second = *rate.borrow_and_update();
        let due = async {
            if per_second > 0.0 {
                sleep_until(next).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            changed = rate.changed() => {
                if changed.is_err() {
                    break;
                }
                next = Instant::now();
            }
            Some(_) = under_way.join_next() => {}
            () = due, if under_way.len() < MOST => {
                next += Duration::from_secs_f64(1.0 / per_second);
                let (mut client, tally) = (Client::new(target.clone()), Arc::clone(&tally));
                under_way.spawn(async move {
                    let outcome = client.ask().await;
                    tally.lock().unwrap_or_else(PoisonError::into_inner).record(outcome);
                });
            }
        }
    }
    while under_way.join_next().await.is_some() {}
}
