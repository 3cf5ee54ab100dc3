//! What an operator ordered by hand stands above the rungs, never above the bounds and the memory.

use crate::decide::state::PolicyState;
use crate::decide::{Outcome, boot, guard};
use crate::model::{Action, Host, Order, Project, Reason};

/// Nothing is held under an order: when it ends, the rungs begin afresh.
pub(super) fn take_in(state: &mut PolicyState) {
    state.forget_held();
    state.drop_restore();
}

/// The outcome under `order`.
pub(super) fn outcome(
    order: Order,
    project: &Project,
    host: &Host,
    workers: u32,
    state: &PolicyState,
) -> Outcome {
    let wanted = match order {
        Order::Pause => return (Action::Blocked, Reason::Paused),
        Order::Scale(wanted) => wanted.clamp(project.bounds.min, project.bounds.max),
    };
    let reason = Reason::ByHand { workers: wanted };
    let (from, to) = (workers, wanted);
    let (action, against) = match wanted.cmp(&workers) {
        std::cmp::Ordering::Equal => (Action::Hold, None),
        // The master forks its own first workers.
        _ if workers == 0 => return (Action::Hold, Reason::Booting),
        std::cmp::Ordering::Less if state.is_unsettled() => (Action::Blocked, Some(Reason::Unsettled)),
        std::cmp::Ordering::Greater => {
            let against = guard::against_up(project, host, wanted, None, state);
            (Action::ScaleUp { from, to }, against)
        }
        std::cmp::Ordering::Less => {
            let against = boot::against_down(state);
            (Action::ScaleDown { from, to }, against)
        }
    };
    match against {
        Some(against) => (Action::Blocked, against),
        None => (action, reason),
    }
}
