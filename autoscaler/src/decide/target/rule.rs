//! The rule that keeps a promise about waiting: how many workers, told by nothing but the promise.
//!
//! Each second it learns how many requests arrive ([`arrivals`]), how much they vary ([`variation`]), and how long one takes.
//! That says how many would wait too long before each count of workers ([`waiting`]). The count wanted is the least at which
//! one more worker saves fewer late requests than it is worth ([`price`]), and the price itself moves until what was promised
//! is what is kept. A step is taken when staying has cost as much as a step may ([`patience`]), or at once where requests
//! wait and the workers there are will not serve them soon. docs/en/promise.md has the derivation, the sources and what each
//! constant is for.

mod arrivals;
mod patience;
mod price;
mod variation;
mod waiting;

use std::cmp::Ordering;

use arrivals::{Arrivals, Rate};
use patience::Patience;
use price::Price;
use serde::{Deserialize, Serialize};
use variation::{Dispersion, Peakedness};
use waiting::Load;

use crate::model::{Bounds, Promise};

/// Seconds over which the time of service is learned.
const SERVICE_MEMORY: f64 = 320.0;

/// The shortest time in which waiting requests are to be served, seconds: what a single burst leaves is gone by then.
const SOON: f64 = 2.0;

/// Of the workers, the share from which on a load that is known by its CPU alone may be cut short by the workers' number.
const HIDDEN: f64 = 0.95;

/// How far a count goes up in which a load may be cut short.
const BEYOND: f64 = 1.5;

/// No second is worth more than so many worker-seconds: where a price is next to nothing, the count is still not right for a
/// moment only.
const WORTH: f64 = 1e6;

/// What was seen since the last look.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Seen {
    /// The time covered.
    pub seconds: f64,
    /// Workers' time spent on requests, seconds.
    pub busy: f64,
    /// The requests, where they are seen; otherwise `busy` is CPU and the wait for one, and says all there is to say.
    pub requests: Option<SeenRequests>,
}

/// The requests since the last look.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SeenRequests {
    /// Requests whose service began.
    pub begun: f64,
    /// Of these, those that had waited for too long.
    pub late: f64,
    /// Requests that wait now.
    pub waiting: f64,
}

/// The workers there are, and those there may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    /// Workers, with those that are booting.
    pub workers: u32,
    /// The fewest and the most there may be.
    pub bounds: Bounds,
    /// Seconds that a new worker takes to boot.
    pub boot: f64,
    /// Requests that each worker can serve at a time.
    pub threads: u32,
    /// Of all these slots, those that a request has taken for longer than one should last: a websocket, a long poll.
    pub taken: u32,
}

impl Room {
    /// Requests that so many workers can serve at a time.
    fn slots(&self, workers: u32) -> u32 {
        workers.saturating_mul(self.threads).saturating_sub(self.taken)
    }

    /// The fewest workers that have as many slots free.
    fn workers_for(&self, slots: f64) -> u32 {
        let slots = whole(slots.ceil()).saturating_add(self.taken);
        slots.div_ceil(self.threads.max(1))
    }
}

/// What the rule asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wish {
    /// The count to have now: the present one where it is to stay.
    pub workers: u32,
    /// The count that the load asks for, within the bounds and before any patience.
    pub needed: u32,
    /// The same whatever the most there may be.
    pub wanted: u32,
    /// Workers that the load keeps busy.
    pub busy: f64,
    /// Whether it is for requests that wait already.
    pub urgent: bool,
    /// Whether the load asks for more than the most there may be.
    pub is_short: bool,
}

impl Wish {
    /// Nothing is known yet.
    fn stay(workers: u32) -> Self {
        Self {
            workers,
            needed: workers,
            wanted: workers,
            busy: 0.0,
            urgent: false,
            is_short: false,
        }
    }
}

/// What is known of one project's load, from look to look.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rule {
    #[serde(skip)]
    arrivals: Arrivals,
    dispersion: Dispersion,
    peakedness: Peakedness,
    price: Price,
    #[serde(skip)]
    patience: Patience,
    /// Workers' seconds and requests, the later the more they count: their ratio is the mean time of service.
    served: (f64, f64),
    #[serde(skip)]
    waiting: f64,
    /// The load as the last look found it.
    #[serde(skip)]
    load: Option<Load>,
}

