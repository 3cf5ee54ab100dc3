//! Steps that are under way beside the loop: how they begin, how they are cancelled, and what follows from their end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::act::{Actor, CancelHandle, CancelToken, Outcome};
use crate::control::Answer;
use crate::daemon::check::Checks;
use crate::decide::Promised;
use crate::model::{Action, Config, Decision, Project, ProjectSample, RefusedCode};
use crate::report::outcome_said;
use crate::words::Message;

/// The steps under way, at most one a project: nothing is decided about it until its own is over.
pub(super) struct Steps {
    actor: Arc<Actor>,
    tasks: JoinSet<Finished>,
    under_way: BTreeMap<String, UnderWay>,
}

/// A step that is under way.
#[derive(Debug)]
struct UnderWay {
    task: Id,
    /// What was decided: no step where only the memory limit is looked after.
    action: Action,
    handle: CancelHandle,
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

/// How a step has ended: with its outcome, or by a fault in its code.
pub(super) type Ended = Result<Finished, JoinError>;

impl Steps {
    pub(super) fn new(actor: Actor) -> Self {
        Self {
            actor: Arc::new(actor),
            tasks: JoinSet::new(),
            under_way: BTreeMap::new(),
        }
    }

    /// Whether a step of the project is under way.
    pub(super) fn is_under_way(&self, project: &str) -> bool {
        self.under_way.contains_key(project)
    }

    /// The count that the step under way of a project leads to.
    pub(super) fn coming(&self, project: &str) -> Option<u32> {
        self.under_way.get(project)?.action.to()
    }

    /// How many are under way.
    pub(super) fn count(&self) -> usize {
        self.under_way.len()
    }

    /// The memory that they are going to take.
    pub(super) fn promised(&self, config: &Config) -> Promised {
        let mut promised = Promised::default();
        for (name, step) in &self.under_way {
            if let Some(project) = config.projects.get(name) {
                promised.add(project, step.action);
            }
        }
        promised
    }

    /// Those that do not end, each named once.
    fn endless(&mut self) -> Vec<(String, Duration)> {
        let mut endless = Vec::new();
        for (name, step) in &mut self.under_way {
            let since = step.since.elapsed();
            if !step.told && since >= ENDLESS {
                step.told = true;
                endless.push((name.clone(), since));
            }
        }
        endless
    }

    /// Lets the way that a project is on end with the step under way, unless the count that it leads to is `wanted`.
    pub(super) fn cancel_unless(&self, project: &str, wanted: impl Fn(u32) -> bool) {
        if let Some(step) = self.under_way.get(project)
            && step.action.to().is_some_and(|to| !wanted(to))
        {
            step.handle.cancel();
        }
    }

    /// Withdraws those that lead where `config` does not want them to.
    pub(super) fn cancel_unwanted(&self, config: &Config) {
        for name in self.under_way.keys() {
            let project = config.projects.get(name).filter(|project| project.enabled);
            let wanted =
                |to| project.is_some_and(|project| (project.bounds.min..=project.bounds.max).contains(&to));
            self.cancel_unless(name, wanted);
        }
    }

    /// Starts the step that was decided, or else brings the memory limit in step with the workers seen.
    pub(super) fn begin(&mut self, project: Project, sample: Option<ProjectSample>, decision: Decision) {
        let Some(sample) = sample.filter(|_| project.enabled) else {
            return;
        };
        let actor = Arc::clone(&self.actor);
        let (cancel, handle) = CancelToken::new();
        let (name, action) = (project.name.clone(), decision.action);
        let task = self.tasks.spawn(async move {
            let outcome = actor.apply_under(&cancel, &project, &sample, &decision).await;
            Finished { project, outcome }
        });
        self.note_begun(name, task.id(), action, handle);
    }

    fn note_begun(&mut self, project: String, task: Id, action: Action, handle: CancelHandle) {
        let step = UnderWay {
            task,
            action,
            handle,
            since: Instant::now(),
            told: false,
        };
        self.under_way.insert(project, step);
    }

    /// Waits for one to be over; `None` where none is under way.
    pub(super) async fn over(&mut self) -> Option<Ended> {
        self.tasks.join_next().await
    }

    /// Another that is over by now.
    fn also_over(&mut self) -> Option<Ended> {
        self.tasks.try_join_next()
    }

    /// The project whose step's code has failed.
    fn broken(&self, fault: &JoinError) -> Option<String> {
        let mut steps = self.under_way.iter();
        Some(steps.find(|(_, step)| step.task == fault.id())?.0.clone())
    }

    /// A step of `project` that never ends by itself.
    #[cfg(test)]
    pub(super) fn begin_endless(&mut self, project: &str, action: Action) {
        let task = self.tasks.spawn(std::future::pending()).id();
        self.note_begun(project.to_owned(), task, action, CancelToken::new().1);
    }

    /// Ends every step under way as a fault in its code would.
    #[cfg(test)]
    pub(super) fn break_all(&mut self) {
        self.tasks.abort_all();
    }
}

impl Checks {
    /// Tells once of each step that does not end: nothing else is decided about its project meanwhile.
    pub(super) fn say_endless_steps(&mut self) {
        for (name, since) in self.steps.endless() {
            if let Some(project) = self.config.projects.get(&name) {
                let unit = &project.service_name;
                self.reporter
                    .say_of(project, &Message::StepEndless { unit, since });
            }
        }
    }

    /// Tells what came of a step and of all others that are over by then, and does what waited for their ends.
    pub(super) async fn steps_over(&mut self, step: Ended) {
        self.step_over(step).await;
        // Of a check that changes nothing, those of all projects end together.
        while let Some(step) = self.steps.also_over() {
            self.step_over(step).await;
        }
        self.publish();
    }

    async fn step_over(&mut self, step: Ended) {
        match step {
            Ok(Finished { project, outcome }) => {
                self.no_longer_under_way(&project.name);
                if let Some(left) = &outcome.left {
                    self.observer.step_left(&project.name, left);
                }
                self.policy.outcome(&project.name, &outcome);
                self.keeper.outcome(&project, &outcome);
                self.board.outcome(&project.name, &outcome);
                self.reporter.outcome(&project, &outcome);
                self.tell_outcome(&project, &outcome);
                self.carry_out_waiting(&project.name).await;
            }
            Err(panic) => {
                let why = panic.to_string();
                self.reporter.say(&Message::StepBroken { why: &why });
                if let Some(name) = self.steps.broken(&panic) {
                    self.no_longer_under_way(&name);
                    if !self.waiting.contains(&name) {
                        self.reply(&name, Answer::refused(RefusedCode::Failed, why));
                    }
                    self.carry_out_waiting(&name).await;
                }
            }
        }
    }

    fn no_longer_under_way(&mut self, project: &str) {
        let step = self.steps.under_way.remove(project);
        if step.is_some_and(|step| step.action.to().is_some()) {
            self.observer.count_changed(project);
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
}
