//! What a promise asks of a project's workers.

use serde::{Deserialize, Serialize};

/// What a load asks for under a promise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    /// What it is known by.
    pub by: Basis,
    /// Workers that it keeps busy, or, of workers with threads, slots.
    pub busy: f64,
    /// Requests that wait.
    pub waiting: u64,
    /// Workers that the promise asks for, within the bounds.
    pub needed: u32,
}

/// What a load is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// By its requests.
    #[default]
    Requests,
    /// By its CPU, and the wait for one: an event loop, or a host on which requests were never seen.
    Cpu,
    /// By its CPU, and what a busy worker used of it while requests were seen.
    LearnedCpu,
}

impl Basis {
    /// The basis' name for machines. Stable across releases.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Cpu => "cpu",
            Self::LearnedCpu => "learned_cpu",
        }
    }
}
