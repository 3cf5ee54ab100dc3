//! Those who ask one site: they come by chance at a rate that changes, and each failure is held to the moments at which
//! somebody was killed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{self, sleep};

use crate::load::{Client, Failure, Target};
use crate::month::unit;

/// Most requests that are under way at a time: more do not come.
const MOST: usize = 300;

/// What became of the requests of a site so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Answered with 200.
    pub(super) answered: u64,
    /// Failed while somebody was killed who may have had them.
    pub(super) killed: u64,
    /// Failed though nobody was killed, by their cause.
    pub(super) unexplained: BTreeMap<Failure, u64>,
    /// From each kill to the moment at which the site was whole again; open while it is not.
    kills: Vec<(Instant, Option<Instant>)>,
}

impl Seen {
    fn record(&mut self, start: Instant, end: Instant, outcome: Result<Duration, Failure>) {
        match outcome {
            Ok(_) => self.answered += 1,
            Err(_) if self.kills.iter().any(|kill| overlaps(*kill, start, end)) => self.killed += 1,
            Err(why) => *self.unexplained.entry(why).or_default() += 1,
        }
    }
}

/// Whether a request from `start` to `end` was under way in the time of a kill.
fn overlaps((from, until): (Instant, Option<Instant>), start: Instant, end: Instant) -> bool {
    from <= end && until.is_none_or(|until| start <= until)
}

/// What was seen of one site, shared with those who kill.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(Arc<Mutex<Seen>>);

impl Log {
    /// What was seen so far. It stays whole even if a task panicked while it held the lock: each record is one step.
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A kill that is about to be: what fails from now on may be its doing.
    pub(super) fn kill_begins(&self) {
        self.seen().kills.push((Instant::now(), None));
    }

    /// The site is whole again.
    pub(super) fn kill_is_over(&self) {
        let now = Instant::now();
        for (_, until) in &mut self.seen().kills {
            until.get_or_insert(now);
        }
    }
}

/// The running load of one site. Dropped, nobody else comes.
pub(super) struct Visitors {
    rate: watch::Sender<f64>,
    pub(super) log: Log,
    task: JoinHandle<()>,
}

impl Visitors {
    /// Begins; nobody comes yet. `seed` is the chance by which they come.
    pub(super) fn start(target: &Target, seed: u64) -> Self {
        let (rate, told) = watch::channel(0.0);
        let log = Log::default();
        let task = tokio::spawn(come(target.clone(), seed, told, log.clone()));
        Self { rate, log, task }
    }

    /// From now on so many come in a second, in the mean.
    pub(super) fn set(&self, per_second: f64) {
        self.rate.send_replace(per_second);
    }

    /// Nobody else comes, and all who have come get their answer.
    pub(super) async fn stop(&mut self) {
        self.rate = watch::channel(0.0).0;
        // A panic of a request's task has been told; what was seen before stands.
        let _ = (&mut self.task).await;
    }
}

async fn come(target: Target, seed: u64, mut rate: watch::Receiver<f64>, log: Log) {
    let mut under_way = JoinSet::new();
    for number in 0_u64.. {
        let per_second = *rate.borrow_and_update();
        // Times between arrivals by chance are exponential, and forget how long one has waited already.
        let chance = unit(seed.wrapping_mul(1_000_003) ^ number);
        let next = async {
            if per_second > 0.0 {
                sleep(Duration::from_secs_f64(
                    (-(1.0 - chance).ln() / per_second).min(60.0),
                ))
                .await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            changed = rate.changed() => {
                if changed.is_err() {
                    break;
                }
            }
            () = next => {
                while under_way.try_join_next().is_some() {}
                if under_way.len() < MOST {
                    let (mut client, log) = (Client::new(target.clone()), log.clone());
                    under_way.spawn(async move {
                        let start = Instant::now();
                        let outcome = client.ask().await;
                        log.seen().record(start, Instant::now(), outcome);
                    });
                }
            }
        }
    }
    // Those who wait before a server that is gone would never end.
    let _ = time::timeout(target.limit, async {
        while under_way.join_next().await.is_some() {}
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_a_kills_doing_only_while_it_lasts() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let kill = (at(10), Some(at(20)));
        let cases = [
            (0, 9, false),
            (0, 10, true),
            (12, 13, true),
            (20, 30, true),
            (21, 30, false),
        ];
        for (from, until, expected) in cases {
            assert_eq!(overlaps(kill, at(from), at(until)), expected, "{from} to {until}");
        }
        assert!(overlaps((at(10), None), at(99), at(100)), "it is not over");
    }

    #[test]
    fn failures_are_told_apart_by_the_kills() {
        let mut seen = Seen::default();
        let now = Instant::now();
        seen.record(now, now, Err(Failure::Timeout));
        seen.kills.push((now, Some(now)));
        seen.record(now, now, Err(Failure::Timeout));
        seen.record(now, now, Ok(Duration::ZERO));
        assert_eq!((seen.answered, seen.killed), (1, 1));
        assert_eq!(seen.unexplained, BTreeMap::from([(Failure::Timeout, 1)]));
    }
}
