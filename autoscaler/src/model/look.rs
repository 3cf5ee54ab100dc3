//! One project as one look saw it, and what was decided about it: what status, metrics and history are told.

use std::path::PathBuf;
use std::time::SystemTime;

use super::{
    Action, CgroupMemory, CpuSample, Decision, Figures, Lateness, Promise, QueueSample, Reason,
    RequestSample, Thresholds,
};

/// One project as one look saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// The project's name.
    pub project: String,
    /// When.
    pub at: SystemTime,
    /// The figures that decisions are taken from.
    pub figures: Figures,
    /// The kernel's counters over the interval.
    pub cpu: Option<CpuSample>,
    /// Memory of the cgroup.
    pub memory: CgroupMemory,
    /// The cgroup's directory; `None` where the project could not be observed.
    pub cgroup: Option<PathBuf>,
    /// The task queues of the project, where they could be read.
    pub queue: Option<QueueSample>,
    /// Its requests over the interval, where they could be seen.
    pub requests: Option<RequestSample>,
    /// The promise in force about them; `None` where the project goes by thresholds.
    pub promise: Option<Promise>,
    /// How many of them were late by it; `None` where their wait could not be seen.
    pub late: Option<Lateness>,
    /// The thresholds in force.
    pub thresholds: Thresholds,
    /// What was decided; `None` while a step was under way.
    pub decided: Option<Decided>,
}

/// A decision without its figures, which stand beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// What was to be done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
}

impl Look {
    /// Whether the project could be observed.
    #[must_use]
    pub fn observed(&self) -> bool {
        self.figures.workers.is_some()
    }

    /// Workers that are running a task.
    #[must_use]
    pub fn active(&self) -> Option<u32> {
        self.queue.as_ref()?.active
    }

    /// The decision, with its figures.
    #[must_use]
    pub fn decision(&self) -> Option<Decision> {
        let Decided { action, reason } = self.decided.clone()?;
        Some(Decision {
            action,
            reason,
            figures: self.figures,
        })
    }
}
