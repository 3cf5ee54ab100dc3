//! One check: observe → decide → act → report, for every project.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinError, JoinSet};

use super::boots::ReloadWaits;
use super::holds::Holds;
use super::keep::{Keeper, as_kept};
use super::meter::Meter;
use super::orders::Orders;
use super::standing::Standings;
use super::state::{Histories, State};
use super::steps::{Finished, UnderWay};
use crate::act::Actor;
use crate::config::{Config, Language, Project};
use crate::control::{Answer, SocketError, Status};
use crate::decide::{
    Decision, History, Order, Outlook, Promised, Reason, decide_between, decide_under, outlook,
};
use crate::history::News;
use crate::metrics;
use crate::observe::process::Procfs;
use crate::observe::service::{Bus, Systemd, UnitEvents};
use crate::observe::usage::WhyNotEbpf;
use crate::observe::{Host, Observer, ProjectSample, Snapshot, Unobservable};
use crate::report::{Message, Reporter};

/// What the daemon carries from check to check.
pub(super) struct Checks {
    pub(super) config: Config,
    pub(super) bus: Bus,
    pub(super) observer: Observer<Systemd>,
    pub(super) without_ebpf: Option<WhyNotEbpf>,
    pub(super) histories: Histories,
    pub(super) orders: Orders,
    /// Who waits for the end of the order that was given for a project.
    pub(super) asked: BTreeMap<String, oneshot::Sender<Answer>>,
    /// Projects whose order came while a step was under way.
    pub(super) waiting: BTreeSet<String>,
    pub(super) standings: Standings,
    pub(super) keeper: Keeper,
    pub(super) meter: Meter,
    pub(super) published: watch::Sender<Arc<Status>>,
    pub(super) actor: Arc<Actor>,
    pub(super) actions: JoinSet<Finished>,
    /// The steps under way, by project: none is decided about until its own is over.
    pub(super) busy: BTreeMap<String, UnderWay>,
    pub(super) reporter: Reporter,
    pub(super) state: State,
    pub(super) dry_run: bool,
    pub(super) told: Told,
    /// The language that whoever is being answered asked for.
    pub(super) speaking: Option<Language>,
    pub(super) started_at: SystemTime,
    /// The projects whose server was just starting at the last check.
    pub(super) starting: Vec<String>,
    pub(super) procfs: Procfs,
    pub(super) holds: Holds,
    /// The steps up that wait for a reload, by project.
    pub(super) reload_waits: ReloadWaits,
    /// The host as the last check saw it, and when.
    pub(super) seen: Option<(SystemTime, Host)>,
}

/// Faults that have been told and are not over: each is told once.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Why the last check could not observe the host.
    failing: Option<String>,
    /// The last check had no CPU figures at all.
    blind: bool,
    /// The held times could not be saved.
    unsaved: bool,
}

/// How a look becomes a decision: [`decide_under`], or [`decide_between`] checks.
type Policy =
    fn(Option<Order>, &Project, &Host, &Result<ProjectSample, Unobservable>, &mut History) -> Decision;

/// Something that happened beside the checks.
#[derive(Debug)]
pub(super) enum Happened {
    /// A step is over.
    Step(Box<Result<Finished, JoinError>>),
    /// The history's writer has something to tell.
    History(News),
    /// The metrics' server wants something.
    Metrics(metrics::Message),
}

impl Checks {
    /// Time between two checks.
    pub(super) fn interval(&self) -> Duration {
        self.config.global.check_interval
    }

    pub(super) fn say_started(&self) {
        self.reporter.say(&Message::Started {
            version: env!("CARGO_PKG_VERSION"),
            enabled: self.enabled(),
            projects: self.config.projects.len(),
            interval: self.interval(),
            source: self.observer.source_kind(),
            dry_run: self.dry_run,
        });
        if let Some(why) = &self.without_ebpf {
            self.reporter.say(&Message::WithoutEbpf { why });
        }
    }

    /// Has the last figures written, and says goodbye.
    pub(super) fn stop(&mut self) {
        self.keeper.finish();
        self.reporter.say(&Message::Stopped);
    }

