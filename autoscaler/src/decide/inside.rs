//! A count outside the bounds, whoever made it so, is brought back at once, whatever the policy.

use crate::decide::state::PolicyState;
use crate::decide::{Outcome, boot, guard};
use crate::model::{Action, Asked, Bounds, Host, Project, Reason};

pub(super) fn is_inside(workers: u32, bounds: Bounds) -> bool {
    (bounds.min..=bounds.max).contains(&workers)
}

/// The way back inside, unless a reload may have made the count so, whose old workers are going.
pub(super) fn back_inside(project: &Project, host: &Host, workers: u32, state: &PolicyState) -> Outcome {
    let Bounds { min, max } = project.bounds;
    if state.is_unsettled() {
        return (Action::Hold, Reason::Unsettled);
    }
    if workers < min && state.in_boot() {
        return (Action::Hold, Reason::Booting);
    }
    let (action, against) = if workers > max {
        let step = Action::ScaleDown {
            from: workers,
            to: max,
        };
        // Whatever the memory: the bounds were set by hand.
        (step, boot::against_down(state))
    } else {
        let step = Action::ScaleUp {
            from: workers,
            to: min,
        };
        (step, guard::against_up(project, host, min, None, state))
    };
    match against {
        Some(reason) => (Action::Blocked, reason),
        None => (action, outside(project, workers < min)),
    }
}

/// Why the count is brought back: beyond a bound of the project's own, or of a schedule's.
fn outside(project: &Project, below: bool) -> Reason {
    let (in_force, bounds) = (&project.schedules.in_force, project.bounds);
    let (bound, asked): (u32, Option<&Asked>) = if below {
        (bounds.min, in_force.least.as_ref())
    } else {
        (bounds.max, in_force.most.as_ref())
    };
    match asked.cloned() {
        Some(schedule) => Reason::OutsideSchedule {
            bound,
            below,
            schedule,
        },
        None => Reason::OutsideBounds,
    }
}
