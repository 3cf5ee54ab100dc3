//! The rules with all that they remember from check to check: from what was seen of a project to its decision.

use std::time::Duration;

use crate::act::Outcome;
use crate::daemon::boots::Boots;
use crate::daemon::holds::Holds;
use crate::daemon::state_file::PolicyStates;
use crate::decide::{Budgeted, Case, Member, PolicyState, Proposal, outlook};
use crate::model::{AfterBoot, Cause, Config, Decision, Outlook, Project, ProjectSample, Pulse};

/// What the rules remember of all projects.
#[derive(Debug, Default)]
pub(super) struct Policy {
    states: PolicyStates,
    holds: Holds,
    boots: Boots,
    budgeted: Budgeted,
}

/// A reload or restart has put a project's count back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CountReset {
    pub(super) before: u32,
    pub(super) now: u32,
}

impl Policy {
    /// Goes on with what an earlier daemon held.
    pub(super) fn resume(&mut self, states: PolicyStates) {
        self.states = states;
    }

    /// What a later daemon can go on with.
    pub(super) fn states(&self) -> &PolicyStates {
        &self.states
    }

    /// Takes a case in and asks the rules, of a daemon that checks every `interval`. A step up is judged by what is on
    /// disk as well: whether a new worker would be the first to run it. To look at the code of every project at every
    /// check would cost far more than the check.
    pub(super) fn propose(&mut self, case: &Case<'_>, interval: Duration) -> (Proposal, Option<CountReset>) {
        let name = &case.project.name;
        let state = self.states.entry(name.clone()).or_default();
        if let Ok(sample) = case.sample
            && self.boots.all_serve(&state.still_booting(sample))
        {
            state.boot_mended();
        }
        let lost_before = state.count_to_restore();
        case.take_in(state);
        let seen = case.sample.as_ref().map(ProjectSample::worker_count);
        let reset = match (state.count_to_restore(), seen, lost_before) {
            (Some(before), Ok(now), None) => Some(CountReset { before, now }),
            _ => None,
        };
        state.code_on_disk(None);
        let mut proposal = case.propose(state);
        if let (Some(_), Ok(sample)) = (proposal.more_workers(), case.sample)
            && let Some(unread) = self.boots.unread_code(case.project, sample, interval)
        {
            state.code_on_disk(Some(unread));
            proposal = case.propose(state);
        }
        (proposal, reset)
    }

    /// Notes the workers of a project that is not decided about yet.
    pub(super) fn found(&mut self, project: &str, sample: &ProjectSample) {
        let state = self.states.entry(project.to_owned()).or_default();
        state.found(sample);
    }

    /// Takes a look of a second in at a project with a promise; `coming` is the count that a step under way leads to.
    pub(super) fn pulse(&mut self, project: &Project, pulse: &Pulse, coming: Option<u32>) {
        let state = self.states.entry(project.name.clone()).or_default();
        state.pulse(project, pulse, coming);
    }

    /// Shares the budget of `config`, where it has one, among the projects with a promise.
    pub(super) fn share(&mut self, config: &Config, now: Duration) {
        let Some(budget) = config.global.budget else {
            return;
        };
        let mut members: Vec<Member<'_>> = self
            .states
            .iter_mut()
            .filter_map(|(name, state)| {
                let project = config.projects.get(name)?;
                project.keeps_promise().then_some(Member { project, state })
            })
            .collect();
        self.budgeted.share(&mut members, budget, now.as_secs_f64());
    }

    /// Whether a project with a promise is to be looked at as a whole.
    pub(super) fn wants_a_look(&self, project: &str) -> bool {
        let state = self.states.get(project);
        state.is_some_and(PolicyState::wants_a_look)
    }

    /// Makes a proposal the decision.
    pub(super) fn settle(&mut self, case: &Case<'_>, proposal: Proposal) -> Decision {
        let name = &case.project.name;
        let state = self.states.entry(name.clone()).or_default();
        let decision = case.settle(proposal, state);
        self.holds.judge(name, decision)
    }

    /// What would have to come next, seen from a decision.
    pub(super) fn outlook(&self, case: &Case<'_>, decision: &Decision) -> Option<Outlook> {
        let state = self.states.get(&case.project.name)?;
        let sample = case.sample.as_ref().ok()?;
        Some(outlook(case.project, case.host, sample, state).explained(&decision.reason))
    }

    /// Notes what a step left behind. A worker that did not come to serve stands against further steps.
    pub(super) fn outcome(&mut self, project: &str, outcome: &Outcome) {
        let (Some(left), Some(state)) = (&outcome.left, self.states.get_mut(project)) else {
            return;
        };
        state.step_left(left);
        if let Some(boot) = outcome.boot {
            state.booted(boot);
        }
        match outcome.workers.as_ref().map_err(|error| &error.cause) {
            Err(Cause::BootFailed { server, .. }) => {
                state.boot_failed(*server == AfterBoot::StartsAgain);
            }
            Err(Cause::NotServing { .. }) => state.boot_failed(true),
            _ => {}
        }
    }

    /// Forgets what was held under rules that have changed.
    pub(super) fn rules_changed(&mut self, project: &str) {
        if let Some(state) = self.states.get_mut(project) {
            state.rules_changed();
        }
    }

    /// Forgets projects that `keep` does not want.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.states.retain(|project, _| keep(project));
        self.holds.retain(keep);
    }
}
