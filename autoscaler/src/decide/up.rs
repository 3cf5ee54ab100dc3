//! Does the load ask for more workers?

use crate::decide::constraint::Constraint;
use crate::decide::history::{History, rung_above};
use crate::decide::measure::Measured;
use crate::decide::{Outcome, boot, memory};
use crate::model::{Action, Bounds, Host, Ladder, Measure, Project, Reason};

/// The step up that this check's figures ask for, or what stands against it; `None` if they ask for none.
pub(super) fn step(
    project: &Project,
    host: &Host,
    workers: u32,
    measured: &[Measured<'_>],
    history: &mut History,
) -> Option<Outcome> {
    if let Some(wanted) = restore(workers, measured, history) {
        return Some(go(project, host, workers, wanted, history));
    }
    // Of several measures the one that asks for more workers wins.
    measured
        .iter()
        .filter_map(|m| wanted(project, workers, m, history))
        .max_by_key(|wanted| wanted.to)
        .map(|wanted| go(project, host, workers, wanted, history))
}

/// A step up that the load asks for.
struct Wanted {
    to: u32,
    reason: Reason,
    constraint: Option<Constraint>,
}

fn go(project: &Project, host: &Host, workers: u32, wanted: Wanted, history: &History) -> Outcome {
    let max = project.bounds.max;
    let to = wanted.to.min(max);
    let against = if workers >= max {
        Some(Reason::AtMaximum { max })
    } else {
        memory::against_up(project, host, to)
            .or_else(|| starved(wanted.constraint?, project.scale_up_on_saturated_host))
            .or_else(|| boot::against_up(project, history))
    };
    match against {
        Some(reason) => (Action::Blocked, reason),
        None => (Action::ScaleUp { from: workers, to }, wanted.reason),
    }
}

/// What a constraint has against another worker.
pub(super) fn starved(constraint: Constraint, allowed_on_saturated_host: bool) -> Option<Reason> {
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

/// The rung that has been exceeded for long enough, and why.
fn wanted(project: &Project, workers: u32, m: &Measured<'_>, history: &History) -> Option<Wanted> {
    let (rung, threshold) = rung_above(m.rungs.ladder, workers, project.bounds)?;
    let climb = history.held_up(m.rungs.measure, rung)?;
    let (rung, threshold) = if m.rungs.direct {
        highest_crossed(m.rungs.ladder, m.value, project.bounds)?
    } else {
        (rung, threshold)
    };
    (climb.held >= m.rungs.ladder.up_hold).then_some(Wanted {
        to: rung,
        reason: Reason::AboveRung {
            measure: m.rungs.measure,
            rung,
            threshold,
            held: climb.held,
        },
        constraint: climb.constraint,
    })
}

/// After a reload or restart: one step of the way back, at once, for as long as the load still asks for it.
/// The time it had to hold was served before the count was lost.
fn restore(workers: u32, measured: &[Measured<'_>], history: &mut History) -> Option<Wanted> {
    let held_before = history.count_to_restore()?;
    if workers >= held_before {
        history.drop_restore();
        return None;
    }
    // Figures from before the new workers had booted say nothing either way.
    let judging: Vec<_> = measured
        .iter()
        .filter(|m| !(m.rungs.measure == Measure::Cpu && history.boot_in_cpu()))
        .collect();
    if judging.is_empty() {
        return None;
    }
    let wanted = judging
        .iter()
        .filter_map(|m| {
            let (to, _) = m
                .rungs
                .ladder
                .next_up(workers)
                .filter(|(_, threshold)| m.value > *threshold)?;
            Some(Wanted {
                to,
                reason: Reason::Restore { held_before },
                constraint: m.constraint,
            })
        })
        .min_by_key(|wanted| wanted.to);
    // A measure that says nothing yet may still ask for them.
    if wanted.is_none() && judging.len() == measured.len() {
        history.drop_restore();
    }
    wanted
}

/// The highest rung within the bounds that `value` is above.
pub(super) fn highest_crossed(ladder: &Ladder, value: f64, bounds: Bounds) -> Option<(u32, f64)> {
    let within = ladder.up.range(..=bounds.max);
    within
        .rev()
        .find(|(_, threshold)| value > **threshold)
        .map(|(rung, threshold)| (*rung, *threshold))
}
