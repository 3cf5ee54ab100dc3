//! Knative's pod autoscaler over the requests in flight, with its defaults, where each worker is a pod that serves one
//! request at a time.
//! <https://knative.dev/docs/serving/autoscaling/kpa-specific/>

use super::window::Window;
use super::{Rule, Seen, whole};
use crate::model::Bounds;

/// `tick-interval`, seconds.
const TICK: u64 = 2;
/// `stable-window`, seconds.
const STABLE: usize = 60;
/// `panic-window-percentage`: 10 % of the stable window, seconds.
const PANIC: usize = 6;
/// `panic-threshold-percentage`: 200 %.
const PANIC_THRESHOLD: f64 = 2.0;
/// `max-scale-down-rate`.
const DOWN_RATE: f64 = 2.0;
/// `max-scale-up-rate`.
const UP_RATE: f64 = 1000.0;

/// Knative's autoscaler.
#[derive(Debug, Clone)]
pub(super) struct Knative {
    bounds: Bounds,
    /// Requests in flight that one worker is there for.
    target: f64,
    now: u64,
    stable: Window,
    panic: Window,
    /// Since when the load has been so much above the workers, and the most workers it has asked for since.
    panicking: Option<(u64, u32)>,
}

impl Knative {
    /// `percent`: `container-concurrency-target-percentage`, of one request.
    pub(super) fn new(bounds: Bounds, percent: f64) -> Self {
        Self {
            bounds,
            target: percent / 100.0,
            now: 0,
            stable: Window::of(STABLE),
            panic: Window::of(PANIC),
            panicking: None,
        }
    }

    fn wanted(&self, in_flight: f64, ready: f64) -> u32 {
        let wanted = (in_flight / self.target).ceil();
        whole(wanted.clamp((ready / DOWN_RATE).floor(), (ready * UP_RATE).ceil()))
    }
}

impl Rule for Knative {
    fn next(&mut self, seen: &Seen) -> u32 {
        self.now += 1;
        let in_flight = seen.second.busy + seen.second.queued;
        let (stable, panic) = (self.stable.add(in_flight), self.panic.add(in_flight));
        if !self.now.is_multiple_of(TICK) {
            return seen.workers;
        }
        let ready = f64::from(seen.second.workers.max(1));
        let (stable, panic) = (self.wanted(stable, ready), self.wanted(panic, ready));
        if f64::from(panic) / ready >= PANIC_THRESHOLD {
            let most = self.panicking.map_or(0, |(_, most)| most);
            self.panicking = Some((self.now, most));
        } else if self
            .panicking
            .is_some_and(|(since, _)| since + STABLE as u64 <= self.now)
        {
            self.panicking = None;
        }
        let wanted = match &mut self.panicking {
            Some((_, most)) => {
                *most = panic.max(*most);
                *most
            }
            None => stable,
        };
        wanted.clamp(self.bounds.min, self.bounds.max)
    }
}
