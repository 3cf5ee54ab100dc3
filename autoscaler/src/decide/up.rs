//! Does the load ask for more workers?

use super::history::{History, rung_above};
use super::measure::Measured;
use super::{Action, Measure, Outcome, Reason, memory};
use crate::config::Project;
use crate::observe::Host;

/// The step up that this check's figures ask for, or what stands against it; `None` if they ask for none.
pub(super) fn step(
    project: &Project,
    host: &Host,
    workers: u32,
    measured: &[Measured<'_>],
    history: &mut History,
) -> Option<Outcome> {
    if let Some(wanted) = restore(workers, measured, history) {
        return Some(go(project, host, workers, wanted));
    }
    // Of several measures the one that asks for more workers wins.
    measured
        .iter()
        .filter_map(|m| wanted(project, workers, m, history))
        .max_by_key(|(rung, _)| *rung)
        .map(|wanted| go(project, host, workers, wanted))
}

fn go(project: &Project, host: &Host, workers: u32, (to, reason): (u32, Reason)) -> Outcome {
    if workers >= project.bounds.max {
        return (
            Action::Blocked,
            Reason::AtMaximum {
                max: project.bounds.max,
            },
        );
    }
    let to = to.min(project.bounds.max);
    match memory::against_up(project, host, to) {
        Some(reason) => (Action::Blocked, reason),
        None => (Action::ScaleUp { from: workers, to }, reason),
    }
}

/// The rung that has been exceeded for long enough, and why.
fn wanted(project: &Project, workers: u32, m: &Measured<'_>, history: &History) -> Option<(u32, Reason)> {
    let (rung, threshold) = rung_above(m.ladder, workers, project.bounds)?;
    let held = history.held_up(m.measure, rung)?;
    (held >= m.ladder.up_hold).then_some((
        rung,
        Reason::AboveRung {
            measure: m.measure,
            rung,
            threshold,
            held,
        },
    ))
}

/// After a reload or restart: one step of the way back, at once, for as long as the load still asks for it.
/// The time it had to hold was served before the count was lost.
fn restore(workers: u32, measured: &[Measured<'_>], history: &mut History) -> Option<(u32, Reason)> {
    let held_before = history.count_to_restore()?;
    if workers >= held_before {
        history.drop_restore();
        return None;
    }
    // Figures from before the new workers had booted say nothing either way.
    let judging: Vec<_> = measured
        .iter()
        .filter(|m| !(m.measure == Measure::Cpu && history.in_boot()))
        .collect();
    if judging.is_empty() {
        return None;
    }
    let rung = judging
        .iter()
        .filter_map(|m| {
            m.ladder
                .next_up(workers)
                .filter(|(_, threshold)| m.value > *threshold)
        })
        .map(|(rung, _)| rung)
        .min();
    if rung.is_none() {
        history.drop_restore();
    }
    rung.map(|rung| (rung, Reason::Restore { held_before }))
}
