//! Does the load ask for more workers?

use crate::decide::constraint::Constraint;
use crate::decide::held::rung_above;
use crate::decide::measure::Measured;
use crate::decide::state::PolicyState;
use crate::decide::{Outcome, guard};
use crate::model::{Action, Bounds, Host, Ladder, Measure, Project, ProjectSample, Reason};

/// The step up that this check's figures ask for, or what stands against it; `None` if they ask for none.
pub(super) fn step(
    project: &Project,
    host: &Host,
    sample: &ProjectSample,
    measured: &[Measured<'_>],
    state: &PolicyState,
) -> Option<Outcome> {
    let workers = sample.worker_count();
    if let Restore::Step(wanted) = restore(workers, measured, state) {
        return Some(go(project, host, sample, wanted, state));
    }
    // Of several measures the one that asks for more workers wins.
    measured
        .iter()
        .filter_map(|m| wanted(project, workers, m, state))
        .max_by_key(|wanted| wanted.to)
        .map(|wanted| go(project, host, sample, wanted, state))
}

/// A step up that the load asks for.
struct Wanted {
    measure: Measure,
    to: u32,
    reason: Reason,
    constraint: Option<Constraint>,
}

fn go(
    project: &Project,
    host: &Host,
    sample: &ProjectSample,
    wanted: Wanted,
    state: &PolicyState,
) -> Outcome {
    let (max, workers) = (project.bounds.max, sample.worker_count());
    let to = wanted.to.min(max);
    let against = if workers >= max {
        let schedule = project.schedules.in_force.most.clone();
        Some(Reason::AtMaximum { max, schedule })
    } else {
        guard::against_up(project, host, to, wanted.constraint, state)
            .or_else(|| state.last_step_up(wanted.measure, sample))
    };
    match against {
        Some(reason) => (Action::Blocked, reason),
        None => (Action::ScaleUp { from: workers, to }, wanted.reason),
    }
}

/// The rung that has been exceeded for long enough, and why.
fn wanted(project: &Project, workers: u32, m: &Measured<'_>, state: &PolicyState) -> Option<Wanted> {
    let (rung, threshold) = rung_above(m.rungs.ladder, workers, project.bounds)?;
    let above = state.held_above(m.rungs.measure, rung)?;
    let (rung, threshold) = if m.rungs.direct {
        highest_crossed(m.rungs.ladder, m.value, project.bounds)?
    } else {
        (rung, threshold)
    };
    (above.held >= m.rungs.ladder.up_hold).then_some(Wanted {
        measure: m.rungs.measure,
        to: rung,
        reason: Reason::AboveRung {
            measure: m.rungs.measure,
            value: m.told_value(),
            rung,
            threshold,
            held: above.held,
        },
        constraint: above.constraint,
    })
}

/// The way back to the count that a reload or restart has cost.
enum Restore {
    /// One step of it: the load still asks for it.
    Step(Wanted),
    /// The figures do not tell yet whether the load asks for it.
    Untold,
    /// There is none, or its end has come.
    Over,
}

/// After a reload or restart: one step of the way back, at once, for as long as the load still asks for it.
/// The time it had to hold was served before the count was lost.
fn restore(workers: u32, measured: &[Measured<'_>], state: &PolicyState) -> Restore {
    let Some(held_before) = state.count_to_restore().filter(|before| workers < *before) else {
        return Restore::Over;
    };
    // Figures from before the new workers had booted say nothing either way.
    let judging: Vec<_> = measured
        .iter()
        .filter(|m| !(m.rungs.measure != Measure::Queue && state.boot_in_means()))
        .collect();
    let asked = judging
        .iter()
        .filter_map(|m| {
            let (to, _) = m
                .rungs
                .ladder
                .next_up(workers)
                .filter(|(_, threshold)| m.value > *threshold)?;
            Some(Wanted {
                measure: m.rungs.measure,
                to,
                reason: Reason::Restore { held_before },
                constraint: m.constraint,
            })
        })
        .min_by_key(|wanted| wanted.to);
    match asked {
        Some(wanted) => Restore::Step(wanted),
        // A measure that says nothing yet may still ask for them.
        None if judging.is_empty() || judging.len() < measured.len() => Restore::Untold,
        None => Restore::Over,
    }
}

/// Forgets the count to go back to once no measure asks for it.
pub(super) fn end_restore(workers: u32, measured: &[Measured<'_>], state: &mut PolicyState) {
    if matches!(restore(workers, measured, state), Restore::Over) {
        state.drop_restore();
    }
}

/// The highest rung within the bounds that `value` is above.
pub(in crate::decide) fn highest_crossed(ladder: &Ladder, value: f64, bounds: Bounds) -> Option<(u32, f64)> {
    let within = ladder.up.range(..=bounds.max);
    within
        .rev()
        .find(|(_, threshold)| value > **threshold)
        .map(|(rung, threshold)| (*rung, *threshold))
}
