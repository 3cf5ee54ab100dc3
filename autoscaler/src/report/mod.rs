//! Says what was seen, decided and done: log lines in the operator's language, on stdout and in the journal.
//!
//! Quiet by rule: an action is told when it is taken and when it is done, an obstacle when it begins and
//! when it is gone. Every other check is told at debug level only.

mod chronicle;
mod ledger;
pub mod log;
mod promise;
mod said;

pub use chronicle::{Chronicle, Episode, unix};
pub use ledger::{Ledger, QUARTER, WEEK};
pub use promise::{LateStatus, PromiseStatus};

use said::Said;

use crate::act::{Limit, Outcome, Workers};
use crate::model::{Action, Cause, Decision, Language, Project, QueueSample, Reason, Uncounted};
use crate::words::{self, Bilingual, Done, Message};

/// Turns what happened into log lines and remembers what has been said.
#[derive(Debug)]
pub struct Reporter {
    language: Language,
    said: Said,
}

impl Reporter {
    /// A reporter that has said nothing yet.
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self {
            language,
            said: Said::default(),
        }
    }

    /// The language of the lines from here on.
    pub fn set_language(&mut self, language: Language) {
        self.language = language;
    }

    /// Says something about the daemon as a whole.
    pub fn say(&self, message: &Message<'_>) {
        log::emit(message.level(), &log::Fields::default(), &self.render(message));
    }

    /// Says something about one project.
    pub fn say_of(&self, project: &Project, message: &Message<'_>) {
        log::emit(message.level(), &log::Fields::of(project), &self.render(message));
    }

    /// Says something about one project unless it is what was said last under this `topic`.
    pub fn say_once(&mut self, project: &Project, topic: &'static str, message: &Message<'_>) {
        // In one language: what was said is not news in another.
        let what = words::message(Language::En, message);
        if self.said.is_new(&project.name, topic, &what) {
            self.say_of(project, message);
        }
    }

    /// Ends a `topic` of [`Reporter::say_once`]: whether anything had been said under it.
    pub fn over(&mut self, project: &Project, topic: &'static str) -> bool {
        self.said.over(&project.name, topic)
    }

    /// Tells a check's decision: an action always, an obstacle once, the rest at debug level.
    pub fn decision(&mut self, project: &Project, decision: &Decision) {
        let unit = &project.service_name;
        let fields = log::Fields::of_decision(project, decision);
        match decision.action {
            Action::ScaleUp { to, .. } | Action::ScaleDown { to, .. } => {
                self.unblocked(project);
                // One that could not be taken before is told again when it can be.
                if !self.said.begins(&project.name, FAILED, &failing_at(to)) {
                    let message = Message::Step { unit, decision };
                    log::emit(message.level(), &fields, &self.render(&message));
                }
            }
            Action::Blocked => {
                let message = Message::Blocked { unit, decision };
                if self.said.is_new(&project.name, BLOCKED, decision.reason.code()) {
                    log::emit(message.level(), &fields, &self.render(&message));
                }
            }
            Action::Hold => {
                self.unblocked(project);
                if decision.reason == Reason::WithinThresholds && self.over(project, FAILED) {
                    self.say_of(project, &Message::StepForgotten { unit });
                }
            }
        }
        tracing::debug!(
            PROJECT = project.name,
            "{}",
            self.render(&Message::Verdict { unit, decision })
        );
    }

    /// Tells a check's decision whatever it is, with its reason.
    pub fn verdict(&self, project: &Project, decision: &Decision) {
        let message = Message::Verdict {
            unit: &project.service_name,
            decision,
        };
        log::emit(
            message.level(),
            &log::Fields::of_decision(project, decision),
            &self.render(&message),
        );
    }

    /// What came of a step, in one line; `None` when there was none.
    #[must_use]
    pub fn outcome_line(&self, project: &Project, outcome: &Outcome) -> Option<String> {
        Some(self.render(&step_message(project, outcome)?))
    }

    /// Tells what came of a decision: a step that was taken always, one that cannot be taken and what is wrong with the
    /// memory limit once.
    pub fn outcome(&mut self, project: &Project, outcome: &Outcome) {
        let unit = &project.service_name;
        let is_news = match &outcome.workers {
            Err(error) if error.cause != Cause::Withdrawn => {
                let what = format!("{}{}", failing_at(error.wanted), obstacle(&error.cause));
                self.said.is_new(&project.name, FAILED, &what)
            }
            Err(_) | Ok(Workers::Untouched) => true,
            Ok(Workers::Scaled { .. }) => {
                self.over(project, FAILED);
                true
            }
        };
        if let Some(message) = step_message(project, outcome).filter(|_| is_news) {
            self.say_of(project, &message);
        }
        match &outcome.memory {
            Some(Err(error)) => {
                self.say_once(project, LIMIT, &Message::LimitUnavailable { unit, error });
            }
            Some(Ok(Limit::InUse { wanted, current, .. })) => {
                let (wanted_mib, current_mib) = (wanted >> 20, current >> 20);
                // The figures move from check to check; the fact is told once.
                if self.said.is_new(&project.name, LIMIT, "in use") {
                    self.say_of(
                        project,
                        &Message::LimitInUse {
                            unit,
                            wanted_mib,
                            current_mib,
                        },
                    );
                }
            }
            Some(Ok(_)) if self.over(project, LIMIT) => {
                self.say_of(project, &Message::LimitRestored { unit });
            }
            None | Some(Ok(_)) => {}
        }
    }

    /// Tells once that the broker does not say how many tasks are not acknowledged, and once that it does again.
    pub fn unacknowledged(&mut self, project: &Project, queue: &QueueSample) {
        let unit = &project.service_name;
        match &queue.unacknowledged_fault {
            Some(fault) if self.said.is_new(&project.name, UNACKNOWLEDGED, "unknown") => {
                self.say_of(project, &Message::UnacknowledgedUnknown { unit, fault });
            }
            None if self.over(project, UNACKNOWLEDGED) => {
                self.say_of(project, &Message::UnacknowledgedKnown { unit });
            }
            _ => {}
        }
    }

    /// Tells once what a project's count of waiting tasks leaves out, and once that it leaves out nothing any more.
    pub fn uncounted(&mut self, project: &Project, queue: &QueueSample) {
        let unit = &project.service_name;
        if queue.uncounted.is_empty() {
            if self.over(project, UNCOUNTED) {
                self.say_of(project, &Message::AllCounted { unit });
            }
            return;
        }
        // The tasks change from check to check, their places do not.
        let topics: Vec<String> = queue.uncounted.iter().map(Uncounted::topic).collect();
        if self.said.is_new(&project.name, UNCOUNTED, &topics.join("\n")) {
            for what in &queue.uncounted {
                self.say_of(project, &Message::Uncounted { unit, what });
            }
        }
    }

    /// Forgets what was said of projects that `keep` does not want.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.said.retain(keep);
    }

    fn unblocked(&mut self, project: &Project) {
        if self.said.over(&project.name, BLOCKED) {
            self.say_of(
                project,
                &Message::Unblocked {
                    unit: &project.service_name,
                },
            );
        }
    }

    /// The line for a message, without level or time.
    #[must_use]
    pub fn render(&self, message: &Message<'_>) -> String {
        words::message(self.language, message)
    }
}

