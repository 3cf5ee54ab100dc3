//! What one check leaves to the store.

use std::time::SystemTime;

use crate::model::{
    Action, CgroupMemory, CpuSample, Decision, EventKind, Figures, Host, Ladder, Project, ProjectSample,
    Reason, Unobservable,
};
use crate::words::Bilingual;

/// One thing to keep.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A check of all projects.
    Check(HostCheck),
    /// Something that happened to one project between checks.
    Event(Event),
}

/// One check of all projects.
#[derive(Debug, Clone, PartialEq)]
pub struct HostCheck {
    /// When.
    pub at: SystemTime,
    /// The host as a whole.
    pub host: Host,
    /// Each project.
    pub projects: Vec<ProjectCheck>,
}

/// One project as one check saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectCheck {
    /// The project's name.
    pub project: String,
    /// The figures that decisions are taken from.
    pub figures: Figures,
    /// The kernel's counters over the interval.
    pub cpu: Option<CpuSample>,
    /// Memory of the cgroup.
    pub memory: CgroupMemory,
    /// Pool processes of a Celery project that are running a task.
    pub active: Option<u32>,
    /// The thresholds in force.
    pub thresholds: Thresholds,
    /// What was decided; `None` while a step was under way.
    pub decided: Option<Decided>,
}

/// A decision without its figures, which stand beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// What was to be done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
}

/// The thresholds that the next step of each measure lay at, with the workers of the moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Thresholds {
    /// CPU for a step up, percent.
    pub cpu_up: Option<f64>,
    /// CPU for a step down, percent: the highest rung below.
    pub cpu_down: Option<f64>,
    /// Waiting tasks for a step up.
    pub queue_up: Option<f64>,
    /// Waiting tasks for a step down.
    pub queue_down: Option<f64>,
}

/// Something that happened to one project between checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub at: SystemTime,
    /// The project's name.
    pub project: String,
    /// What.
    pub kind: EventKind,
    /// More of it, for a reader: an error, a count.
    pub text: Bilingual,
}

impl ProjectCheck {
    /// What is kept of one project.
    #[must_use]
    pub fn new(
        project: &Project,
        host: &Host,
        sample: &Result<ProjectSample, Unobservable>,
        decision: Option<&Decision>,
    ) -> Self {
        let figures =
            decision.map_or_else(|| Figures::of(project, host, sample), |decision| decision.figures);
        let sample = sample.as_ref().ok();
        Self {
            project: project.name.clone(),
            figures,
            cpu: sample.and_then(|sample| sample.cpu),
            memory: sample.map(|sample| sample.memory).unwrap_or_default(),
            active: sample.and_then(|sample| sample.queue.as_ref()?.as_ref().ok()?.active),
            thresholds: figures
                .workers
                .map(|workers| Thresholds::of(project, workers))
                .unwrap_or_default(),
            decided: decision.map(|decision| Decided {
                action: decision.action,
                reason: decision.reason.clone(),
            }),
        }
    }
}

impl Thresholds {
    /// The thresholds that matter to a project with `workers` workers.
    #[must_use]
    pub fn of(project: &Project, workers: u32) -> Self {
        let up = |ladder: &Ladder| Some(ladder.next_up(workers)?.1);
        let down = |ladder: &Ladder| Some(ladder.rungs_below(workers).last()?.1);
        let cpu = project.cpu.as_ref();
        let queue = project.queue.as_ref().map(|rule| rule.sizing.ladder());
        Self {
            cpu_up: cpu.and_then(up),
            cpu_down: cpu.and_then(down),
            queue_up: queue.and_then(up),
            queue_down: queue.and_then(down),
        }
    }
}
