//! What came of one decision.

use super::memory::Limit;
use crate::model::{MemoryError, ProcessId, ScaleError};

/// What came of one decision for one project.
#[derive(Debug)]
pub struct Outcome {
    /// Whether everything was checked and nothing done.
    pub dry_run: bool,
    /// The workers, or how far they came.
    pub workers: Result<Workers, ScaleError>,
    /// See [`ScaleReport::left`](super::ScaleReport::left); `None` when no step was on its way: what the decision saw stands.
    pub left: Option<Vec<ProcessId>>,
    /// How long the slowest of the workers that came took from being asked for until it served.
    pub boot: Option<std::time::Duration>,
    /// The memory limit; `None` when it was not looked at.
    pub memory: Option<Result<Limit, MemoryError>>,
}

/// What became of the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workers {
    /// Nothing was asked for.
    Untouched,
    /// They are now as many as was decided; in a dry run, they would be.
    Scaled {
        /// Workers before.
        from: u32,
        /// Workers seen after the last step.
        to: u32,
    },
}
