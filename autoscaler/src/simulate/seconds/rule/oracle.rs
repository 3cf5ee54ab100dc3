//! What no rule can do: it knows the rate of the coming second, and its workers serve at once.

use super::super::erlang;
use super::{Rule, Seen};
use crate::model::Bounds;

/// Knows the rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Oracle {
    bounds: Bounds,
    /// The wait that is promised, in mean times of service.
    wait: f64,
    /// The share of late requests that it puts up with in any second.
    price: f64,
}

impl Oracle {
    pub(super) fn new(bounds: Bounds, wait: f64, price: f64) -> Self {
        Self { bounds, wait, price }
    }
}

impl Rule for Oracle {
    fn next(&mut self, seen: &Seen) -> u32 {
        let late = erlang::late(seen.coming, self.wait).take(self.bounds.max as usize);
        let enough = late.zip(1..).find(|(late, _)| *late <= self.price);
        enough.map_or(self.bounds.max, |(_, workers)| workers.max(self.bounds.min))
    }

    fn is_clairvoyant(&self) -> bool {
        true
    }
}