impl Rule {
    /// Takes one look in, of a second or a few, and says how many workers there should be. A wish stays one until
    /// [`Rule::stepped`].
    pub fn look(&mut self, promise: &Promise, seen: &Seen, room: Room) -> Wish {
        let requests = seen
            .requests
            .unwrap_or_else(|| as_requests(seen.busy, self.service(promise)));
        self.take_in(seen.seconds, seen.busy, &requests);
        let Some(rate) = self.arrivals.rate(self.dispersion.ratio()) else {
            return Wish::stay(room.workers);
        };
        let load = self.load_at(rate, self.service(promise), promise, room);
        let judged = judge(&load, self.price.of_a_worker(promise.share()), room);
        if seen.requests.is_some() {
            self.learn_price(promise, &requests, room);
        }
        self.patience
            .add(judged.more * seen.seconds, judged.fewer * seen.seconds);
        let Bounds { min, max } = room.bounds;
        let at_once = urgent(&load, requests.waiting, room).max(hidden(seen, room));
        let needed = judged.needed.max(at_once.min(max));
        let urgent = at_once.clamp(min, max) > room.workers;
        let long_enough = match needed.cmp(&room.workers) {
            Ordering::Greater => urgent || self.patience.is_over_for_more(),
            Ordering::Equal => false,
            Ordering::Less => self.patience.is_over_for_fewer(),
        };
        let wish = Wish {
            workers: if long_enough { needed } else { room.workers },
            needed,
            wanted: judged.wanted.max(at_once),
            busy: load.busy,
            urgent,
            is_short: at_once > max || judged.is_short && self.patience.is_over_for_more(),
        };
        self.load = Some(load);
        wish
    }

    /// Moves the price by what was kept of the promise. What the maximum costs is not its fault.
    fn learn_price(&mut self, promise: &Promise, requests: &SeenRequests, room: Room) {
        let is_kept = requests.late <= AIMED * promise.share() * requests.begun;
        if room.workers < room.bounds.max || is_kept {
            self.price.learn(promise.share(), requests.begun, requests.late);
        }
    }

    /// A step has been taken: what staying has cost is settled.
    pub fn stepped(&mut self) {
        self.patience = Patience::default();
    }

    /// Late requests a second that one worker more than `room` has would save, as the last look found the load: what a
    /// worker is worth here, to compare with what it is worth elsewhere.
    #[must_use]
    pub fn gain(&self, room: Room) -> f64 {
        let Some(load) = &self.load else {
            return 0.0;
        };
        if load.busy >= f64::from(room.slots(room.workers)) {
            return gain_when_short(load, room);
        }
        let mut waiting = load.waiting();
        waiting.late(room.slots(room.workers)) - waiting.late(room.slots(room.workers + 1))
    }

    fn take_in(&mut self, seconds: f64, busy: f64, requests: &SeenRequests) {
        let arrived = (requests.begun + requests.waiting - self.waiting).max(0.0);
        self.waiting = requests.waiting;
        let kept = (-seconds / SERVICE_MEMORY).exp();
        self.served = (
            self.served.0.mul_add(kept, busy),
            self.served.1.mul_add(kept, requests.begun),
        );
        let service = self.mean_service().unwrap_or_default();
        let parts = seconds.round().max(1.0);
        for _ in 0..whole(parts) {
            self.arrivals.add(arrived / parts);
            self.dispersion.add(arrived / parts);
            self.peakedness.add(busy / seconds + requests.waiting, service);
        }
        self.price.see(requests.begun, seconds);
    }

    fn mean_service(&self) -> Option<f64> {
        (self.served.1 >= 1.0 && self.served.0 > 0.0).then(|| self.served.0 / self.served.1)
    }

    /// Mean seconds of service; before the first request, as long as one may wait.
    fn service(&self, promise: &Promise) -> f64 {
        self.mean_service().unwrap_or(promise.wait.as_secs_f64())
    }

    fn load_at(&self, rate: Rate, service: f64, promise: &Promise, room: Room) -> Load {
        // A worker that is asked for now meets the load there is when it has booted.
        let ahead = rate.slope.max(0.0) * (room.boot + 1.0);
        let arriving = rate.now + ahead;
        let busy = arriving * service;
        // What is not known of the rate adds to the spread of the load, as if the load itself varied.
        let unknown = if busy > 0.0 {
            rate.variance * service * service / busy
        } else {
            0.0
        };
        Load {
            rate: arriving,
            busy,
            peakedness: self.peakedness.ratio(service) + unknown,
            service,
            wait: promise.wait.as_secs_f64(),
        }
    }
}

