//! Says what was seen, decided and done: log lines in the operator's language, on stdout and in the journal.
//!
//! Quiet by rule: an action is told when it is taken and when it is done, an obstacle when it begins and
//! when it is gone. Every other check is told at debug level only.

mod bilingual;
mod chronicle;
mod client;
mod duration;
mod en;
mod es;
pub mod log;
mod message;
mod reply;
mod said;

pub use bilingual::Bilingual;
pub use chronicle::{Chronicle, Episode, unix};
pub use client::NotInHistory;
pub use message::{Done, Lasts, Message};
pub use reply::{Reply, reply_of};

use crate::act::{Cause, Limit, Outcome, Workers};
use crate::check::Finding;
use crate::config::{LoadError, Wrong};
use crate::control::ClientError;
use crate::history::ReadError;
use crate::host::usage::WhyNotEbpf;
use crate::model::{
    Action, Decision, Figures, Language, Next, Project, QueueSample, Reason, Uncounted, Unobservable,
};
use said::Said;

/// Why something was decided, in English: for the commands a person types.
#[must_use]
pub fn why(reason: &Reason) -> String {
    en::reason(reason)
}

/// Why a project cannot be observed, in English: for the commands a person types.
#[must_use]
pub fn why_unobservable(fault: &Unobservable) -> String {
    en::unobservable(fault)
}

/// A reason in words.
#[must_use]
pub fn words_of(language: Language, reason: &Reason) -> String {
    match language {
        Language::Es => es::reason(reason),
        Language::En => en::reason(reason),
    }
}

/// What a project's count of waiting tasks leaves out, in words with the line to write.
#[must_use]
pub fn uncounted_of(language: Language, what: &Uncounted) -> String {
    match language {
        Language::Es => es::uncounted(what),
        Language::En => en::uncounted(what),
    }
}

/// A message in words.
#[must_use]
pub fn render_in(language: Language, message: &Message<'_>) -> String {
    match language {
        Language::Es => es::render(message),
        Language::En => en::render(message),
    }
}

/// Why the kernel program is not in use, in words.
#[must_use]
pub fn without_ebpf_of(language: Language, why: &WhyNotEbpf) -> String {
    match language {
        Language::Es => es::without_ebpf(why),
        Language::En => why.to_string(),
    }
}

/// Why a daemon did not answer, in words.
#[must_use]
pub fn client_error_of(language: Language, error: &ClientError) -> String {
    match language {
        Language::Es => es::client_error(error),
        Language::En => error.to_string(),
    }
}

/// That the history does not have a project, in words.
#[must_use]
pub fn not_in_history_of(language: Language, error: &NotInHistory) -> String {
    match language {
        Language::Es => es::not_in_history(error),
        Language::En => error.to_string(),
    }
}

/// Why the history cannot be read, in words.
#[must_use]
pub fn read_error_of(language: Language, error: &ReadError) -> String {
    match language {
        Language::Es => es::read_error(error),
        Language::En => error.to_string(),
    }
}

/// What `autoscaler check` found, told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// How bad it is: `ok`, `warning`, in the operator's language.
    pub grade: &'static str,
    /// What it is.
    pub says: String,
    /// What to do about it, where something is to be done and has not been said.
    pub advice: Option<String>,
}

/// What was found, in words.
#[must_use]
pub fn found_of(language: Language, finding: &Finding) -> Found {
    let (grade, says, advice) = match language {
        Language::Es => (
            es::check::grade(finding.grade),
            es::check::says(&finding.fact),
            es::check::advice(&finding.fact),
        ),
        Language::En => (
            en::check::grade(finding.grade),
            en::check::says(&finding.fact),
            en::check::advice(&finding.fact),
        ),
    };
    Found { grade, says, advice }
}

/// What is wrong at one place of a configuration, in words.
#[must_use]
pub fn wrong_of(language: Language, wrong: &Wrong) -> String {
    match language {
        Language::Es => es::wrong(wrong),
        Language::En => wrong.to_string(),
    }
}

/// Why no configuration could be loaded, in words.
#[must_use]
pub fn load_error_of(language: Language, error: &LoadError) -> String {
    match language {
        Language::Es => es::load_error(error),
        Language::En => error.to_string(),
    }
}