    pub(super) fn say_no_control(&self, why: &SocketError) {
        self.reporter.say(&Message::NoControl { why });
    }

    /// Why the last check failed as a whole.
    pub(super) fn failing(&self) -> Option<&str> {
        self.told.failing.as_deref()
    }

    /// The projects that the last check left as they were since their server was just starting.
    pub(super) fn starting(&self) -> &[String] {
        &self.starting
    }

    /// The line for `systemctl status`.
    pub(super) fn line(&self) -> String {
        self.reporter.render(&Message::Status {
            enabled: self.enabled(),
            acting: self.busy.len(),
        })
    }

    fn enabled(&self) -> usize {
        self.config
            .projects
            .values()
            .filter(|project| project.enabled)
            .count()
    }

    /// Reads the counters that the next check's means begin at.
    pub(super) async fn baseline(&mut self) -> Result<()> {
        self.observer.observe(&self.config).await?;
        Ok(())
    }

    /// One check whose every decision is told, and whose steps are waited for.
    pub(super) async fn once(&mut self) -> Result<()> {
        if let Some(why) = &self.without_ebpf {
            self.reporter.say(&Message::WithoutEbpf { why });
        }
        let snapshot = self.observer.observe(&self.config).await?;
        for (project, sample, decision) in self.decide(&snapshot) {
            self.reporter.verdict(&project, &decision);
            self.act(project, sample, decision);
        }
        while let Some(step) = self.actions.join_next().await {
            self.steps_over(step).await;
        }
        Ok(())
    }

    /// One check of the daemon, and how long it took.
    pub(super) async fn timed_check(&mut self) {
        let started = Instant::now();
        self.check().await;
        self.meter.took(started.elapsed());
    }

    /// One check of the daemon. What fails is told and tried again at the next.
    async fn check(&mut self) {
        let snapshot = match self.observer.observe(&self.config).await {
            Ok(snapshot) => snapshot,
            Err(error) => {
                let why = error.to_string();
                if self.told.failing.is_none() {
                    self.reporter.say(&Message::CheckFailed { why: &why });
                }
                self.told.failing = Some(why);
                self.meter.failed();
                return self.publish();
            }
        };
        if self.told.failing.take().is_some() {
            self.reporter.say(&Message::CheckRecovered);
        }
        self.say_usage_fault();
        self.say_endless_steps();
        let decided = self.decide(&snapshot);
        let starting = decided
            .iter()
            .filter(|(.., decision)| decision.reason == Reason::Booting);
        self.starting = starting.map(|(project, ..)| project.name.clone()).collect();
        let decisions: BTreeMap<&str, &Decision> = decided
            .iter()
            .map(|(project, _, decision)| (project.name.as_str(), decision))
            .collect();
        let kept = as_kept(&self.config, &snapshot, |name| decisions.get(name).copied());
        self.meter.checked(snapshot.host, &kept);
        self.keeper.check(snapshot.host, kept);
        for (project, sample, decision) in decided {
            self.reporter.decision(&project, &decision);
            if let Some(Ok(queue)) = sample.as_ref().and_then(|sample| sample.queue.as_ref()) {
                self.reporter.unacknowledged(&project, queue);
                self.reporter.uncounted(&project, queue);
            }
            self.act(project, sample, decision);
        }
        self.save();
        self.publish();
    }

    fn say_usage_fault(&mut self) {
        let fault = self.observer.usage_fault();
        match fault {
            Some(why) if !self.told.blind => self.reporter.say(&Message::NoCpuFigures { why }),
            None if self.told.blind => self.reporter.say(&Message::CpuFiguresBack),
            _ => {}
        }
        self.told.blind = fault.is_some();
    }

