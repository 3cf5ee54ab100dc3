//! The projects: their load on their own basis, beside their thresholds, and what a running daemon says of them.

use std::collections::HashMap;

use crate::control::{NextStep, ProjectStatus, Status};
use crate::host::usage::CgroupId;
use crate::model::{Bounds, CpuBasis, Language, Project};
use crate::top::model::{Entry, text};
use crate::top::sample::ProjectState;
use crate::words;

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
    /// The thresholds over its CPU that hold at this number of workers, percent: below the first it goes down,
    /// above the second up.
    pub down_below: Option<f64>,
    /// See `down_below`.
    pub up_above: Option<f64>,
    /// What a running daemon says of it.
    pub daemon: Option<ProjectStatus>,
}

/// What is known of a project without looking at the host.
struct Rules {
    enabled: bool,
    bounds: Bounds,
    basis: CpuBasis,
    down_below: Option<f64>,
    up_above: Option<f64>,
}

impl ProjectRow {
    /// The project as found, with its rules: those of the configuration that it was taken from, or the daemon's.
    pub(super) fn of(
        state: ProjectState,
        daemon: Option<&Status>,
        host_cpus: u32,
        entries: &HashMap<CgroupId, Entry>,
    ) -> Self {
        let told = daemon.and_then(|daemon| daemon.project(&state.name));
        let (workers, allowed_cpus) = state.workers.as_ref().ok().copied().unzip();
        let rules = match (&state.rules, told) {
            (Some(project), _) => Rules::configured(project, workers),
            (None, Some(status)) => Rules::told(status),
            (None, None) => Rules::told(&ProjectStatus::default()),
        };
        let cpu_percent = state
            .cgroup
            .and_then(|id| entries.get(&id)?.figures)
            .map(|figures| figures.cpu_percent());
        let capacity = match rules.basis {
            CpuBasis::Workers => workers
                .zip(allowed_cpus)
                .map(|(count, cpus)| f64::from(count).min(cpus)),
            CpuBasis::Host => Some(f64::from(host_cpus)),
        };
        let utilization = match (cpu_percent, capacity) {
            (Some(cpu), Some(capacity)) if capacity > 0.0 => Some(cpu / capacity),
            _ => None,
        };
        Self {
            name: text::clean(&state.name),
            enabled: rules.enabled,
            cgroup: state.cgroup,
            workers: state
                .workers
                .map(|(count, _)| count)
                .map_err(|fault| words::unobservable(Language::En, &fault)),
            bounds: rules.bounds,
            basis: rules.basis,
            utilization,
            down_below: rules.down_below,
            up_above: rules.up_above,
            daemon: told.cloned(),
        }
    }
}

impl Rules {
    fn configured(project: &Project, workers: Option<u32>) -> Self {
        let ladder = project.cpu.as_ref();
        Self {
            enabled: project.enabled,
            bounds: project.bounds,
            basis: project.cpu_basis,
            down_below: workers
                .and_then(|count| ladder?.rungs_below(count).last())
                .map(|(_, threshold)| threshold),
            up_above: workers
                .and_then(|count| ladder?.next_up(count))
                .map(|(_, threshold)| threshold),
        }
    }

    fn told(status: &ProjectStatus) -> Self {
        let thresholds = |steps: &[NextStep]| -> Vec<f64> {
            let over_cpu = steps.iter().filter(|step| step.measure == "cpu");
            over_cpu.map(|step| step.threshold).collect()
        };
        Self {
            enabled: status.enabled,
            bounds: Bounds {
                min: status.min_workers,
                max: status.max_workers,
            },
            basis: match status.cpu_basis.as_deref() {
                Some("host") => CpuBasis::Host,
                _ => CpuBasis::Workers,
            },
            down_below: thresholds(&status.down).into_iter().reduce(f64::max),
            up_above: thresholds(&status.up).into_iter().reduce(f64::min),
        }
    }
}
