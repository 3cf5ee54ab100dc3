//! How many workers the load asks for, whatever the most there may be: what those go by who add hosts.

use crate::decide::measure::{Measured, Projection};
use crate::decide::state::PolicyState;
use crate::decide::target::whole;
use crate::model::{Ladder, Measure, Project, ProjectSample, QueueSizing};

/// No load asks for more.
const MOST: u32 = 10_000;

/// The count; `None` where no figure tells.
pub(super) fn workers(
    project: &Project,
    sample: &ProjectSample,
    measured: &[Measured<'_>],
    state: &PolicyState,
) -> Option<u32> {
    let asked = if project.promise().is_some() {
        state.target()?.wanted()?
    } else {
        measured.iter().map(|m| by(m, project, sample)).max()?
    };
    Some(asked.clamp(project.bounds.min, MOST))
}

/// What one measure asks for.
fn by(m: &Measured<'_>, project: &Project, sample: &ProjectSample) -> u32 {
    let (ladder, workers) = (m.rungs.ladder, sample.worker_count());
    let tasks = project.queue.as_ref().and_then(|rule| match rule.sizing {
        QueueSizing::TasksPerWorker { tasks, .. } => Some(tasks),
        QueueSizing::Rungs(_) => None,
    });
    match (m.projection, tasks) {
        (_, Some(tasks)) if m.rungs.measure == Measure::Queue => whole((m.value / f64::from(tasks)).ceil()),
        (Some(projection), _) => {
            let figure = figure(m, projection, sample);
            let up = fewest(ladder, workers, &figure);
            let down = || lowest_crossed(ladder, workers, m.value).map(|rung| fewest(ladder, rung, &figure));
            if up > workers {
                // The ladder leads from rung to rung, and knows none behind the last.
                ladder.next_up(up - 1).map_or(up, |(rung, _)| rung)
            } else {
                down().map_or(workers, |fewer| fewer.min(workers))
            }
        }
        (None, _) => match ladder.up.iter().rfind(|(_, threshold)| m.value > **threshold) {
            Some((rung, threshold)) if *rung > workers || ladder.next_up(workers).is_none() => {
                beyond(m, (*rung, *threshold), workers)
            }
            _ => lowest_crossed(ladder, workers, m.value).unwrap_or(workers),
        },
    }
}

/// What the load would show with so many workers, on a host that has a CPU for each. Who waits for a CPU or a slot asks for
/// one as well.
fn figure<'a>(
    m: &Measured<'_>,
    projection: Projection<'a>,
    sample: &ProjectSample,
) -> impl Fn(u32) -> f64 + 'a {
    let waiting = match projection {
        Projection::Cpus { .. } => sample.cpu.as_ref().and_then(|cpu| {
            let covered = cpu.covered.as_secs_f64();
            (covered > 0.0).then_some(cpu.wait?.as_secs_f64() / covered)
        }),
        Projection::Slots { .. } => {
            let seen = sample.requests.as_ref().and_then(|seen| seen.as_ref().ok());
            seen.map(|seen| seen.figures.waiting as f64)
        }
    };
    let load = m.load + waiting.unwrap_or_default();
    move |workers| match projection {
        Projection::Cpus { .. } => 100.0 * load / f64::from(workers.max(1)),
        Projection::Slots { .. } => projection.percent(load, workers),
    }
}

/// The fewest workers from `from` on with which no rung is crossed. Behind the last one its threshold holds on.
fn fewest(ladder: &Ladder, from: u32, figure: impl Fn(u32) -> f64) -> u32 {
    let Some((_, last)) = ladder.up.last_key_value() else {
        return from;
    };
    let is_enough = |workers: u32| {
        let threshold = ladder.next_up(workers).map_or(*last, |(_, threshold)| threshold);
        figure(workers) <= threshold
    };
    (from.max(1)..MOST)
        .find(|workers| is_enough(*workers))
        .unwrap_or(MOST)
}

/// The count for a figure that says nothing of other counts, where the last rung that it crosses is this one.
fn beyond(m: &Measured<'_>, (rung, threshold): (u32, f64), workers: u32) -> u32 {
    let is_last = m.rungs.ladder.next_up(rung).is_none();
    match m.rungs.measure {
        // Twice as many tasks want twice as many workers.
        Measure::Queue if is_last && threshold > 0.0 => {
            whole(f64::from(rung) * m.value / threshold).max(rung)
        }
        // Neither a wait nor a share of the host tells by how many.
        _ if is_last && rung <= workers => workers.saturating_add(1),
        _ => rung,
    }
}

/// The lowest rung below `workers` that the figure is under.
fn lowest_crossed(ladder: &Ladder, workers: u32, value: f64) -> Option<u32> {
    let mut rungs = ladder.rungs_below(workers);
    rungs
        .find(|(_, threshold)| value < *threshold)
        .map(|(rung, _)| rung)
}