/// Of what was promised, the share below which the maximum keeps it.
const AIMED: f64 = 0.75;

/// Work that is known by its CPU alone, as requests of which each takes as long as those that were seen.
fn as_requests(busy: f64, service: f64) -> SeenRequests {
    SeenRequests {
        begun: busy / service,
        ..SeenRequests::default()
    }
}

/// Counts beyond the most there may be that are tried for what the load wants: a bound on the time that this takes.
const SEARCHED: u32 = 64;

/// What a load asks for, and what it would have been worth for a second to have it.
struct Judged {
    /// The count, within the bounds.
    needed: u32,
    /// The count, whatever the most there may be.
    wanted: u32,
    /// What that many, or one more, would be worth beside the present count, in workers.
    more: f64,
    /// What that many, or one fewer, would be.
    fewer: f64,
    /// Whether one more than the most there may be is worth its price.
    is_short: bool,
}

/// Judges the present count by `load`, where one worker is worth `price` late requests a second.
fn judge(load: &Load, price: f64, room: Room) -> Judged {
    let Bounds { min, max } = room.bounds;
    let mut waiting = load.waiting();
    let mut late = |workers: u32| waiting.late(room.slots(workers));
    let mut needed = room.workers_for(load.busy.floor() + 1.0).max(min);
    while needed < max && late(needed) - late(needed + 1) > price {
        needed += 1;
    }
    let mut wanted = needed;
    let needed = needed.clamp(min, max);
    let is_short = needed == max && late(max) - late(max + 1) > price;
    if is_short {
        let most = wanted.saturating_add(SEARCHED);
        while wanted < most && late(wanted) - late(wanted + 1) > price {
            wanted += 1;
        }
    }
    let workers = room.workers;
    let now = late(workers);
    let mut worth = |other: u32| {
        let saved = (now - late(other)) / price.max(f64::MIN_POSITIVE);
        (saved - (f64::from(other) - f64::from(workers))).clamp(-WORTH, WORTH)
    };
    let more = worth(needed.max(workers + 1));
    let fewer = workers
        .checked_sub(1)
        .map_or(0.0, |one_less| worth(needed.min(one_less)));
    Judged {
        needed,
        wanted,
        more,
        fewer,
        is_short,
    }
}

/// The same before a load that takes all workers and more. The next one alone keeps no request from being late; of those that it
/// takes to keep some from it, each is worth the mean.
fn gain_when_short(load: &Load, room: Room) -> f64 {
    // What varies now is the queue, and not the load.
    let load = Load {
        peakedness: 1.0,
        ..load.clone()
    };
    let mut waiting = load.waiting();
    let first = room.workers_for(load.busy).max(room.workers + 1);
    let mut best = 0.0;
    for workers in first..=first.saturating_add(room.bounds.max) {
        let saved = load.rate - waiting.late(room.slots(workers));
        let each = saved / f64::from(workers - room.workers);
        // From there on, each further one saves less than those before it.
        if each < best {
            break;
        }
        best = each;
    }
    best
}

/// The count that serves the requests which wait already, and those to come, soon enough.
fn urgent(load: &Load, waiting: f64, room: Room) -> u32 {
    if waiting <= 0.0 {
        return 0;
    }
    let soon = SOON.max(room.boot).max(3.0 * load.service);
    room.workers_for(load.busy + waiting * load.service / soon)
}

/// Where the CPU is all that is known and all workers are busy, the load is at least that: the count to try.
fn hidden(seen: &Seen, room: Room) -> u32 {
    let workers = f64::from(room.workers);
    let is_cut_short = seen.requests.is_none() && seen.busy >= HIDDEN * workers * seen.seconds;
    if is_cut_short {
        whole((BEYOND * workers).ceil())
    } else {
        0
    }
}

/// The whole part of a figure that is never negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast saturates"
)]
pub(in crate::decide) fn whole(figure: f64) -> u32 {
    figure as u32
}

#[cfg(test)]
mod tests;
