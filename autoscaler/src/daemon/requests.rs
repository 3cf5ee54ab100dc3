//! What comes over the control socket: orders by hand, and questions about the past.

use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;

use crate::control::{Answer, Call, Command, Done};
use crate::daemon::check::Checks;
use crate::daemon::orders::{Given, Term};
use crate::host::usage::monotonic;
use crate::model::{Action, Decision, EventKind, Language, Order, Peer, Project, RefusedCode, meant};
use crate::words::{self, Bilingual, Lasts, Message, Reply};

impl Checks {
    /// Answers a call, or sees to it that it is answered when its step is over.
    pub(super) async fn call(&mut self, call: Call) {
        let Call {
            command,
            language,
            by,
            reply,
        } = call;
        self.speaking = language;
        self.follow_schedules();
        self.promises.take_in_past();
        let answer = match command {
            Command::Status => Answer::Status(Box::new(self.status_in(self.speaking()))),
            Command::Why {
                project,
                since_seconds,
            } => self.why(&project, since_seconds),
            Command::Scale {
                project,
                workers,
                for_seconds,
            } => match self.scalable(&project, workers) {
                Ok(project) => {
                    // What comes of a step is known when somebody else may be asking.
                    self.speaking = None;
                    return self.scale(project, (workers, for_seconds), &by, reply).await;
                }
                Err(refused) => refused,
            },
            Command::Pause { project, for_seconds } => self.pause(project.as_deref(), for_seconds, &by),
            Command::Resume { project } => self.resume(project.as_deref(), &by),
        };
        self.speaking = None;
        self.publish();
        // Who asked may have gone.
        let _ = reply.send(answer);
    }

    fn why(&self, project: &str, since_seconds: u64) -> Answer {
        let since = SystemTime::now()
            .checked_sub(Duration::from_secs(since_seconds))
            .unwrap_or(SystemTime::UNIX_EPOCH);
        match self.project(project) {
            Ok(project) => Answer::Why(self.board.episodes(&project.name, since, self.speaking())),
            Err(refused) => refused,
        }
    }

    fn scalable(&self, name: &str, workers: u32) -> Result<Project, Answer> {
        let project = self.project(name)?;
        let bounds = project.bounds;
        if !project.enabled {
            return Err(self.refusal(RefusedCode::Disabled, &Reply::Disabled { project: name }));
        }
        if !(bounds.min..=bounds.max).contains(&workers) {
            let outside = Reply::OutsideBounds {
                project: name,
                workers,
                bounds,
            };
            return Err(self.refusal(RefusedCode::OutsideBounds, &outside));
        }
        Ok(project.clone())
    }

    async fn scale(
        &mut self,
        project: Project,
        (workers, for_seconds): (u32, Option<u64>),
        by: &Peer,
        reply: oneshot::Sender<Answer>,
    ) {
        let term = for_seconds.map_or(Term::Once, until);
        self.give(&project, Order::Scale(workers), (term, for_seconds), by);
        let replaced = Reply::Replaced { by };
        self.reply(&project.name, self.refusal(RefusedCode::Replaced, &replaced));
        self.asked.insert(project.name.clone(), reply);
        // A step under way is waited for: its end carries the order out.
        if self.steps.is_under_way(&project.name) {
            self.waiting.insert(project.name);
            self.save();
        } else {
            self.carry_out(&project.name).await;
        }
        self.publish();
    }

    /// Carries out the order that waited for a step to be over.
    pub(super) async fn carry_out_waiting(&mut self, project: &str) {
        if self.waiting.remove(project) && self.config.projects.contains_key(project) {
            self.carry_out(project).await;
        }
    }

    pub(super) fn undone(&self, project: &Project, decision: &Decision) -> Answer {
        let reason = &decision.reason;
        match (decision.action, decision.figures.workers) {
            (Action::Hold, Some(workers)) => Answer::done(self.words(&Reply::Stays {
                unit: &project.service_name,
                workers,
                reason,
            })),
            _ => self.refusal(
                RefusedCode::Blocked,
                &Reply::Blocked {
                    project: &project.name,
                    reason,
                },
            ),
        }
    }

    /// Answers who ordered a count for this project, if anybody waits.
    pub(super) fn reply(&mut self, project: &str, answer: Answer) {
        if let Some(reply) = self.asked.remove(project) {
            let _ = reply.send(answer);
        }
    }

    /// Answers those whose order waits for a project that is no longer in the configuration.
    pub(super) fn answer_taken_out(&mut self) {
        let projects = &self.config.projects;
        let gone = |name: &String| !projects.contains_key(name);
        let names: Vec<String> = self.waiting.iter().filter(|name| gone(name)).cloned().collect();
        for name in names {
            self.waiting.remove(&name);
            self.taken_out(&name);
        }
    }

