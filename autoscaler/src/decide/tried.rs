//! Did the last step up bring more answers? Workers that wait for one slow database look like a load that asks for more of
//! them: each that is added makes it slower.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Measure, ProjectSample, Reason, RequestSample};

/// Of the answers that a step up should bring, the share that it must.
const GAIN: f64 = 0.25;

/// Of the time by which requests get slower where a step up brings nothing at all, the share from which on it counts.
const SLOWER: f64 = 0.5;

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
        let more = f64::from(workers) / f64::from(self.workers) - 1.0;
        let (answers, service) = (requests.figures.per_second(), service(requests));
        let as_many = answers < self.answers * (1.0 + GAIN * more);
        let slower = service.as_secs_f64() > self.service.as_secs_f64() * (1.0 + SLOWER * more);
        (as_many && slower).then_some(Reason::SlowerNotBusier {
            workers_before: self.workers,
            answers_before: self.answers,
            answers,
            service_before: self.service,
            service,
        })
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