    fn decide(&mut self, snapshot: &Snapshot) -> Vec<(Project, Option<ProjectSample>, Decision)> {
        self.seen = Some((SystemTime::now(), snapshot.host));
        self.expire_orders();
        let mut decided = Vec::with_capacity(snapshot.projects.len());
        let mut promised = Promised::default();
        for (name, sample) in &snapshot.projects {
            let Some(project) = self.config.projects.get(name).cloned() else {
                continue;
            };
            if self.is_busy(name) {
                continue;
            }
            let decision = self.decide_by(decide_under, &project, &snapshot.host, sample, &promised);
            promised.add(&project, decision.action);
            decided.push((project, sample.as_ref().ok().cloned(), decision));
        }
        decided
    }

    /// Decides for one project that is looked at between two checks, alone.
    pub(super) fn decide_between_checks(
        &mut self,
        project: &Project,
        host: &Host,
        sample: &Result<ProjectSample, Unobservable>,
    ) -> Decision {
        self.decide_by(decide_between, project, host, sample, &Promised::default())
    }

    /// Decides for one project by `policy` under its order by hand, beside what is `promised` to others, and tells of
    /// workers that a reload or restart cost it.
    fn decide_by(
        &mut self,
        policy: Policy,
        project: &Project,
        host: &Host,
        sample: &Result<ProjectSample, Unobservable>,
        promised: &Promised,
    ) -> Decision {
        let order = self.orders.take(&project.name);
        let lost_before = self
            .histories
            .entry(project.name.clone())
            .or_default()
            .count_to_restore();
        let decision = self.decide_knowing_boots(project, sample, |history| {
            promised.judge(host, history, |host, history| {
                policy(order, project, host, sample, history)
            })
        });
        let decision = self.holds.judge(&project.name, decision);
        let history = self.histories.entry(project.name.clone()).or_default();
        if let (Some(before), Some(now), None) =
            (history.count_to_restore(), decision.figures.workers, lost_before)
        {
            let unit = &project.service_name;
            self.reporter
                .say_of(project, &Message::CountReset { unit, before, now });
        }
        self.note(project, host, sample, &decision);
        decision
    }

    /// Notes a decision for those who ask.
    fn note(
        &mut self,
        project: &Project,
        host: &Host,
        sample: &Result<ProjectSample, Unobservable>,
        decision: &Decision,
    ) {
        let sample = sample.as_ref().ok();
        let outlook = match (sample, self.histories.get(&project.name)) {
            (Some(sample), Some(history)) => {
                outlook(project, host, sample, history).explained(&decision.reason)
            }
            _ => Outlook::default(),
        };
        self.standings.decided(&project.name, decision, sample, outlook);
    }

    /// Waits for something to happen beside the checks. Dropped while it waits, it loses nothing.
    pub(super) async fn happened(&mut self) -> Happened {
        tokio::select! {
            Some(step) = self.actions.join_next() => Happened::Step(Box::new(step)),
            news = self.keeper.news() => Happened::History(news),
            message = self.meter.message() => Happened::Metrics(message),
        }
    }

    /// Tells what happened, and does what follows from it.
    pub(super) async fn handle(&mut self, happened: Happened) {
        match happened {
            Happened::Step(step) => self.steps_over(*step).await,
            Happened::History(news) => self.say_history(&news),
            Happened::Metrics(metrics::Message::News(news)) => {
                self.reporter.say(&Message::Metrics { news: &news });
            }
            Happened::Metrics(metrics::Message::Wanted(reply)) => {
                // Who asked may have gone meanwhile.
                let _ = reply.send(self.scrape());
            }
        }
    }

    /// The ends of systemd's jobs.
    pub(super) fn unit_events(&self) -> UnitEvents {
        UnitEvents::new(&self.bus)
    }

    /// Whether any project is a unit of systemd's.
    pub(super) fn use_systemd(&self) -> bool {
        self.config
            .projects
            .values()
            .any(|project| project.cgroup.is_none())
    }

    pub(super) fn save(&mut self) {
        if self.dry_run {
            return;
        }
        let result = self.state.save(&self.histories, &self.orders.lasting());
        if let Err(error) = &result
            && !self.told.unsaved
        {
            let path = self.state.path();
            self.reporter.say(&Message::StateNotSaved {
                path,
                why: &error.to_string(),
            });
        }
        self.told.unsaved = result.is_err();
    }
}
