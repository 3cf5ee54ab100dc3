//! What may stand against a step that the load asks for: the memory, a host or a quota that has no CPU left, and what is
//! known of new workers' boots.

use crate::decide::constraint::Constraint;
use crate::decide::state::PolicyState;
use crate::decide::{boot, memory};
use crate::model::{Host, Project, Reason};

/// What stands against a step up to `workers` workers; `constraint` is what kept the tasks from the CPU they wanted.
pub(super) fn against_up(
    project: &Project,
    host: &Host,
    workers: u32,
    constraint: Option<Constraint>,
    state: &PolicyState,
) -> Option<Reason> {
    memory::against_up(project, host, workers)
        .or_else(|| starved(constraint?, project.scale_up_on_saturated_host))
        .or_else(|| boot::against_up(project, state))
}

/// What stands against a step down.
pub(super) fn against_down(project: &Project, host: &Host, state: &PolicyState) -> Option<Reason> {
    memory::against_down(project, host).or_else(|| boot::against_down(state))
}

/// What a constraint has against another worker.
fn starved(constraint: Constraint, allowed_on_saturated_host: bool) -> Option<Reason> {
    match constraint {
        Constraint::HostSaturated { .. } if allowed_on_saturated_host => None,
        Constraint::HostSaturated {
            wait_percent,
            busy_percent,
        } => Some(Reason::HostSaturated {
            wait_percent,
            busy_percent,
        }),
        Constraint::Quota { throttled_percent } => Some(Reason::Quota { throttled_percent }),
    }
}
