//! Pure policy: configuration, snapshot and what was held so far → [`Decision`]. No clock, no I/O.
//!
//! One look at a project is a [`Case`]. What it saw is taken into the project's [`PolicyState`], then the ladders propose a
//! step, and guards may refuse it. What several projects want together, [`Promised`] allots. Only what is left then is
//! settled: it ends what was held.

mod boot;
mod budget;
mod budgeted;
mod capacity;
mod constraint;
mod figures;
mod guard;
mod held;
mod inside;
mod ladder;
mod look;
mod measure;
mod memory;
mod occupied;
mod order;
mod outlook;
mod peaks;
mod pool;
mod seen;
mod shown;
mod state;
mod target;
mod tried;
mod wanted;

pub use boot::UnreadCode;
pub use budget::Promised;
pub use budgeted::{Budgeted, Member};
pub use capacity::{utilization_percent, wait_percent};
pub use outlook::outlook;
pub use pool::{Claim, Pool};
pub use state::PolicyState;
pub use target::{Room, Rule, Seen, SeenRequests, Wish};

use crate::model::{Action, Decision, Figures, Host, Order, Project, ProjectSample, Reason, Unobservable};

/// On what occasion a project is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The check that is due.
    Check,
    /// A look between two checks, which has no CPU figures: its unit has changed, or somebody ordered something. The
    /// figures of the next check cover the time before and after it, with the boots that it sees.
    Between,
}

/// One look at one project.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The project.
    pub project: &'a Project,
    /// The host at that look.
    pub host: &'a Host,
    /// What was seen of the project.
    pub sample: &'a Result<ProjectSample, Unobservable>,
    /// What an operator has ordered.
    pub order: Option<Order>,
    /// Why it was looked at.
    pub occasion: Occasion,
}

impl<'a> Case<'a> {
    /// A check of a project that nobody has ordered anything for.
    #[must_use]
    pub fn new(
        project: &'a Project,
        host: &'a Host,
        sample: &'a Result<ProjectSample, Unobservable>,
    ) -> Self {
        Self {
            project,
            host,
            sample,
            order: None,
            occasion: Occasion::Check,
        }
    }

    /// Takes what was seen into `state`: what is held goes on, or has had a break. Once a look.
    pub fn take_in(&self, state: &mut PolicyState) {
        match self.sample {
            _ if !self.project.enabled => state.forget(),
            // Known at the next look: what was held goes on then.
            Err(Unobservable::Forking { .. }) => {}
            Err(_) => state.forget_held(),
            Ok(sample) => {
                state.observe(sample);
                match self.order {
                    Some(_) => order::take_in(state),
                    // What it goes by is taken in every second: see [`PolicyState::pulse`].
                    None if self.project.promise().is_some() => {}
                    None => ladder::take_in(self.project, self.host, sample, state),
                }
            }
        }
    }

    /// What the rules propose, from `state` with this look taken in. It may be asked again when more is known.
    pub fn propose(&self, state: &PolicyState) -> Proposal {
        let (project, host) = (self.project, self.host);
        let (action, reason) = match self.sample {
            _ if !project.enabled => (Action::Blocked, Reason::Disabled),
            Err(Unobservable::Forking { .. }) => (Action::Hold, Reason::Unsettled),
            Err(fault) => (Action::Blocked, Reason::Unobservable(fault.clone())),
            Ok(sample) => match self.order {
                Some(order) => order::outcome(order, project, host, sample.worker_count(), state),
                None if project.promise().is_some() => target::outcome(project, host, sample, state),
                None => ladder::outcome(project, host, sample, state),
            },
        };
        Proposal(Decision {
            action,
            reason,
            figures: self.figures(state),
        })
    }

    /// The figures that the decision is told with.
    fn figures(&self, state: &PolicyState) -> Figures {
        let figures = Figures::of(self.project, self.host, self.sample);
        match state.target() {
            Some(target) if self.project.promise().is_some() => {
                target.completed(figures, self.project, self.host)
            }
            _ => figures,
        }
    }

    /// Makes a proposal that nobody has anything against the decision; `state` is left for the next look.
    pub fn settle(&self, proposal: Proposal, state: &mut PolicyState) -> Decision {
        let Proposal(decision) = proposal;
        if let Ok(sample) = self.sample
            && self.project.enabled
        {
            state.settle(sample, &decision, self.occasion);
        }
        decision
    }

    /// All of it, for a project that is alone on its host.
    pub fn decide(&self, state: &mut PolicyState) -> Decision {
        self.take_in(state);
        self.settle(self.propose(state), state)
    }
}

/// What a project's own rules propose. Nothing is held to be done yet.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Proposal(Decision);

impl Proposal {
    /// The count that a step up would lead to.
    #[must_use]
    pub fn more_workers(&self) -> Option<u32> {
        match self.0.action {
            Action::ScaleUp { to, .. } => Some(to),
            _ => None,
        }
    }

    /// What is proposed.
    #[must_use]
    pub fn action(&self) -> Action {
        self.0.action
    }

    fn refuse(&mut self, reason: Reason) {
        self.0.action = Action::Blocked;
        self.0.reason = reason;
    }
}

type Outcome = (Action, Reason);

#[cfg(test)]
mod tests;
