//! The one way from a look to a step: what was seen is decided about, kept, told and acted on, be it the check that is
//! due, a look between two checks or an order by hand.
//!
//! Nobody waits for a slow broker, or for the worker that takes another's place: a project of which something is still being
//! read is set aside, and goes the same way when it has been.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;
use tokio::time::sleep;

use super::check::Checks;
use crate::control::Answer;
use crate::daemon::policy::CountReset;
use crate::decide::{Case, Occasion};
use crate::host::service::number_of;
use crate::host::usage::monotonic;
use crate::model::{
    Action, Decision, Host, Lateness, Project, ProjectSample, Reason, RefusedCode, Snapshot, Unobservable,
};
use crate::observe::Reading;
use crate::words::{self, Message};

/// How long a check waits for what is still being read, so that brokers which answer at once are part of it.
const MOMENT: Duration = Duration::from_millis(50);

/// A project that has been seen, and of which something is still being read.
#[derive(Debug)]
pub(super) struct Awaited {
    host: Host,
    sample: ProjectSample,
    occasion: Occasion,
}

type Samples = BTreeMap<String, Result<ProjectSample, Unobservable>>;

/// What was decided about a project, with what was seen of it where it could be.
type Decided = (Project, Option<ProjectSample>, Decision);

impl Checks {
    /// One check of the daemon, and how long it took. What fails is told and tried again at the next.
    pub(super) async fn timed_check(&mut self) {
        let started = Instant::now();
        self.follow_instances().await;
        self.follow_schedules();
        match self.observer.look(&self.config).await {
            Ok(snapshot) => {
                self.say_check_recovered();
                self.say_usage_news();
                self.say_request_news();
                self.say_endless_steps();
                let mut snapshot = self.set_incomplete_aside(snapshot, Occasion::Check);
                self.take_prompt_along(&mut snapshot).await;
                self.board.checked(snapshot.host);
                self.expire_orders();
                self.follow(&snapshot.host, &snapshot.projects, Occasion::Check);
            }
            Err(error) => {
                self.say_check_failed(error);
                self.board.failed();
                self.publish();
            }
        }
        self.board.took(started.elapsed());
    }

    /// One check whose every decision is told, and whose steps are waited for.
    pub(super) async fn once(&mut self) -> Result<()> {
        if let Some(why) = &self.without_ebpf {
            self.reporter.say(&Message::WithoutEbpf { why });
        }
        self.follow_instances().await;
        self.follow_schedules();
        let snapshot = self.observer.observe(&self.config).await?;
        self.say_request_news();
        self.expire_orders();
        for (project, sample, decision) in self.decide(&snapshot.host, &snapshot.projects, Occasion::Check) {
            self.reporter.verdict(&project, &decision);
            self.steps.begin(project, sample, decision);
        }
        while let Some(step) = self.steps.over().await {
            self.steps_over(step).await;
        }
        Ok(())
    }

    /// Reads the counters that the next check's means begin at.
    pub(super) async fn baseline(&mut self) -> Result<()> {
        let snapshot = self.observer.observe(&self.config).await?;
        for (name, sample) in &snapshot.projects {
            if let Ok(sample) = sample {
                self.policy.found(name, sample);
            }
        }
        Ok(())
    }

    /// Looks at a project whose unit was started, stopped or reloaded. What keeps the host from being read is told by
    /// the next check.
    pub(super) async fn look_early(&mut self, name: &str) {
        if self.config.is_instance(name) {
            self.follow_instances().await;
        }
        self.follow_schedules();
        if self.config.projects.contains_key(name)
            && !self.steps.is_under_way(name)
            && let Ok(snapshot) = self.observer.look_at(&self.config, name).await
        {
            self.follow_between(snapshot);
        }
    }

    /// Looks at the counters of the projects with a promise, and then, as a whole, at those that want another count. A dry run
    /// tells at its checks what it would do: a step that is never taken is wanted every second.
    pub(super) async fn pulse(&mut self) {
        let seen = self.take_pulses();
        let wants = |name: &String| self.policy.wants_a_look(name) && self.orders.get(name).is_none();
        let wanting: Vec<String> = seen.into_iter().filter(wants).collect();
        if self.dry_run {
            return;
        }
        for name in wanting {
            self.look_early(&name).await;
        }
    }

    /// Takes the counters of the projects with a promise in, and names those that were due.
    pub(super) fn take_pulses(&mut self) -> Vec<String> {
        self.follow_schedules();
        let now = monotonic();
        let pulses = self.observer.pulse(&self.config, now);
        for (name, pulse) in &pulses {
            if let Some(project) = self.config.projects.get(name) {
                self.policy.pulse(project, pulse, self.steps.coming(name));
            }
        }
        self.policy.share(&self.config, now);
        pulses.into_keys().collect()
    }

