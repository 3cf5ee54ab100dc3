//! The square-root rule of staffing: the workers that the load keeps busy, and as many more as its square root times a
//! factor. Halfin and Whitt, Heavy-Traffic Limits for Queues with Many Exponential Servers, Operations Research 29, 1981.

use super::window::{Greatest, Window};
use super::{Rule, Seen, whole};
use crate::model::Bounds;

/// The load is that of the last minute.
const LOAD_SECONDS: usize = 60;
/// The mean time of service is that of the last ten minutes.
const SERVICE_SECONDS: usize = 600;
/// Down only to what all of the last five minutes would have allowed, as the autoscaler of Kubernetes does.
const DOWN_SECONDS: u64 = 300;

/// The square-root rule.
#[derive(Debug, Clone)]
pub(super) struct SquareRoot {
    bounds: Bounds,
    factor: f64,
    arrived: Window,
    busy: Window,
    begun: Window,
    wanted: Greatest,
}

impl SquareRoot {
    pub(super) fn new(bounds: Bounds, factor: f64) -> Self {
        Self {
            bounds,
            factor,
            arrived: Window::of(LOAD_SECONDS),
            busy: Window::of(SERVICE_SECONDS),
            begun: Window::of(SERVICE_SECONDS),
            wanted: Greatest::of(DOWN_SECONDS),
        }
    }
}

impl Rule for SquareRoot {
    fn next(&mut self, seen: &Seen) -> u32 {
        let arrived = self.arrived.add(seen.second.arrived as f64);
        let busy = self.busy.add(seen.second.busy);
        let begun = self.begun.add(seen.second.begun as f64);
        let load = if begun > 0.0 { arrived * busy / begun } else { 0.0 };
        let wanted = whole((load + self.factor * load.sqrt()).ceil());
        self.wanted.add(wanted.clamp(self.bounds.min, self.bounds.max))
    }
}
