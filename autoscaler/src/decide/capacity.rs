//! What 100 % means, and what the same load would show with another number of workers.

use crate::model::{CpuBasis, CpuSample, Host};

/// CPUs that count as 100 % for `workers` workers.
///
/// Workers over the number of CPUs the cgroup may use add no capacity, so taking them away does not raise
/// the figure either.
pub(super) fn capacity_cpus(basis: CpuBasis, host: &Host, allowed_cpus: f64, workers: u32) -> f64 {
    match basis {
        CpuBasis::Workers => f64::from(workers.max(1)).min(allowed_cpus),
        CpuBasis::Host => f64::from(host.cpus.max(1)),
    }
}

/// CPUs in use: the mean over the sample's interval. `None` if it covers no time.
pub(super) fn load_cpus(sample: &CpuSample) -> Option<f64> {
    let covered = sample.covered.as_secs_f64();
    (covered > 0.0).then(|| sample.on_cpu.as_secs_f64() / covered)
}

/// The project's utilization in percent of its basis; `None` if the sample covers no time.
#[must_use]
pub fn utilization_percent(basis: CpuBasis, host: &Host, sample: &CpuSample, workers: u32) -> Option<f64> {
    Some(100.0 * load_cpus(sample)? / capacity_cpus(basis, host, sample.allowed_cpus, workers))
}

/// Of the time that the project's tasks wanted a CPU, the share in which they had none, percent; `None` where
/// the source cannot tell.
#[must_use]
pub fn wait_percent(cpu: &CpuSample) -> Option<f64> {
    let wait = cpu.wait?.as_secs_f64();
    let wanted = wait + cpu.on_cpu.as_secs_f64();
    Some(if wanted > 0.0 { 100.0 * wait / wanted } else { 0.0 })
}