    /// Decides and acts on one project at once, since somebody waits for it.
    pub(super) async fn carry_out(&mut self, name: &str) {
        self.follow_schedules();
        match self.observer.look_at(&self.config, name).await {
            Ok(snapshot) if !snapshot.projects.contains_key(name) => self.taken_out(name),
            Ok(snapshot) => self.follow_between(snapshot),
            Err(error) => {
                // Refused is not carried out: not at the next check either.
                self.orders.end_once(name);
                let why = words::host_error(self.speaking(), &error);
                self.reply(name, Answer::refused(RefusedCode::Failed, why));
            }
        }
    }

    fn follow_between(&mut self, snapshot: Snapshot) {
        let seen = self.set_incomplete_aside(snapshot, Occasion::Between);
        if !seen.projects.is_empty() {
            self.follow(&seen.host, &seen.projects, Occasion::Between);
        }
    }

    /// What a project that was set aside lacked has been read.
    pub(super) async fn read(&mut self, reading: Reading) {
        let project = reading.project.clone();
        if let Some((host, occasion, sample)) = self.completed(reading).await {
            self.follow(&host, &BTreeMap::from([(project, sample)]), occasion);
        }
    }

    /// The snapshot without the projects of which something is still being read: those are set aside.
    fn set_incomplete_aside(&mut self, mut snapshot: Snapshot, occasion: Occasion) -> Snapshot {
        let host = snapshot.host;
        let (awaited, ready): (Samples, Samples) = snapshot
            .projects
            .into_iter()
            .partition(|(name, sample)| sample.is_ok() && self.observer.is_reading(name));
        snapshot.projects = ready;
        // Such as that of a unit that has been stopped meanwhile.
        self.awaited
            .retain(|name, _| !snapshot.projects.contains_key(name));
        for (name, sample) in awaited {
            if let Ok(sample) = sample {
                self.set_aside(name, host, sample, occasion);
            }
        }
        snapshot
    }

    /// Waits a [`MOMENT`] for the projects that were set aside, and takes along those that are complete by then.
    async fn take_prompt_along(&mut self, snapshot: &mut Snapshot) {
        let deadline = sleep(MOMENT);
        tokio::pin!(deadline);
        while !self.awaited.is_empty() {
            let reading = tokio::select! {
                reading = self.observer.read() => reading,
                () = &mut deadline => break,
            };
            let project = reading.project.clone();
            if let Some((.., sample)) = self.completed(reading).await {
                snapshot.projects.insert(project, sample);
            }
        }
    }

    /// Sets a project aside until it is complete. One that has been since an earlier look has its CPU of both, and stays
    /// a check's where that look was one.
    fn set_aside(&mut self, name: String, host: Host, mut sample: ProjectSample, mut occasion: Occasion) {
        if let Some(earlier) = self.awaited.remove(&name) {
            sample.cpu = match (earlier.sample.cpu, sample.cpu) {
                (Some(earlier), Some(later)) => Some(earlier.and_then(later)),
                (earlier, later) => later.or(earlier),
            };
            sample.requests = match (earlier.sample.requests, sample.requests) {
                (Some(Ok(earlier)), Some(Ok(later))) => Some(Ok(earlier.and_then(later))),
                (earlier, later) => later.or(earlier),
            };
            if earlier.occasion == Occasion::Check {
                occasion = Occasion::Check;
            }
        }
        let seen = Awaited {
            host,
            sample,
            occasion,
        };
        self.awaited.insert(name, seen);
    }

    /// A project that was set aside, with what it lacked. Where that is outdated, the project is looked at anew instead.
    async fn completed(
        &mut self,
        reading: Reading,
    ) -> Option<(Host, Occasion, Result<ProjectSample, Unobservable>)> {
        if reading.outdated {
            self.look_early(&reading.project).await;
            return None;
        }
        let seen = self.awaited.remove(&reading.project)?;
        Some((seen.host, seen.occasion, reading.complete(seen.sample)))
    }

    /// Goes the whole way with what was seen: decide → keep → tell → act.
    fn follow(&mut self, host: &Host, samples: &Samples, occasion: Occasion) {
        let decided = self.decide(host, samples, occasion);
        self.note(host, samples, &decided, occasion);
        for (project, sample, decision) in decided {
            self.tell(&project, sample.as_ref(), &decision, occasion);
            self.steps.begin(project, sample, decision);
        }
        self.save();
        self.publish();
    }

