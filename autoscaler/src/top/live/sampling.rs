//! The thread that takes the samples, so that keys are answered while a slow host is read.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::event::Event;
use crate::host::usage::{CpuStatSource, UsageSource};
use crate::top::model::Model;
use crate::top::sample::{Attention, Sampler};
use crate::top::screen::Screen;

/// The second sample comes this soon after the first: there are no figures before it.
const FIRST_INTERVAL: Duration = Duration::from_millis(150);

/// Opens the best source of figures, and says why it is not the kernel program where it is not.
pub type OpenSource = Box<dyn FnOnce() -> (Box<dyn UsageSource>, Option<String>) + Send>;

/// What the screen wants of the next samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Orders {
    interval: Duration,
    attention: Attention,
}

/// The thread.
pub(super) struct Sampling {
    inbox: Sender<Message>,
}

/// What the thread is told.
enum Message {
    Orders(Orders),
    /// The best source is open.
    Opened(Box<dyn UsageSource>, Option<String>),
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
    /// Starts to send samples into `events`: names at once, then what cpu.stat tells, and all of it when the best
    /// source is open. The kernel takes most of a second to check the programs; nobody waits for that.
    pub(super) fn start(
        mut sampler: Sampler,
        open: OpenSource,
        orders: Orders,
        events: Sender<Event>,
    ) -> Self {
        let (sender, inbox) = mpsc::channel();
        let (opened, farewell) = (sender.clone(), Farewell(events.clone()));
        thread::spawn(move || {
            let (source, why_not_ebpf) = open();
            // Whoever left meanwhile wants it no more.
            let _ = opened.send(Message::Opened(source, why_not_ebpf));
            // Samples go on to come; only a panic does not get here.
            std::mem::forget(farewell);
        });
        thread::spawn(move || {
            let farewell = Farewell(events);
            if send_sample(&mut sampler, &orders, &farewell.0) {
                sampler.take_from(Box::<CpuStatSource>::default(), Some(LOADING.to_owned()));
                sample_on(sampler, orders, &inbox, &farewell.0);
            }
        });
        Self { inbox: sender }
    }

    /// Says what is wanted from now on.
    pub(super) fn order(&self, orders: Orders) {
        // A thread that ended has said so in the queue of events.
        let _ = self.inbox.send(Message::Orders(orders));
    }
}

/// Why the figures do not come from the kernel program yet.
const LOADING: &str = "loading the kernel program";

/// Says that no more samples come, even when the thread panics.
struct Farewell(Sender<Event>);

impl Drop for Farewell {
    fn drop(&mut self) {
        let _ = self.0.send(Event::SamplingEnded);
    }
}

/// Takes one sample. False when nobody wants any more.
fn send_sample(sampler: &mut Sampler, orders: &Orders, events: &Sender<Event>) -> bool {
    let event = match sampler.sample(&orders.attention) {
        Ok(sample) => Event::Sample(Box::new(sample)),
        Err(error) => Event::SampleFailed(error),
    };
    events.send(event).is_ok()
}

fn sample_on(mut sampler: Sampler, mut orders: Orders, inbox: &Receiver<Message>, events: &Sender<Event>) {
    let mut last = Instant::now();
    // The next sample is the first of its source.
    let mut fresh = true;
    loop {
        if !send_sample(&mut sampler, &orders, events) {
            return;
        }
        let mut hurry = std::mem::take(&mut fresh);
        loop {
            let interval = if hurry {
                orders.interval.min(FIRST_INTERVAL)
            } else {
                orders.interval
            };
            match inbox.recv_timeout((last + interval).saturating_duration_since(Instant::now())) {
                Ok(Message::Orders(new)) => {
                    // Somebody opened a cgroup and waits for its processes.
                    hurry |= new.attention.focus.is_some() && new.attention.focus != orders.attention.focus;
                    orders = new;
                }
                Ok(Message::Opened(source, why_not_ebpf)) => {
                    sampler.take_from(source, why_not_ebpf);
                    last = Instant::now();
                    fresh = true;
                    break;
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
