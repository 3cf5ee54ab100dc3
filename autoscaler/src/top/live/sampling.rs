//! The thread that takes the samples, so that keys are answered while a slow host is read.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::event::Event;
use crate::top::model::Model;
use crate::top::sample::{Attention, Sampler};
use crate::top::screen::Screen;

/// The second sample comes this soon after the first: there are no figures before it.
const FIRST_INTERVAL: Duration = Duration::from_millis(250);

/// What the screen wants of the next samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Orders {
    interval: Duration,
    attention: Attention,
}

/// The thread.
pub(super) struct Sampling {
    orders: Sender<Orders>,
}

impl Orders {
    pub(super) fn of(screen: &Screen, model: &Model) -> Self {
        Self {
            interval: screen.interval,
            attention: screen.attention(model),
        }
    }
}

impl Sampling {
    /// Starts to send samples into `events`.
    pub(super) fn start(sampler: Sampler, orders: Orders, events: Sender<Event>) -> Self {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let farewell = Farewell(events);
            sample_on(sampler, orders, &receiver, &farewell.0);
        });
        Self { orders: sender }
    }

    /// Says what is wanted from now on.
    pub(super) fn order(&self, orders: Orders) {
        // A thread that ended has said so in the queue of events.
        let _ = self.orders.send(orders);
    }
}

/// Says that no more samples come, even when the thread panics.
struct Farewell(Sender<Event>);

impl Drop for Farewell {
    fn drop(&mut self) {
        let _ = self.0.send(Event::SamplingEnded);
    }
}

fn sample_on(mut sampler: Sampler, mut orders: Orders, inbox: &Receiver<Orders>, events: &Sender<Event>) {
    let mut last = Instant::now();
    let mut taken = 0_u64;
    loop {
        let event = match sampler.sample(&orders.attention) {
            Ok(sample) => Event::Sample(Box::new(sample)),
            Err(error) => Event::SampleFailed(error),
        };
        if events.send(event).is_err() {
            return;
        }
        taken += 1;
        let mut hurry = taken == 1;
        loop {
            let interval = if hurry {
                orders.interval.min(FIRST_INTERVAL)
            } else {
                orders.interval
            };
            match inbox.recv_timeout((last + interval).saturating_duration_since(Instant::now())) {
                Ok(new) => {
                    // Somebody opened a cgroup and waits for its processes.
                    hurry |= new.attention.focus.is_some() && new.attention.focus != orders.attention.focus;
                    orders = new;
                }
                Err(RecvTimeoutError::Timeout) => {
                    // On the beat, unless it was missed.
                    last += interval;
                    if last.elapsed() > interval {
                        last = Instant::now();
                    }
                    break;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}
