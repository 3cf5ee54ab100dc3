//! What an operator ordered by hand stands above the rungs, never above the bounds and the memory.

use crate::decide::history::History;
use crate::decide::{Outcome, boot, memory};
use crate::model::{Action, Host, Order, Project, Reason};

/// The outcome under `order`. Nothing is held meanwhile: when the order ends, the rungs begin afresh.
pub(super) fn outcome(
    order: Order,
    project: &Project,
    host: &Host,
    workers: u32,
    history: &mut History,
) -> Outcome {
    history.forget_held();
    history.drop_restore();
    let wanted = match order {
        Order::Pause => return (Action::Blocked, Reason::Paused),
        Order::Scale(wanted) => wanted.clamp(project.bounds.min, project.bounds.max),
    };
    let reason = Reason::ByHand { workers: wanted };
    match wanted.cmp(&workers) {
        std::cmp::Ordering::Equal => (Action::Hold, reason),
        // The master forks its own first workers.
        _ if workers == 0 => (Action::Hold, Reason::Booting),
        std::cmp::Ordering::Less if history.is_unsettled() => (Action::Blocked, Reason::Unsettled),
        std::cmp::Ordering::Greater => {
            let against = memory::against_up(project, host, wanted);
            match against.or_else(|| boot::against_up(project, history)) {
                Some(against) => (Action::Blocked, against),
                None => (
                    Action::ScaleUp {
                        from: workers,
                        to: wanted,
                    },
                    reason,
                ),
            }
        }
        std::cmp::Ordering::Less => match boot::against_down(history) {
            Some(against) => (Action::Blocked, against),
            None => (
                Action::ScaleDown {
                    from: workers,
                    to: wanted,
                },
                reason,
            ),
        },
    }
}
