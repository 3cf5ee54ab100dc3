//! What would have to come next for a step.

use std::time::Duration;

use super::{Measure, Reason};

/// The next step each way, by measure, and where all of them would lead.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outlook {
    /// Steps to more workers: any one of them is enough. None at the maximum.
    pub up: Vec<Next>,
    /// Steps to fewer workers: all of them are needed. None at the minimum.
    pub down: Vec<Next>,
    /// Workers that the load asks for, whatever the most there may be; `None` where no figure tells.
    pub wanted: Option<u32>,
}

/// A rung, and how far the project is on the way to acting on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Next {
    /// What is measured.
    pub measure: Measure,
    /// The rung's worker count.
    pub rung: u32,
    /// The count that the step leads to; a step down may stop short of it where it would flap.
    pub to: u32,
    /// Percent, or waiting tasks.
    pub threshold: f64,
    /// For how long the measure has been beyond the threshold; 0 when it is not.
    pub held: Duration,
    /// For how long it must be.
    pub needed: Duration,
    /// What would stand against the step if it were due now.
    pub against: Option<Reason>,
}

impl Next {
    /// Whether the measure is beyond the threshold, and has been for as long as it must be.
    #[must_use]
    pub fn is_due(&self) -> bool {
        !self.held.is_zero() && self.held >= self.needed
    }
}

impl Outlook {
    /// Names what the check that decided for `reason` had against the steps that were due.
    #[must_use]
    pub fn explained(mut self, reason: &Reason) -> Self {
        let (up, down) = match reason {
            Reason::PoolUnreachable(_) => (true, true),
            Reason::WouldFlap { .. }
            | Reason::WorkersBusy { .. }
            | Reason::RequestsWait { .. }
            | Reason::PoolBusy
            | Reason::RequestsUnseen(_)
            | Reason::QueueUnreadable(_) => (false, true),
            Reason::SlowerNotBusier { .. } => (true, false),
            _ => (false, false),
        };
        let all_up = self.up.iter_mut().filter(|_| up);
        let all_down = self.down.iter_mut().filter(|_| down);
        for next in all_up.chain(all_down).filter(|next| next.is_due()) {
            next.against.get_or_insert_with(|| reason.clone());
        }
        self
    }
}
