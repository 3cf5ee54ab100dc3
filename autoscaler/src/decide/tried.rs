//! The requests before the last step up that they asked for, and what it has shown since.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::decide::shown::Shown;
use crate::model::{Measure, ProjectSample, Reason, RequestSample};

/// The requests before a step up that they had asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Tried {
    workers: u32,
    /// Answers a second.
    answers: f64,
    /// Mean time of service.
    service: Duration,
}

impl Tried {
    /// What is known before a step up for `measure`; `None` where requests have not asked for it.
    pub(super) fn before(measure: Measure, sample: &ProjectSample) -> Option<Self> {
        if !is_over_requests(measure) {
            return None;
        }
        let requests = seen(sample)?;
        Some(Self {
            workers: sample.worker_count(),
            answers: requests.figures.per_second(),
            service: service(requests),
        })
    }

    /// What the step has shown against another one for `measure`.
    pub(super) fn against(&self, measure: Measure, sample: &ProjectSample) -> Option<Reason> {
        let (requests, workers) = (seen(sample)?, sample.worker_count());
        if !is_over_requests(measure) || workers <= self.workers {
            return None;
        }
        let before = Shown {
            workers: self.workers,
            answers: self.answers,
            service: self.service.as_secs_f64(),
        };
        let now = Shown {
            workers,
            answers: requests.figures.per_second(),
            service: service(requests).as_secs_f64(),
        };
        before
            .gains_nothing_by(now)
            .then(|| before.against_more_than(now))
    }
}

/// Whether a measure is over requests.
pub(super) fn is_over_requests(measure: Measure) -> bool {
    matches!(measure, Measure::Busy | Measure::Wait)
}

/// Mean time of service; where nothing was answered, it took at least the whole interval.
fn service(requests: &RequestSample) -> Duration {
    let figures = &requests.figures;
    figures.service_mean().unwrap_or(figures.covered)
}

fn seen(sample: &ProjectSample) -> Option<&RequestSample> {
    sample.requests.as_ref()?.as_ref().ok()
}