    /// Notes what was seen and decided: on the board, and in the history.
    fn note(&mut self, host: &Host, samples: &Samples, decided: &[Decided], occasion: Occasion) {
        let now = SystemTime::now();
        let decisions: BTreeMap<&str, &Decision> = decided
            .iter()
            .map(|(project, _, decision)| (project.name.as_str(), decision))
            .collect();
        let mut rows = Vec::with_capacity(samples.len());
        self.promises.take_in_past();
        for (name, sample) in samples {
            let Some(project) = self.config.projects.get(name) else {
                continue;
            };
            let decision = decisions.get(name.as_str()).copied();
            let case = Case::new(project, host, sample);
            let mut look = case.look(now, decision);
            // What came while it could not be looked at counts as well, as soon as it can be.
            if let (Some(promise), Some(late)) = (look.promise, &mut look.late)
                && let Some(waits) = self.observer.take_missed_waits(name)
            {
                late.add(Lateness::counted(&waits, promise.wait));
            }
            let look = Arc::new(look);
            let outlook = decision.and_then(|decision| self.policy.outlook(&case, decision));
            self.board.looked(&look, outlook, occasion);
            self.promises.note(&look);
            rows.extend(self.gathered.row(&case, &look, occasion));
        }
        // A check is kept without any project, too; what is gathered between two is not.
        if occasion == Occasion::Check || !rows.is_empty() {
            self.keeper.check(*host, rows);
        }
    }

    /// Decides about every project that no step is under way for: each proposes, the memory is allotted, and what is left
    /// is settled.
    fn decide(&mut self, host: &Host, samples: &Samples, occasion: Occasion) -> Vec<Decided> {
        let projects: Vec<Project> = samples
            .keys()
            .filter(|name| !self.steps.is_under_way(name))
            .filter_map(|name| self.config.projects.get(name).cloned())
            .collect();
        let interval = self.interval();
        let mut promised = self.steps.promised(&self.config);
        let mut decided = Vec::with_capacity(projects.len());
        for project in projects {
            let Some(sample) = samples.get(&project.name) else {
                continue;
            };
            let case = Case {
                order: self.orders.take(&project.name),
                occasion,
                ..Case::new(&project, host, sample)
            };
            let (proposal, reset) = self.policy.propose(&case, interval);
            if let Some(CountReset { before, now }) = reset {
                let unit = &project.service_name;
                self.reporter
                    .say_of(&project, &Message::CountReset { unit, before, now });
            }
            let proposal = promised.allot(&case, proposal);
            let decision = self.policy.settle(&case, proposal);
            let sample = sample.as_ref().ok().cloned();
            decided.push((project, sample, decision));
        }
        decided
    }

    /// Tells what was decided, to the log and to whoever waits for the answer to an order.
    fn tell(
        &mut self,
        project: &Project,
        sample: Option<&ProjectSample>,
        decision: &Decision,
        occasion: Occasion,
    ) {
        // Without figures an obstacle of the last check is neither there nor gone.
        if occasion == Occasion::Check || decision.reason != Reason::NoFiguresYet {
            self.reporter.decision(project, decision);
        }
        if let Some(Ok(queue)) = sample.and_then(|sample| sample.queue.as_ref()) {
            self.reporter.unacknowledged(project, queue);
            self.reporter.uncounted(project, queue);
        }
        if decision.reason == Reason::Booting {
            self.starting.push(project.name.clone());
        }
        match decision.action {
            // Answered when the step is over.
            Action::ScaleUp { .. } | Action::ScaleDown { .. } => {}
            Action::Hold | Action::Blocked => self.reply(&project.name, self.undone(project, decision)),
        }
    }

    /// The projects to look at when systemd has done something to `unit`. Not those with a step under way: what was done
    /// may be that step.
    pub(super) fn projects_of(&self, unit: &str) -> Vec<String> {
        let concerned = self.config.projects.values().filter(|project| {
            let is_unit = || project.service_name == unit;
            let is_instance = |template| number_of(template, unit).is_some();
            project.enabled
                && project.target.is_unit()
                && project.template().map_or_else(is_unit, is_instance)
                && !self.steps.is_under_way(&project.name)
        });
        let mut names: Vec<String> = concerned.map(|project| project.name.clone()).collect();
        let unknown = |name: &String| !self.config.projects.contains_key(name);
        names.extend(self.config.may_become(unit).filter(unknown));
        names
    }
}

#[cfg(test)]
mod tests;
