//! What a look of a second sees of a project with a promise.

use std::time::Duration;

use super::{Concurrency, RequestFault, RequestFigures};

/// What happened to a project since the last look of its cadence: counters alone, no process is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Pulse {
    /// The time covered.
    pub covered: Duration,
    /// The CPU that its tasks had.
    pub on_cpu: Duration,
    /// Their wait for one; zero where the source cannot tell.
    pub cpu_wait: Duration,
    /// CPUs that they may use.
    pub allowed_cpus: f64,
    /// Share of all CPUs of the host that was busy meanwhile, percent; `None` where it is not known.
    pub host_busy_percent: Option<f64>,
    /// Share of the last seconds in which some task of the host waited for memory, percent; `None` where it is not known.
    pub memory_pressure_percent: Option<f64>,
    /// Memory that one of its workers holds, MiB: the most that was seen of late; `None` where it was not measured.
    pub worker_mib: Option<u64>,
    /// Its requests, or why they cannot be seen.
    pub requests: Result<RequestFigures, RequestFault>,
    /// How many requests each worker can serve at a time.
    pub concurrency: Concurrency,
}
