//! A project's requests as one check saw them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Project, ProjectSample, RequestFigures};

/// A project's requests since the last check.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestSample {
    /// What the kernel saw of them.
    pub figures: RequestFigures,
    /// How many each worker can serve at a time.
    pub concurrency: Concurrency,
    /// The server reads requests before it has a thread for them: on kept connections their wait is among the busy time.
    pub reads_ahead: bool,
}

/// How many requests one worker can serve at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concurrency {
    /// One for each of its threads.
    Threads(u32),
    /// As many as come: gevent, uvicorn.
    EventLoop,
    /// More were served at once than its command line explains.
    Untold {
        /// How many were.
        serving: u32,
    },
}

/// Why requests say nothing of a project's workers, or not what a ladder asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestFault {
    /// This host does not let us see them.
    NotSeen,
    /// `wait_thresholds` or a promise, and the server reads requests before it has a thread for them.
    ReadsAhead,
    /// `busy_thresholds`, and an event loop has no slots that could be busy.
    EventLoop,
    /// `busy_thresholds`, and how many threads a worker has is not known.
    Untold {
        /// Requests that were served at once.
        serving: u32,
        /// By so many workers.
        workers: u32,
    },
}

/// A project's requests since the last check, in few figures.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RequestSummary {
    /// Requests answered in a second.
    pub per_second: f64,
    /// Requests served at a time, in the mean.
    pub busy: f64,
    /// Requests that can be served at a time: workers times threads. `None` for an event loop, or where it is not known.
    pub slots: Option<u32>,
    /// Requests that are served for longer than one should take; none of them is among the busy.
    pub long: u32,
    /// Requests that wait now.
    pub waiting: u64,
    /// The oldest of them has waited for so long.
    pub oldest_waiting: Option<Duration>,
    /// Mean wait.
    pub wait_mean: Option<Duration>,
    /// Half of the requests waited no longer.
    pub wait_p50: Option<Duration>,
    /// 95 of 100.
    pub wait_p95: Option<Duration>,
    /// 99 of 100.
    pub wait_p99: Option<Duration>,
    /// Mean time of service.
    pub service_mean: Option<Duration>,
    /// 95 of 100 took no longer.
    pub service_p95: Option<Duration>,
    /// Requests whose connection was closed without an answer.
    pub abandoned: u64,
}

impl RequestFault {
    /// Why the requests of `sample` do not say what the thresholds or the promise of `project` ask; `None` where they do, or
    /// nobody asks.
    #[must_use]
    pub fn of(project: &Project, sample: &ProjectSample) -> Option<Self> {
        let rules = &project.requests;
        let by_wait = rules.wait.is_some() || project.promise().is_some();
        if rules.busy.is_none() && !by_wait {
            return None;
        }
        let requests = match sample.requests.as_ref()? {
            Err(fault) => return Some(*fault),
            Ok(requests) => requests,
        };
        if by_wait && requests.reads_ahead {
            return Some(Self::ReadsAhead);
        }
        match requests.concurrency {
            _ if rules.busy.is_none() => None,
            Concurrency::Threads(_) => None,
            Concurrency::EventLoop => Some(Self::EventLoop),
            Concurrency::Untold { serving } => Some(Self::Untold {
                serving,
                workers: sample.worker_count(),
            }),
        }
    }
}

impl RequestSample {
    /// These and those of the `later` interval that follows, as one.
    #[must_use]
    pub fn and_then(self, later: Self) -> Self {
        Self {
            figures: self.figures.and_then(later.figures),
            concurrency: later.concurrency,
            reads_ahead: later.reads_ahead,
        }
    }

    /// Requests that `workers` workers can serve at a time; `None` where there is no such count, or nobody knows it.
    #[must_use]
    pub fn slots(&self, workers: u32) -> Option<u32> {
        match self.concurrency {
            Concurrency::Threads(threads) => Some(workers.saturating_mul(threads)),
            Concurrency::EventLoop | Concurrency::Untold { .. } => None,
        }
    }

    /// The few figures that are told.
    #[must_use]
    pub fn summary(&self, workers: u32) -> RequestSummary {
        let figures = &self.figures;
        RequestSummary {
            per_second: figures.per_second(),
            busy: figures.busy,
            slots: self.slots(workers),
            long: u32::try_from(figures.long).unwrap_or(u32::MAX),
            waiting: figures.waiting as u64,
            oldest_waiting: figures.oldest_waiting,
            wait_mean: figures.wait_mean(),
            wait_p50: figures.wait_quantile(0.5),
            wait_p95: figures.wait_quantile(0.95),
            wait_p99: figures.wait_quantile(0.99),
            service_mean: figures.service_mean(),
            service_p95: figures.services.quantile(0.95),
            abandoned: figures.abandoned,
        }
    }
}

impl RequestSummary {
    /// Busy slots in percent of those that no long request takes; `None` without slots. All taken is 100.
    #[must_use]
    pub fn busy_percent(&self) -> Option<f64> {
        Some(busy_percent(self.busy, self.slots?, self.long))
    }
}

/// `busy` in percent of `slots`, less those that `long` requests take. Where they take all, that is 100.
#[must_use]
pub fn busy_percent(busy: f64, slots: u32, long: u32) -> f64 {
    let free = slots.saturating_sub(long);
    if free == 0 {
        return 100.0;
    }
    100.0 * busy / f64::from(free)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_requests_take_slots_and_are_not_busy() {
        for (busy, slots, long, percent) in [
            (3.0, 4, 0, 75.0),
            (1.0, 4, 2, 50.0),
            (0.0, 2, 2, 100.0),
            (0.0, 2, 3, 100.0),
        ] {
            assert!((busy_percent(busy, slots, long) - percent).abs() < 1e-9);
        }
    }
}
