//! What a look between two checks is told with: it has no figures of its own, the last second has.

use super::Target;
use crate::decide::{utilization_percent, wait_percent};
use crate::model::{CpuSample, Figures, Host, Project, RequestSample};

impl Target {
    /// `figures` with what the last look of a second saw, where they lack it.
    pub(in crate::decide) fn completed(&self, figures: Figures, project: &Project, host: &Host) -> Figures {
        let (Some(pulse), Some(workers)) = (&self.recent.last, figures.workers) else {
            return figures;
        };
        let cpu = CpuSample {
            covered: pulse.covered,
            on_cpu: pulse.on_cpu,
            wait: Some(pulse.cpu_wait),
            allowed_cpus: pulse.allowed_cpus,
            throttle: None,
        };
        let requests = || {
            let seen = RequestSample {
                figures: pulse.requests.clone().ok()?,
                concurrency: pulse.concurrency,
                reads_ahead: false,
            };
            Some(seen.summary(workers))
        };
        let cpu_percent = || utilization_percent(project.cpu_basis, host, &cpu, workers);
        Figures {
            cpu_percent: figures.cpu_percent.or_else(cpu_percent),
            wait_percent: figures.wait_percent.or_else(|| wait_percent(&cpu)),
            requests: figures.requests.or_else(requests),
            ..figures
        }
    }
}