fn step_message<'a>(project: &'a Project, outcome: &'a Outcome) -> Option<Message<'a>> {
    let unit = &project.service_name;
    match &outcome.workers {
        Ok(Workers::Untouched) => None,
        Ok(Workers::Scaled { to, .. }) => {
            let limited = matches!(outcome.memory, Some(Ok(_)));
            let done = Done {
                workers: *to,
                limit_per_worker_mib: limited.then_some(project.memory.per_worker_mib),
                dry_run: outcome.dry_run,
            };
            Some(Message::Scaled { unit, done })
        }
        Err(error) if error.cause == Cause::Withdrawn => Some(Message::StepWithdrawn { unit, error }),
        Err(error) => Some(Message::StepFailed { unit, error }),
    }
}

/// What came of a step, in both languages; `None` when there was none.
#[must_use]
pub fn outcome_said(project: &Project, outcome: &Outcome) -> Option<Bilingual> {
    Some(Bilingual::of(&step_message(project, outcome)?))
}

/// How what is said of a failing step to `to` workers begins.
fn failing_at(to: u32) -> String {
    format!("to {to}: ")
}

/// What keeps a step from being taken, without the figures that move from check to check. To compare, not to read.
fn obstacle(cause: &Cause) -> String {
    match cause {
        // The one is what becomes of the other at the next check.
        Cause::TimedOut { .. } | Cause::Unanswered { .. } => "not arrived".to_owned(),
        Cause::Moved { .. } => "moved".to_owned(),
        Cause::NoRoom { .. } => "no room".to_owned(),
        Cause::Refused(refusal) => format!("{refusal:?}"),
        Cause::BootFailed { server, .. } => format!("boot failed {server:?}"),
        Cause::NotServing { .. } => "not serving".to_owned(),
        Cause::Reloaded | Cause::Withdrawn | Cause::OutsideBounds { .. } => format!("{cause:?}"),
    }
}

const BLOCKED: &str = "blocked";
const FAILED: &str = "failed";
const LIMIT: &str = "limit";
const UNACKNOWLEDGED: &str = "unacknowledged";
const UNCOUNTED: &str = "uncounted";

#[cfg(test)]
mod tests;
