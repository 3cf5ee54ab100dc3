//! Pure policy: configuration, snapshot and what was held so far → [`Decision`]. No clock, no I/O.
//!
//! [`decide`] walks one project through the rules in this order: may it be acted on at all, is its count
//! inside the bounds, does its load ask for more workers, can it do with fewer. The first rule that has
//! something to say gives the decision its reason.

mod boot;
mod capacity;
mod constraint;
mod down;
mod figures;
mod history;
mod measure;
mod memory;
mod order;
mod outlook;
mod promised;
mod seen;
mod up;

pub use boot::UnreadCode;
pub use capacity::{utilization_percent, wait_percent};
pub use history::History;
pub use outlook::outlook;
pub use promised::Promised;

use measure::Measured;

use crate::model::{Action, Decision, Figures, Host, Order, Project, ProjectSample, Reason, Unobservable};

/// Decides for one project, from one check's sample and what earlier checks left in `history`.
///
/// `history` afterwards holds what the next check needs; it is the only thing that outlives a check.
pub fn decide(
    project: &Project,
    host: &Host,
    sample: &Result<ProjectSample, Unobservable>,
    history: &mut History,
) -> Decision {
    decide_under(None, project, host, sample, history)
}

/// The same while an operator's `order` is in force.
pub fn decide_under(
    order: Option<Order>,
    project: &Project,
    host: &Host,
    sample: &Result<ProjectSample, Unobservable>,
    history: &mut History,
) -> Decision {
    let figures = Figures::of(project, host, sample);
    let (action, reason) = match sample {
        _ if !project.enabled => {
            history.forget();
            (Action::Blocked, Reason::Disabled)
        }
        // Known at the next look: what was held goes on then.
        Err(Unobservable::Forking { .. }) => (Action::Hold, Reason::Unsettled),
        Err(fault) => {
            history.forget_held();
            (Action::Blocked, Reason::Unobservable(fault.clone()))
        }
        Ok(sample) => {
            history.observe(sample);
            let outcome = match order {
                Some(order) => order::outcome(order, project, host, sample.worker_count(), history),
                None => outcome(project, host, sample, history),
            };
            history.settle(sample, outcome.0);
            outcome
        }
    };
    Decision {
        action,
        reason,
        figures,
    }
}

/// The same on a look between two checks, which has no CPU figures: those of the next check cover the time before
/// and after it. A boot that it sees, or that an earlier one saw, is in them.
pub fn decide_between(
    order: Option<Order>,
    project: &Project,
    host: &Host,
    sample: &Result<ProjectSample, Unobservable>,
    history: &mut History,
) -> Decision {
    let earlier = history.boot_to_come();
    let decision = decide_under(order, project, host, sample, history);
    if sample.is_ok() {
        history.keep_boot(earlier);
    }
    decision
}

type Outcome = (Action, Reason);

fn outcome(project: &Project, host: &Host, sample: &ProjectSample, history: &mut History) -> Outcome {
    let workers = sample.worker_count();
    if workers == 0 {
        // Nor does waiting help where no worker will ever be seen.
        if let Some(reason) = measure::unreadable_queue(project, sample)
            .or_else(|| measure::pool_without_processes(project, sample))
        {
            history.forget_queue();
            return (Action::Blocked, reason);
        }
        // The master forks its own first workers: a signal now would add one more than was configured.
        return (Action::Hold, Reason::Booting);
    }
    if let Some(outcome) = back_inside_bounds(project, host, workers, history) {
        return outcome;
    }
    let measured = measure::all(project, host, sample);
    for m in &measured {
        history.track(m, workers, project.bounds);
    }
    let unreadable = measure::unreadable_queue(project, sample);
    if unreadable.is_some() {
        history.forget_queue();
    }
    if let Some(reason) = measure::unreachable_pool(project, sample) {
        return (Action::Blocked, reason);
    }
    if history.is_unsettled() {
        return (Action::Hold, Reason::Unsettled);
    }
    // Beside a queue that cannot be read, the CPU may still lead up.
    up::step(project, host, workers, &measured, history)
        .or_else(|| Some((Action::Blocked, unreadable?)))
        .or_else(|| down::step(project, host, sample, &measured, history))
        .unwrap_or_else(|| (Action::Hold, waiting(project, workers, &measured, history)))
}

/// A count outside the bounds, whoever made it so, is brought back at once; unless a reload may have made it so, whose
/// old workers are going.
fn back_inside_bounds(project: &Project, host: &Host, workers: u32, history: &History) -> Option<Outcome> {
    let bounds = project.bounds;
    if !(bounds.min..=bounds.max).contains(&workers) && history.is_unsettled() {
        return Some((Action::Hold, Reason::Unsettled));
    }
    if workers > bounds.max {
        if let Some(reason) = boot::against_down(history) {
            return Some((Action::Blocked, reason));
        }
        return Some((
            Action::ScaleDown {
                from: workers,
                to: bounds.max,
            },
            Reason::OutsideBounds,
        ));
    }
    if workers < bounds.min {
        if history.in_boot() {
            return Some((Action::Hold, Reason::Booting));
        }
        let against = memory::against_up(project, host, bounds.min);
        return Some(match against.or_else(|| boot::against_up(project, history)) {
            Some(reason) => (Action::Blocked, reason),
            None => (
                Action::ScaleUp {
                    from: workers,
                    to: bounds.min,
                },
                Reason::OutsideBounds,
            ),
        });
    }
    None
}

/// The reason of a hold: the crossed rung that would act soonest, or that there is none.
fn waiting(project: &Project, workers: u32, measured: &[Measured<'_>], history: &History) -> Reason {
    if measured.is_empty() {
        return Reason::NoFiguresYet;
    }
    let nearest = measured
        .iter()
        .flat_map(|m| history.pending(m, workers, project.bounds))
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

#[cfg(test)]
mod tests;
