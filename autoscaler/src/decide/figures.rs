//! The figures that a decision is told with.

use super::{utilization_percent, wait_percent};
use crate::model::{Figures, Host, Project, ProjectSample, Unobservable};

impl Figures {
    /// The figures of one check for one project.
    #[must_use]
    pub fn of(project: &Project, host: &Host, sample: &Result<ProjectSample, Unobservable>) -> Self {
        let memory_available_mib = host.memory_available_mib;
        let Ok(sample) = sample else {
            return Self {
                memory_available_mib,
                ..Self::default()
            };
        };
        let workers = sample.worker_count();
        let percent = |cpu| utilization_percent(project.cpu_basis, host, cpu, workers);
        let queue = sample.queue.as_ref().and_then(|queue| queue.as_ref().ok());
        Self {
            workers: Some(workers),
            cpu_percent: sample.cpu.as_ref().and_then(percent),
            wait_percent: sample.cpu.as_ref().and_then(wait_percent),
            memory_available_mib,
            queue: queue.map(|queue| queue.waiting),
            reserved: queue.and_then(|queue| queue.reserved),
            oldest_waiting: queue.and_then(|queue| queue.oldest_waiting),
            requests: match &sample.requests {
                Some(Ok(requests)) => Some(requests.summary(workers)),
                _ => None,
            },
        }
    }
}
