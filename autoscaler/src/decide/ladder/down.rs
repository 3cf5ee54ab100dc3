//! Can the project do with fewer workers?

use std::ops::Range;

use crate::decide::held::Below;
use crate::decide::measure::Measured;
use crate::decide::state::PolicyState;
use crate::decide::{Outcome, guard};
use crate::model::{Action, Host, Project, ProjectSample, Reason};

/// Points by which a projected load must stay under the next rung, so that a step down is not followed by a
/// step up at the same load.
const MARGIN_PERCENT: f64 = 5.0;

/// The step down that this check's figures allow, or what stands against it; `None` if they allow none.
pub(super) fn step(
    project: &Project,
    host: &Host,
    sample: &ProjectSample,
    measured: &[Measured<'_>],
    state: &PolicyState,
) -> Option<Outcome> {
    let workers = sample.worker_count();
    if workers <= project.bounds.min || measured.len() < project.ladders().count() {
        return None;
    }
    // Each measure must allow it, and the one that allows least decides.
    let mut chosen: Option<(u32, Reason)> = None;
    for m in measured {
        let (to, reason) = match allowed(project, workers, m, state)? {
            Ok(allowed) => allowed,
            Err(reason) => return Some((Action::Hold, reason)),
        };
        if chosen.as_ref().is_none_or(|(least, _)| to > *least) {
            chosen = Some((to, reason));
        }
    }
    let (to, reason) = chosen?;
    let to = match state.occupied().lowest(project, sample, to..workers) {
        Ok(to) => to,
        Err(reason) => return Some((Action::Hold, reason)),
    };
    if pool_is_busy(sample, workers) {
        return Some((Action::Hold, Reason::PoolBusy));
    }
    Some(match guard::against_down(project, host, state) {
        Some(reason) => (Action::Blocked, reason),
        None => (Action::ScaleDown { from: workers, to }, reason),
    })
}

/// Celery takes only idle pool processes away; with none idle there is nothing to take.
fn pool_is_busy(sample: &ProjectSample, workers: u32) -> bool {
    matches!(&sample.queue, Some(Ok(queue)) if queue.active.is_some_and(|active| active >= workers))
}

/// The count that one measure's rungs allow, or why they allow none although one has held.
fn allowed(
    project: &Project,
    workers: u32,
    m: &Measured<'_>,
    state: &PolicyState,
) -> Option<Result<(u32, Reason), Reason>> {
    let (rung, threshold, below) = m
        .rungs
        .ladder
        .rungs_below(workers)
        .filter_map(|(rung, threshold)| Some((rung, threshold, state.held_below(m.rungs.measure, rung)?)))
        .find(|(_, _, below)| below.held >= m.rungs.ladder.down_hold)?;
    let min = project.bounds.min;
    // A schedule may ask for more workers than a rung leads to.
    let counts = if m.rungs.direct || rung <= min {
        rung.max(min)..workers
    } else {
        workers - 1..workers
    };
    let reason = Reason::BelowRung {
        measure: m.rungs.measure,
        value: m.told_value(),
        rung,
        threshold,
        held: below.held,
    };
    Some(lowest_steady(m, counts, below).map(|to| (to, reason)))
}

/// The lowest of `counts` at which the highest load of the time that had to be held stays clear of the next rung up.
fn lowest_steady(m: &Measured<'_>, mut counts: Range<u32>, below: &Below) -> Result<u32, Reason> {
    let Some(projection) = m.projection else {
        return Ok(counts.start);
    };
    let projected = |count: u32| projection.percent(below.peak(), count);
    let rung_over = |count: u32| {
        m.rungs
            .ladder
            .next_up(count)
            .map_or(f64::INFINITY, |(_, threshold)| threshold)
    };
    let mildest = counts.end - 1;
    counts
        .find(|count| projected(*count) <= rung_over(*count) - MARGIN_PERCENT)
        .ok_or_else(|| Reason::WouldFlap {
            measure: m.rungs.measure,
            to: mildest,
            projected: projected(mildest),
            threshold: rung_over(mildest),
        })
}
