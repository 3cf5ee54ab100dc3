//! What would have to come next for a step: a look at what the policy holds, that changes nothing.

use std::time::Duration;

use crate::decide::held::rung_above;
use crate::decide::measure::Measured;
use crate::decide::state::PolicyState;
use crate::decide::{guard, ladder, measure, wanted};
use crate::model::{Host, Next, Outlook, Project, ProjectSample, Rungs};

/// Looks at `state` as the last check left it; `sample` is that check's.
#[must_use]
pub fn outlook(project: &Project, host: &Host, sample: &ProjectSample, state: &PolicyState) -> Outlook {
    let workers = sample.worker_count();
    let bounds = project.bounds;
    if workers == 0 || !project.enabled {
        return Outlook::default();
    }
    let measured = measure::all(project, host, sample);
    let mut outlook = Outlook {
        wanted: wanted::workers(project, sample, &measured, state),
        ..Outlook::default()
    };
    for rungs in project.ladders() {
        if workers < bounds.max {
            outlook.up.extend(next_up(
                project,
                host,
                (sample, direct(&measured, rungs)),
                rungs,
                state,
            ));
        }
        if workers > bounds.min {
            outlook
                .down
                .extend(next_down(project, host, sample, rungs, state));
        }
    }
    outlook
}

/// What is measured now, where a step leads straight to the count that it asks for.
fn direct(measured: &[Measured<'_>], rungs: Rungs<'_>) -> Option<f64> {
    let now = measured.iter().find(|m| m.rungs.measure == rungs.measure)?;
    rungs.direct.then_some(now.value)
}

/// `straight`: see [`direct`].
fn next_up(
    project: &Project,
    host: &Host,
    (sample, straight): (&ProjectSample, Option<f64>),
    rungs: Rungs<'_>,
    state: &PolicyState,
) -> Option<Next> {
    let Rungs { measure, ladder, .. } = rungs;
    let (rung, threshold) = rung_above(ladder, sample.worker_count(), project.bounds)?;
    let crossed = |value| ladder::highest_crossed(ladder, value, project.bounds);
    let to = match straight.and_then(crossed) {
        Some((crossed, _)) => crossed.max(rung),
        None => rung.min(project.bounds.max),
    };
    let above = state.held_above(measure, rung);
    let constraint = above.and_then(|above| above.constraint);
    Some(Next {
        measure,
        rung,
        to,
        threshold,
        held: above.map_or(Duration::ZERO, |above| above.held),
        needed: ladder.up_hold,
        against: guard::against_up(project, host, to, constraint, state)
            .or_else(|| state.last_step_up(measure, sample)),
    })
}

/// The rung below that would act soonest: the first to be crossed while the load falls, and of those that have
/// held as long the lowest, which leads furthest.
fn next_down(
    project: &Project,
    host: &Host,
    sample: &ProjectSample,
    rungs: Rungs<'_>,
    state: &PolicyState,
) -> Option<Next> {
    let Rungs { measure, ladder, .. } = rungs;
    let workers = sample.worker_count();
    let held = |rung| {
        state
            .held_below(measure, rung)
            .map_or(Duration::ZERO, |below| below.held)
    };
    let longest = ladder
        .rungs_below(workers)
        .map(|(rung, _)| held(rung))
        .max()
        .filter(|held| !held.is_zero());
    let (rung, threshold) = match longest {
        Some(longest) => ladder
            .rungs_below(workers)
            .find(|(rung, _)| held(*rung) == longest)?,
        None => ladder.rungs_below(workers).last()?,
    };
    let min = project.bounds.min;
    let to = if rungs.direct || rung <= min {
        rung.max(min)
    } else {
        workers - 1
    };
    let occupied = || state.occupied().lowest(project, sample, to..workers).err();
    Some(Next {
        measure,
        rung,
        to,
        threshold,
        held: held(rung),
        needed: ladder.down_hold,
        against: guard::against_down(project, host, state).or_else(occupied),
    })
}
