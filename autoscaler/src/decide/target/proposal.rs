//! What the promise proposes, with all looks taken in.

use std::cmp::Ordering;

use crate::decide::inside::{back_inside, is_inside};
use crate::decide::state::PolicyState;
use crate::decide::target::{Standing, Target};
use crate::decide::{Outcome, guard};
use crate::model::{Action, Host, Project, ProjectSample, Reason};

/// The step that the promise asks for, or why there is none.
pub(in crate::decide) fn outcome(
    project: &Project,
    host: &Host,
    sample: &ProjectSample,
    state: &PolicyState,
) -> Outcome {
    let workers = sample.worker_count();
    if workers == 0 {
        return (Action::Hold, Reason::Booting);
    }
    if !is_inside(workers, project.bounds) {
        return back_inside(project, host, workers, state);
    }
    if state.is_unsettled() {
        return (Action::Hold, Reason::Unsettled);
    }
    let standing = state
        .target()
        .and_then(|target| Some((target, target.recent.standing?)));
    let Some((target, standing)) = standing else {
        return (Action::Hold, Reason::NoFiguresYet);
    };
    let Standing { wish, demand, .. } = standing;
    let to = target.recent.goal(&standing);
    let (action, against, reason) = match to.cmp(&workers) {
        Ordering::Equal => return stay(project, workers, target, &standing),
        Ordering::Greater => {
            let against = guard::against_up(project, host, to, None, state);
            let against = against.or_else(|| target.against(project, true));
            let step = Action::ScaleUp { from: workers, to };
            (step, against, Reason::Demand(demand))
        }
        Ordering::Less => {
            let against = guard::against_down(project, host, state);
            let against = against.or_else(|| target.against(project, false));
            let reason = match target.recent.trial.takes_back() {
                Some(taken_back) => taken_back,
                None if wish.workers > to => Reason::BudgetYields(demand),
                None => Reason::Demand(demand),
            };
            let step = Action::ScaleDown { from: workers, to };
            (step, against, reason)
        }
    };
    match against {
        Some(against) => (Action::Blocked, against),
        None => (action, reason),
    }
}

/// Why the count stays as it is.
fn stay(project: &Project, workers: u32, target: &Target, standing: &Standing) -> Outcome {
    let Standing { wish, demand, .. } = *standing;
    let max = project.bounds.max;
    let against = if wish.workers > workers {
        Some(Reason::BudgetSpent(demand))
    } else if workers == max && wish.is_short {
        let schedule = project.schedules.in_force.most.clone();
        Some(Reason::AtMaximum { max, schedule })
    } else if wish.needed > workers {
        target.against(project, true)
    } else {
        None
    };
    match against {
        Some(against) => (Action::Blocked, against),
        None if wish.needed == workers => (Action::Hold, Reason::DemandMet(demand)),
        None => (Action::Hold, Reason::DemandPending(demand)),
    }
}
