//! The Kubernetes Horizontal Pod Autoscaler over the CPU, where each worker is a pod that requests one CPU.

use super::{Rule, Seen};
use crate::model::Bounds;
use crate::simulate::Served;
use crate::simulate::policy::{Hpa as Formula, Policy as _};

/// `--horizontal-pod-autoscaler-sync-period`, seconds.
const PERIOD: f64 = 15.0;

/// The Horizontal Pod Autoscaler, at its own pace.
#[derive(Debug, Clone)]
pub(super) struct Hpa {
    formula: Formula,
    seconds: f64,
    cpu: f64,
}

impl Hpa {
    /// `percent`: `averageUtilization`.
    pub(super) fn new(bounds: Bounds, percent: f64) -> Self {
        Self {
            formula: Formula::aiming_at(bounds, percent),
            seconds: 0.0,
            cpu: 0.0,
        }
    }
}

impl Rule for Hpa {
    fn next(&mut self, seen: &Seen) -> u32 {
        self.seconds += 1.0;
        self.cpu += seen.cpu;
        if self.seconds < PERIOD {
            return seen.workers;
        }
        let served = Served {
            seconds: self.seconds,
            served: self.cpu,
            ..Served::default()
        };
        (self.seconds, self.cpu) = (0.0, 0.0);
        self.formula.next(seen.workers, &served)
    }
}
