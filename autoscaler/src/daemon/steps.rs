//! Steps that are under way beside the loop: how they begin, how they are withdrawn, and what follows from their end.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError};
use tokio::time::Instant;

use crate::act::{AfterBoot, Cause, Mandate, Outcome, Withdrawal};
use crate::control::Answer;
use crate::daemon::check::Checks;
use crate::decide::{History, Promised};
use crate::model::{Action, Decision, Project, ProjectSample, RefusedCode};
use crate::report::outcome_said;
use crate::words::Message;

/// A step that is under way.
#[derive(Debug)]
pub(super) struct UnderWay {
    task: Id,
    /// What was decided: no step where only the memory limit is looked after.
    action: Action,
    withdrawal: Withdrawal,
    since: Instant,
    /// It has been told that it does not end.
    told: bool,
}

/// No way to another count takes as long: each step has times of its own after which it is given up. What is left is a
/// question to the service manager or a broker that never ends.
const ENDLESS: Duration = Duration::from_mins(30);

/// A step that is over.
#[derive(Debug)]
pub(super) struct Finished {
    project: Project,
    outcome: Outcome,
}

impl Checks {
    /// Whether a step of the project is under way.
    pub(super) fn is_busy(&self, project: &str) -> bool {
        self.busy.contains_key(project)
    }

    /// The memory that the steps under way are going to take.
    pub(super) fn promised(&self) -> Promised {
        let mut promised = Promised::default();
        for (name, step) in &self.busy {
            if let Some(project) = self.config.projects.get(name) {
                promised.add(project, step.action);
            }
        }
        promised
    }

    /// Tells once of each step that does not end: nothing else is decided about its project meanwhile.
    pub(super) fn say_endless_steps(&mut self) {
        for (name, step) in &mut self.busy {
            let since = step.since.elapsed();
            if !step.told
                && since >= ENDLESS
                && let Some(project) = self.config.projects.get(name)
            {
                step.told = true;
                let unit = &project.service_name;
                self.reporter
                    .say_of(project, &Message::StepEndless { unit, since });
            }
        }
    }

    /// Lets the way that a project is on end with the step under way, unless the count that it leads to is `wanted`.
    pub(super) fn withdraw_unless(&self, project: &str, wanted: impl Fn(u32) -> bool) {
        if let Some(busy) = self.busy.get(project)
            && busy.action.to().is_some_and(|to| !wanted(to))
        {
            busy.withdrawal.withdraw();
        }
    }

    /// Starts the step that was decided, or else brings the memory limit in step with the workers seen.
    pub(super) fn act(&mut self, project: Project, sample: Option<ProjectSample>, decision: Decision) {
        let Some(sample) = sample.filter(|_| project.enabled) else {
            return;
        };
        let actor = Arc::clone(&self.actor);
        let (mandate, withdrawal) = Mandate::new();
        let (name, action) = (project.name.clone(), decision.action);
        let task = self.actions.spawn(async move {
            let outcome = actor.apply_under(&mandate, &project, &sample, &decision).await;
            Finished { project, outcome }
        });
        let under_way = UnderWay {
            task: task.id(),
            action,
            withdrawal,
            since: Instant::now(),
            told: false,
        };
        self.busy.insert(name, under_way);
    }

    /// Tells what came of a step and of all others that are over by then, and does what waited for their ends.
    pub(super) async fn steps_over(&mut self, step: Result<Finished, JoinError>) {
        self.step_over(step).await;
        // Of a check that changes nothing, those of all projects end together.
        while let Some(step) = self.actions.try_join_next() {
            self.step_over(step).await;
        }
        self.publish();
    }

    async fn step_over(&mut self, step: Result<Finished, JoinError>) {
        match step {
            Ok(Finished { project, outcome }) => {
                self.busy.remove(&project.name);
                if let (Some(left), Some(history)) = (&outcome.left, self.histories.get_mut(&project.name)) {
                    history.step_left(left);
                    self.observer.step_left(&project.name, left);
                    note_boot(history, &outcome);
                }
                self.keeper.outcome(&project, &outcome);
                self.board.outcome(&project.name, &outcome);
                self.reporter.outcome(&project, &outcome);
                self.tell_outcome(&project, &outcome);
                self.carry_out_waiting(&project.name).await;
            }
            Err(panic) => {
                let why = panic.to_string();
                self.reporter.say(&Message::StepBroken { why: &why });
                let broken = self.busy.iter().find(|(_, busy)| busy.task == panic.id());
                if let Some(name) = broken.map(|(name, _)| name.clone()) {
                    self.busy.remove(&name);
                    if !self.waiting.contains(&name) {
                        self.reply(&name, Answer::refused(RefusedCode::Failed, why));
                    }
                    self.carry_out_waiting(&name).await;
                }
            }
        }
    }

    /// Tells those who ask, and who ordered it, what came of a step.
    fn tell_outcome(&mut self, project: &Project, outcome: &Outcome) {
        let Some(line) = self.reporter.outcome_line(project, outcome) else {
            return;
        };
        if let Some(event) = outcome_said(project, outcome) {
            self.board.happened(&project.name, event);
        }
        let answer = match &outcome.workers {
            Ok(_) => Answer::done(line),
            Err(_) => Answer::refused(RefusedCode::Failed, line),
        };
        // An order that came while this step was under way is still to be carried out, and then answered.
        if !self.waiting.contains(&project.name) {
            self.reply(&project.name, answer);
        }
    }

    /// A step of `project` that never ends by itself.
    #[cfg(test)]
    pub(super) fn step_under_way(&mut self, project: &str, action: Action) {
        let task = self.actions.spawn(std::future::pending());
        let under_way = UnderWay {
            task: task.id(),
            action,
            withdrawal: Mandate::new().1,
            since: Instant::now(),
            told: false,
        };
        self.busy.insert(project.to_owned(), under_way);
    }

    /// Ends every step under way as a fault in its code would.
    #[cfg(test)]
    pub(super) fn break_steps(&mut self) {
        self.actions.abort_all();
    }
}

/// Notes a worker that did not come to serve: it stands against further steps.
fn note_boot(history: &mut History, outcome: &Outcome) {
    let Err(error) = &outcome.workers else { return };
    match error.cause {
        Cause::BootFailed { server, .. } => history.boot_failed(server == AfterBoot::StartsAgain),
        Cause::NotServing { .. } => history.boot_failed(true),
        _ => {}
    }
}
