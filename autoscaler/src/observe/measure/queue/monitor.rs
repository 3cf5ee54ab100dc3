//! One project's queues, check by check.

use std::time::Duration;

use crate::model::{QueueFault, Uncounted};
use crate::observe::measure::queue::back_off::BackOff;
use crate::observe::measure::queue::{Broker, Depth};

/// Least time between two looks for tasks that are not counted.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// Reads the queues of one project and leaves a failing broker alone for a while.
pub struct QueueMonitor {
    broker: Box<dyn Broker>,
    queues: Vec<String>,
    back_off: BackOff,
    last: Option<Duration>,
    fault: Option<QueueFault>,
    /// What the last look for tasks that are not counted found, and when.
    looked: Option<(Duration, Vec<Uncounted>)>,
}

impl QueueMonitor {
    /// Reads `queues` from `broker`.
    #[must_use]
    pub fn new(broker: Box<dyn Broker>, queues: Vec<String>) -> Self {
        Self {
            broker,
            queues,
            back_off: BackOff::default(),
            last: None,
            fault: None,
            looked: None,
        }
    }

    /// The queues now, `now` being `CLOCK_MONOTONIC`, and the time since they were last read. Within the
    /// back-off after a failure, the same fault again.
    ///
    /// # Errors
    /// When the broker cannot be asked, with the reason.
    pub async fn read(&mut self, now: Duration) -> Result<(Depth, Duration), QueueFault> {
        if let Some(fault) = &self.fault
            && !self.back_off.is_due(now)
        {
            return Err(fault.clone());
        }
        match self.broker.depth(&self.queues).await {
            Ok(depth) => {
                self.back_off.succeeded();
                self.fault = None;
                let covered = self.last.map_or(Duration::ZERO, |last| now.saturating_sub(last));
                self.last = Some(now);
                Ok((depth, covered))
            }
            Err(fault) => {
                self.back_off.failed(now);
                self.fault = Some(fault.clone());
                // What happened meanwhile is not known: the next reading stands for itself alone.
                self.last = None;
                Err(fault)
            }
        }
    }

    /// Tasks of the queues that [`QueueMonitor::read`] does not count, looked for now and then. A broker that does not
    /// let itself be looked through (its user may be permitted nothing but what Celery needs) is told of as such.
    pub async fn uncounted(&mut self, now: Duration) -> Vec<Uncounted> {
        if let Some((at, found)) = &self.looked
            && now.saturating_sub(*at) < BETWEEN_LOOKS
        {
            return found.clone();
        }
        let found = match self.broker.uncounted(&self.queues).await {
            Ok(found) => found,
            Err(QueueFault::NotPermitted { .. }) => vec![Uncounted::Unsearched],
            Err(_) => Vec::new(),
        };
        self.looked = Some((now, found.clone()));
        found
    }

    /// The broker, for remote control over the same connection.
    pub fn broker(&mut self) -> &mut dyn Broker {
        self.broker.as_mut()
    }
}
