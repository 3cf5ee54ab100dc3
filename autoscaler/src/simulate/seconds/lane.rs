//! The workers of one service and the queue before them. A request goes to the worker that is free first, in the order in
//! which they came.

use std::collections::VecDeque;

use super::SECOND;
use super::arrivals::Request;
use super::serve::serve;
use super::waits::Waits;

/// What one second showed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Second {
    /// Requests that came.
    pub arrived: u64,
    /// Requests whose service began.
    pub begun: u64,
    /// Of those, how many had waited for longer than was promised.
    pub late: u64,
    /// Workers that served, on average over the second.
    pub busy: f64,
    /// Requests that waited, on average over the second.
    pub queued: f64,
    /// Requests that wait at its end.
    pub waiting: u64,
    /// Workers that could serve, at its end.
    pub workers: u32,
    /// Workers that still boot, at its end.
    pub booting: u32,
}

/// Most requests that wait; one that comes then is turned away. A bound for this program's own memory: nobody waits for
/// the hours that it would take.
const LONGEST_QUEUE: usize = 1_000_000;

/// One service.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    /// Of each worker that can serve, when it is free, ns; rising.
    free: Vec<u64>,
    /// Of each worker that boots, when it will serve, ns; rising.
    booting: VecDeque<u64>,
    /// Of each worker that goes once it has served its last request, when.
    leaving: Vec<u64>,
    queue: VecDeque<Request>,
    /// The sum of the queue's arrivals, ns.
    queue_at: u128,
    /// Time that the workers still had to serve at the last second's end, worker-ns.
    to_serve: u64,
    /// Time that the queue had waited at the last second's end, request-ns.
    aged: u128,
    now: u64,
    boot: u64,
    worker_ns: u64,
    turned_away: u64,
    waits: Waits,
}

impl Lane {
    /// With so many workers that serve at once; `boot` and `promised` in ns.
    pub(super) fn new(workers: u32, boot: u64, promised: u64) -> Self {
        Self {
            free: vec![0; workers as usize],
            booting: VecDeque::new(),
            leaving: Vec::new(),
            queue: VecDeque::new(),
            queue_at: 0,
            to_serve: 0,
            aged: 0,
            now: 0,
            boot,
            worker_ns: 0,
            turned_away: 0,
            waits: Waits::new(promised),
        }
    }

    /// Workers, with those that boot.
    pub(super) fn workers(&self) -> u32 {
        count(self.free.len() + self.booting.len())
    }

    /// Waits of the requests whose service has begun.
    pub(super) fn waits(&self) -> &Waits {
        &self.waits
    }

    /// Requests that came to a queue of [`LONGEST_QUEUE`].
    pub(super) fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// Requests that still wait, and have for longer than `promised` ns.
    pub(super) fn overdue(&self, promised: u64) -> u64 {
        let overdue = self
            .queue
            .partition_point(|request| request.at + promised < self.now);
        overdue as u64
    }

    /// All that was kept, worker-ns.
    pub(super) fn worker_ns(&self) -> u64 {
        self.worker_ns
    }

    /// Lets the requests of one second come.
    pub(super) fn pass(&mut self, come: &[Request]) -> Second {
        let end = self.now + SECOND;
        self.worker_ns += SECOND * (self.free.len() + self.booting.len()) as u64;
        self.worker_ns += self.leaving.iter().map(|at| at.min(&end) - self.now).sum::<u64>();
        while let Some(ready) = self.booting.pop_front_if(|ready| *ready < end) {
            let place = self.free.partition_point(|at| *at < ready);
            self.free.insert(place, ready);
            // Free from then on, which is no service.
            self.to_serve += ready.saturating_sub(self.now);
        }
        let before = self.waits.sums();
        if !self.queue.is_empty() {
            let begun = serve(&mut self.free, self.queue.iter().copied(), end, &mut self.waits);
            let served = self.queue.drain(..begun).map(|request| u128::from(request.at));
            self.queue_at -= served.sum::<u128>();
        }
        let at_once = if self.queue.is_empty() {
            serve(&mut self.free, come.iter().copied(), end, &mut self.waits)
        } else {
            0
        };
        for request in &come[at_once..] {
            if self.queue.len() < LONGEST_QUEUE {
                self.queue.push_back(*request);
                self.queue_at += u128::from(request.at);
            } else {
                self.turned_away += 1;
            }
        }
        self.leaving.retain(|at| *at > end);
        let left = |free: &[u64]| free.iter().map(|at| at.saturating_sub(end)).sum::<u64>();
        let to_serve = left(&self.free) + left(&self.leaving);
        let aged = self.queue.len() as u128 * u128::from(end) - self.queue_at;
        let after = self.waits.sums();
        let second = Second {
            arrived: come.len() as u64,
            begun: after.begun - before.begun,
            late: after.late - before.late,
            busy: (self.to_serve + after.service - before.service - to_serve) as f64 / SECOND as f64,
            queued: float(after.wait - before.wait + aged - self.aged) / SECOND as f64,
            waiting: self.queue.len() as u64,
            workers: count(self.free.len()),
            booting: count(self.booting.len()),
        };
        (self.to_serve, self.aged, self.now) = (to_serve, aged, end);
        second
    }

    /// From now on so many workers. New ones boot first; of those that go, one that boots goes first, then one that is
    /// idle, then the one that is idle soonest, which ends what it serves.
    pub(super) fn set(&mut self, workers: u32) {
        for _ in self.workers()..workers {
            self.booting.push_back(self.now + self.boot);
        }
        for _ in workers..self.workers() {
            if self.booting.pop_back().is_none() {
                let at = self.free.remove(0);
                if at > self.now {
                    self.leaving.push(at);
                }
            }
        }
    }
}

/// The same as a `f64`. Most often it fits into a word, where that takes no call.
fn float(sum: u128) -> f64 {
    u64::try_from(sum).map_or_else(|_| sum as f64, |word| word as f64)
}

fn count(workers: usize) -> u32 {
    u32::try_from(workers).unwrap_or(u32::MAX)
}
