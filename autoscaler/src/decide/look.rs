//! What is left of a case when it has been decided, or could not be while a step was under way.

use std::time::SystemTime;

use crate::decide::Case;
use crate::model::{Decided, Decision, Figures, Lateness, Look, Thresholds};

impl Case<'_> {
    /// What was seen at `at`, and what was decided about it.
    #[must_use]
    pub fn look(&self, at: SystemTime, decision: Option<&Decision>) -> Look {
        let figures = decision.map_or_else(
            || Figures::of(self.project, self.host, self.sample),
            |decision| decision.figures,
        );
        let sample = self.sample.as_ref().ok();
        let thresholds = figures
            .workers
            .map(|workers| Thresholds::of(self.project, workers));
        let queue = sample.and_then(|sample| sample.queue.as_ref()?.as_ref().ok().cloned());
        let requests = sample.and_then(|sample| sample.requests.as_ref()?.as_ref().ok());
        let promise = self.project.promise();
        let late = promise
            .zip(requests)
            .and_then(|(promise, seen)| Lateness::of(promise, seen));
        Look {
            project: self.project.name.clone(),
            at,
            figures,
            cpu: sample.and_then(|sample| sample.cpu),
            memory: sample.map(|sample| sample.memory).unwrap_or_default(),
            cgroup: sample.map(|sample| sample.cgroup.clone()),
            queue,
            requests: requests.cloned(),
            promise,
            late,
            thresholds: thresholds.unwrap_or_default(),
            decided: decision.map(|decision| Decided {
                action: decision.action,
                reason: decision.reason.clone(),
            }),
        }
    }
}
