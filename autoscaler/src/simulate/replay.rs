//! One policy over one demand, check by check.

use std::ops::ControlFlow;

use super::policy::Policy;
use super::{Demand, Served, Service};

/// One check of a replay: the interval before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    /// Workers in the interval.
    pub workers: u32,
    /// What they did.
    pub served: Served,
}

/// Replays `policy`; `each` sees every check and may end it. A step takes effect at once: from the next
/// interval on.
pub fn replay(
    demand: &Demand,
    service: Service,
    policy: &mut dyn Policy,
    mut each: impl FnMut(&Check) -> ControlFlow<()>,
) {
    policy.follow(demand.start);
    let mut workers = policy.first();
    let mut at = demand.start;
    for pieces in demand.intervals() {
        let served = service.serve(workers, pieces);
        if each(&Check { workers, served }).is_break() {
            return;
        }
        at += demand.interval.as_secs_f64();
        policy.follow(at);
        workers = policy.next(workers, &served);
    }
}