    pub(super) fn taken_out(&mut self, name: &str) {
        let why = Reply::TakenOut { project: name };
        self.reply(name, self.refusal(RefusedCode::UnknownProject, &why));
    }

    fn pause(&mut self, project: Option<&str>, for_seconds: Option<u64>, by: &Peer) -> Answer {
        let projects = match self.meant(project) {
            Ok(projects) => projects,
            Err(refused) => return refused,
        };
        let term = for_seconds.map_or(Term::Resumed, until);
        let lines = projects
            .iter()
            .map(|project| self.give(project, Order::Pause, (term, for_seconds), by))
            .collect();
        self.save();
        Answer::Done(Done { lines })
    }

    fn resume(&mut self, project: Option<&str>, by: &Peer) -> Answer {
        let projects = match self.meant(project) {
            Ok(projects) => projects,
            Err(refused) => return refused,
        };
        let mut lines = Vec::new();
        for project in &projects {
            if self.orders.end(&project.name).is_none() {
                continue;
            }
            let unit = &project.service_name;
            let message = Message::OrderEnded { unit, by: Some(by) };
            self.reporter.say_of(project, &message);
            self.board.happened(&project.name, Bilingual::of(&message));
            self.keeper
                .event(project, EventKind::ByHand, Bilingual::of(&message));
            lines.push(words::message(self.speaking(), &message));
        }
        self.save();
        if lines.is_empty() {
            lines.push(self.words(&Reply::NoOrder { project }));
        }
        Answer::Done(Done { lines })
    }

    /// Takes an order down and tells of it; the line says what was ordered.
    fn give(
        &mut self,
        project: &Project,
        order: Order,
        (term, for_seconds): (Term, Option<u64>),
        by: &Peer,
    ) -> String {
        let message = Message::Ordered {
            unit: &project.service_name,
            order,
            lasts: match (term, for_seconds) {
                (Term::Once, _) => Lasts::Once,
                (Term::Until(_), Some(seconds)) => Lasts::For(Duration::from_secs(seconds)),
                _ => Lasts::UntilResumed,
            },
            by,
        };
        self.reporter.say_of(project, &message);
        let told = words::message(self.speaking(), &message);
        self.board.happened(&project.name, Bilingual::of(&message));
        self.keeper
            .event(project, EventKind::ByHand, Bilingual::of(&message));
        let by = Bilingual::by(|language| words::peer(language, by));
        self.orders.give(&project.name, Given { order, term, by });
        self.steps
            .cancel_unless(&project.name, |to| order == Order::Scale(to));
        told
    }

    /// Ends the orders whose time is over.
    pub(super) fn expire_orders(&mut self) {
        for name in self.orders.expire(monotonic()) {
            if let Some(project) = self.config.projects.get(&name) {
                let unit = &project.service_name;
                let message = Message::OrderEnded { unit, by: None };
                self.reporter.say_of(project, &message);
                self.keeper
                    .event(project, EventKind::ByHand, Bilingual::of(&message));
                self.board.happened(&name, Bilingual::of(&message));
            }
        }
    }

    fn meant(&self, project: Option<&str>) -> Result<Vec<Project>, Answer> {
        match project {
            Some(name) => Ok(vec![self.project(name)?.clone()]),
            None => Ok(self.config.projects.values().cloned().collect()),
        }
    }

    fn project(&self, name: &str) -> Result<&Project, Answer> {
        let projects = &self.config.projects;
        projects.get(name).ok_or_else(|| {
            let known: Vec<String> = projects.keys().cloned().collect();
            let unknown = Reply::UnknownProject {
                name,
                nearest: meant(name, &known),
                known: &known,
            };
            self.refusal(RefusedCode::UnknownProject, &unknown)
        })
    }

    fn words(&self, reply: &Reply<'_>) -> String {
        words::reply(self.speaking(), reply)
    }

    /// The language of the answer that is being made: the one asked for, or the daemon's own.
    pub(super) fn speaking(&self) -> Language {
        self.speaking.unwrap_or(self.config.global.language)
    }

    pub(super) fn refusal(&self, code: RefusedCode, reply: &Reply<'_>) -> Answer {
        Answer::refused(code, self.words(reply))
    }
}

fn until(seconds: u64) -> Term {
    Term::Until(monotonic().saturating_add(Duration::from_secs(seconds)))
}

#[cfg(test)]
pub(super) mod tests;
