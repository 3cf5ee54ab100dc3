//! Workers whose hands are full of requests are not idle, however little CPU they use: most wait for a database.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::decide::measure::Projection;
use crate::decide::peaks::Peaks;
use crate::model::{Project, ProjectSample, Reason, RequestFigures};

/// Slots that may be busy after a step down, percent, where no threshold says so: with more, requests that come at random
/// begin to wait for each other.
const BUSY_LIMIT: f64 = 75.0;

/// The wait of 95 of 100 requests that a step down may leave, where no threshold says so.
const WAIT_LIMIT: Duration = Duration::from_millis(100);

/// The fewest requests of which 95 of 100 is more than the slowest one.
const ENOUGH: u64 = 20;

/// How busy the workers were, and how long requests waited, since the last step.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Occupied {
    watched: Duration,
    /// Busy slots.
    busy: Peaks,
    /// Waits, seconds.
    waits: Peaks,
}

impl Occupied {
    /// Takes one check's requests in.
    pub(super) fn track(&mut self, project: &Project, figures: &RequestFigures) {
        let window = project.ladders().map(|rungs| rungs.ladder.down_hold).max();
        let window = window.unwrap_or_default();
        self.watched += figures.covered;
        self.busy.add(self.watched, figures.busy, window);
        let told = figures.begun + figures.waiting as u64 >= ENOUGH;
        let wait = figures.wait_quantile(0.95).filter(|_| told).unwrap_or_default();
        self.waits.add(self.watched, wait.as_secs_f64(), window);
    }

    /// The lowest of `counts` whose workers would not have their hands full, or why there is none. What the project has
    /// thresholds for is theirs to judge.
    pub(super) fn lowest(
        &self,
        project: &Project,
        sample: &ProjectSample,
        mut counts: Range<u32>,
    ) -> Result<u32, Reason> {
        let rules = &project.requests;
        let requests = match &sample.requests {
            Some(Ok(requests)) if !rules.down_while_busy => requests,
            _ => return Ok(counts.start),
        };
        let wait = Duration::from_secs_f64(self.waits.highest());
        if rules.wait.is_none() && wait > WAIT_LIMIT {
            return Err(Reason::RequestsWait {
                wait,
                limit: WAIT_LIMIT,
            });
        }
        let Some(projection) = Projection::of_slots(requests).filter(|_| rules.busy.is_none()) else {
            return Ok(counts.start);
        };
        let projected = |count: u32| projection.percent(self.busy.highest(), count);
        let mildest = counts.end - 1;
        counts
            .find(|count| projected(*count) <= BUSY_LIMIT)
            .ok_or_else(|| Reason::WorkersBusy {
                to: mildest,
                projected: projected(mildest),
                limit: BUSY_LIMIT,
            })
    }
}
