//! The policy of rungs: each measure climbs its own ladder.
//!
//! It walks one project through the rules in this order: can it be acted on at all, is its count inside the bounds,
//! does its load ask for more workers, can it do with fewer. The first rule that has something to say gives the
//! proposal its reason.

mod down;
mod up;

pub(super) use up::highest_crossed;

use crate::decide::Outcome;
use crate::decide::inside::{back_inside, is_inside};
use crate::decide::measure::{self, Measured};
use crate::decide::state::PolicyState;
use crate::model::{Action, Host, Measure, Project, ProjectSample, Reason, RequestFault};

/// Takes this look's figures into what is held.
pub(super) fn take_in(project: &Project, host: &Host, sample: &ProjectSample, state: &mut PolicyState) {
    let (workers, bounds) = (sample.worker_count(), project.bounds);
    if workers == 0 {
        if never_has_workers(project, sample).is_some() {
            state.forget_measure(Measure::Queue);
        }
        return;
    }
    if !is_inside(workers, bounds) {
        return;
    }
    let measured = measure::all(project, host, sample);
    for m in &measured {
        state.track(m, workers, bounds);
    }
    state.requests_seen(project, sample, &measured);
    if measure::unreadable_queue(project, sample).is_some() {
        state.forget_measure(Measure::Queue);
    }
    if let Some(Reason::RequestsUnseen(fault)) = measure::unseen_requests(project, sample) {
        if fault != RequestFault::ReadsAhead {
            state.forget_measure(Measure::Busy);
        }
        if matches!(fault, RequestFault::NotSeen | RequestFault::ReadsAhead) {
            state.forget_measure(Measure::Wait);
        }
    }
    if measure::unreachable_pool(project, sample).is_none() && !state.is_unsettled() {
        up::end_restore(workers, &measured, state);
    }
}

/// What the rungs propose, with this look taken in.
pub(super) fn outcome(
    project: &Project,
    host: &Host,
    sample: &ProjectSample,
    state: &PolicyState,
) -> Outcome {
    let workers = sample.worker_count();
    if workers == 0 {
        return match never_has_workers(project, sample) {
            Some(reason) => (Action::Blocked, reason),
            // The master forks its own first workers: a signal now would add one more than was configured.
            None => (Action::Hold, Reason::Booting),
        };
    }
    if !is_inside(workers, project.bounds) {
        return back_inside(project, host, workers, state);
    }
    if let Some(reason) = measure::unreachable_pool(project, sample) {
        return (Action::Blocked, reason);
    }
    if state.is_unsettled() {
        return (Action::Hold, Reason::Unsettled);
    }
    let measured = measure::all(project, host, sample);
    let unreadable = || {
        let queue = measure::unreadable_queue(project, sample);
        let fault = queue.or_else(|| measure::unseen_requests(project, sample))?;
        Some((Action::Blocked, fault))
    };
    // Beside a measure that cannot be read, another may still lead up.
    up::step(project, host, sample, &measured, state)
        .or_else(unreadable)
        .or_else(|| down::step(project, host, sample, &measured, state))
        .unwrap_or_else(|| (Action::Hold, waiting(project, workers, &measured, state)))
}

/// Why waiting does not help where no worker is seen.
fn never_has_workers(project: &Project, sample: &ProjectSample) -> Option<Reason> {
    measure::unreadable_queue(project, sample).or_else(|| measure::pool_without_processes(project, sample))
}

/// The reason of a hold: the crossed rung that would act soonest, or that there is none.
fn waiting(project: &Project, workers: u32, measured: &[Measured<'_>], state: &PolicyState) -> Reason {
    // A project without ladders lacks no figure.
    if measured.is_empty() && project.ladders().next().is_some() {
        return Reason::NoFiguresYet;
    }
    let nearest = measured
        .iter()
        .flat_map(|m| state.pending(m, workers, project.bounds))
        .min_by_key(|pending| pending.needed.saturating_sub(pending.held));
    match nearest {
        Some(pending) => Reason::NotHeldYet {
            measure: pending.measure,
            rung: pending.rung,
            threshold: pending.threshold,
            held: pending.held,
            needed: pending.needed,
            up: pending.up,
        },
        None => Reason::WithinThresholds,
    }
}
