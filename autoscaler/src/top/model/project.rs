//! The projects of the configuration: their load on their own basis, beside their thresholds.

use std::collections::HashMap;

use super::{Entry, text};
use crate::config::{Bounds, CpuBasis, Project};
use crate::observe::usage::CgroupId;
use crate::report;
use crate::top::sample::ProjectState;

/// One project.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectRow {
    /// Its name, harmless to print.
    pub name: String,
    /// Whether the daemon may act on it.
    pub enabled: bool,
    /// Its cgroup; `None` when it is not running.
    pub cgroup: Option<CgroupId>,
    /// Its workers, or why they cannot be told.
    pub workers: Result<u32, String>,
    /// Fewest and most workers.
    pub bounds: Bounds,
    /// What 100 % means for it.
    pub basis: CpuBasis,
    /// CPU on its basis, percent.
    pub utilization: Option<f64>,
    /// The thresholds that hold at this number of workers, percent: below the first it goes down, above the
    /// second up.
    pub down_below: Option<f64>,
    /// See `down_below`.
    pub up_above: Option<f64>,
    /// What a running daemon says of it.
    pub daemon: Option<DaemonSays>,
}

/// What a running daemon says of one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonSays {
    /// The last decision with its reason, in the operator's language.
    pub last_decision: String,
}

pub(super) fn rows(
    configured: &[Project],
    found: Vec<ProjectState>,
    host_cpus: u32,
    entries: &HashMap<CgroupId, Entry>,
) -> Vec<ProjectRow> {
    let mut found: HashMap<String, ProjectState> = found
        .into_iter()
        .map(|state| (state.name.clone(), state))
        .collect();
    configured
        .iter()
        .filter_map(|project| Some(row(project, found.remove(&project.name)?, host_cpus, entries)))
        .collect()
}

fn row(
    project: &Project,
    state: ProjectState,
    host_cpus: u32,
    entries: &HashMap<CgroupId, Entry>,
) -> ProjectRow {
    let (workers, allowed_cpus) = state.workers.as_ref().ok().copied().unzip();
    let cpu_percent = state
        .cgroup
        .and_then(|id| entries.get(&id)?.figures)
        .map(|figures| figures.cpu_percent());
    let capacity = match project.cpu_basis {
        CpuBasis::Workers => workers
            .zip(allowed_cpus)
            .map(|(count, cpus)| f64::from(count).min(cpus)),
        CpuBasis::Host => Some(f64::from(host_cpus)),
    };
    let utilization = match (cpu_percent, capacity) {
        (Some(cpu), Some(capacity)) if capacity > 0.0 => Some(cpu / capacity),
        _ => None,
    };
    let ladder = project.cpu.as_ref();
    ProjectRow {
        name: text::clean(&project.name),
        enabled: project.enabled,
        cgroup: state.cgroup,
        bounds: project.bounds,
        basis: project.cpu_basis,
        utilization,
        down_below: workers
            .and_then(|count| ladder?.rungs_below(count).last())
            .map(|(_, threshold)| threshold),
        up_above: workers
            .and_then(|count| ladder?.next_up(count))
            .map(|(_, threshold)| threshold),
        workers: state
            .workers
            .map(|(count, _)| count)
            .map_err(|fault| report::why_unobservable(&fault)),
        daemon: None,
    }
}
