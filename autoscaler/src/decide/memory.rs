//! The user's memory rules for steps up and down.

use crate::model::{Host, Project, Reason};

/// What the memory rules have against going up to `workers` workers.
pub(super) fn against_up(project: &Project, host: &Host, workers: u32) -> Option<Reason> {
    let rules = &project.memory;
    let available = host.memory_available_mib;
    if available < rules.threshold_mib {
        return Some(Reason::MemoryThreshold {
            needed_mib: rules.threshold_mib,
        });
    }
    // Multiplied, not divided: `available / workers >= min` without losing a remainder.
    let needed = rules
        .min_available_per_worker_mib
        .saturating_mul(u64::from(workers));
    (available < needed).then(|| Reason::MemoryPerWorker {
        workers,
        per_worker_mib: available / u64::from(workers.max(1)),
        needed_mib: rules.min_available_per_worker_mib,
    })
}

/// What the memory rules have against a step down.
pub(super) fn against_down(project: &Project, host: &Host) -> Option<Reason> {
    let needed_mib = project
        .memory
        .scale_down_min_available_mib
        .unwrap_or_else(|| default_scale_down_min_available(host.memory_total_mib));
    (host.memory_available_mib <= needed_mib).then_some(Reason::MemoryForScaleDown { needed_mib })
}

/// The user's rule, "over 8 GB on a host with 18 GB", for a host of any size; MiB.
fn default_scale_down_min_available(total_mib: u64) -> u64 {
    total_mib * 8 / 18
}