/// The heading over what was found of the configuration and the host.
#[must_use]
pub fn host_heading(language: Language) -> &'static str {
    match language {
        Language::Es => es::check::host_heading(),
        Language::En => en::check::host_heading(),
    }
}

/// How many errors and warnings there are, in words.
#[must_use]
pub fn sum_of(language: Language, errors: usize, warnings: usize) -> String {
    match language {
        Language::Es => es::check::sum(errors, warnings),
        Language::En => en::check::sum(errors, warnings),
    }
}

/// What would have to change for a step, in words; `up` says whether it leads to more workers.
#[must_use]
pub fn outlook_of(language: Language, next: &Next, up: bool) -> String {
    match language {
        Language::Es => es::outlook(next, up),
        Language::En => en::outlook(next, up),
    }
}

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
        let line = self.render(message);
        if self.said.is_new(&project.name, topic, &line) {
            log::emit(message.level(), &log::Fields::of(project), &line);
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
        render_in(self.language, message)
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

/// How what is said of a failing step to `to` workers begins.
fn failing_at(to: u32) -> String {
    format!("to {to}: ")
}

/// What keeps a step from being taken, without the figures that move from check to check.
fn obstacle(cause: &Cause) -> String {
    match cause {
        // The one is what becomes of the other at the next check.
        Cause::TimedOut { .. } | Cause::Unanswered { .. } => "not arrived".to_owned(),
        Cause::Moved { .. } => "moved".to_owned(),
        Cause::NoRoom { .. } => "no room".to_owned(),
        Cause::Refused(refusal) => refusal.to_string(),
        Cause::BootFailed { server, .. } => format!("boot failed{server}"),
        Cause::NotServing { .. } => "not serving".to_owned(),
        Cause::Reloaded | Cause::Withdrawn | Cause::OutsideBounds { .. } => cause.to_string(),
    }
}

const BLOCKED: &str = "blocked";
const FAILED: &str = "failed";
const LIMIT: &str = "limit";
const UNACKNOWLEDGED: &str = "unacknowledged";
const UNCOUNTED: &str = "uncounted";

/// The words of one language for the figures of a decision.
struct FigureWords {
    queue: &'static str,
    reserved: &'static str,
    oldest: &'static str,
    unknown: &'static str,
}

/// The figures as they stand at the head of a line: `Cola=120 CPU=75.2% Mem=12000MB`.
fn figures(figures: &Figures, words: &FigureWords) -> String {
    let queue = figures
        .queue
        .map(|waiting| {
            let reserved = figures.reserved.filter(|reserved| *reserved > 0);
            let reserved = reserved.map(|reserved| format!("{}={reserved} ", words.reserved));
            // Younger than a second says nothing: it has only just been seen.
            let oldest = figures.oldest_waiting.filter(|oldest| oldest.as_secs() > 0);
            let oldest = oldest.map(|oldest| format!("{}={} ", words.oldest, duration::short(oldest)));
            format!(
                "{}={waiting} {}{}",
                words.queue,
                reserved.unwrap_or_default(),
                oldest.unwrap_or_default()
            )
        })
        .unwrap_or_default();
    let cpu = figures
        .cpu_percent
        .map_or_else(|| words.unknown.to_owned(), |percent| format!("{percent:.1}%"));
    format!("{queue}CPU={cpu} Mem={}MB", figures.memory_available_mib)
}

/// Pids, one after the other.
fn numbers(numbers: &[u32]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}

/// `1 worker`, `3 workers`: the user's own word in both languages.
fn workers(count: u32) -> String {
    if count == 1 {
        "1 worker".to_owned()
    } else {
        format!("{count} workers")
    }
}

/// The same of a count that the history keeps as a text.
fn counted(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), workers)
}

/// `500 MB`, or `none`.
fn mebibytes(amount: Option<u64>, none: &str) -> String {
    amount.map_or_else(|| none.to_owned(), |mib| format!("{mib} MB"))
}

/// A threshold as the operator wrote it: `75`, `62.5`.
fn threshold(value: f64) -> String {
    format!("{value}")
}

#[cfg(test)]
mod tests;
