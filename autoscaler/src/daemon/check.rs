//! What lasts from check to check, and what is said of checks as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::sync::{oneshot, watch};

use crate::control::{Answer, Status};
use crate::daemon::board::Board;
use crate::daemon::cycle::Awaited;
use crate::daemon::gather::Gathered;
use crate::daemon::keep::Keeper;
use crate::daemon::orders::Orders;
use crate::daemon::policy::Policy;
use crate::daemon::promises::Promises;
use crate::daemon::scrape::Exporter;
use crate::daemon::state_file::StateFile;
use crate::daemon::steps::{Ended, Steps};
use crate::host::service::{Bus, Systemd, UnitEvents};
use crate::metrics;
use crate::model::{
    Config, HistoryNews, HostError, Language, Project, ServiceError, SocketError, WhyNotEbpf,
};
use crate::observe::{Observer, Reading};
use crate::report::Reporter;
use crate::words::Message;

/// What the daemon carries from check to check.
pub(super) struct Checks {
    /// The configuration, with the bounds that its schedules ask for now.
    pub(super) config: Config,
    /// When the schedules were looked at last.
    pub(super) followed_at: Option<Timestamp>,
    pub(super) bus: Bus,
    pub(super) observer: Observer<Systemd>,
    pub(super) without_ebpf: Option<WhyNotEbpf>,
    pub(super) policy: Policy,
    pub(super) orders: Orders,
    /// Who waits for the end of the order that was given for a project.
    pub(super) asked: BTreeMap<String, oneshot::Sender<Answer>>,
    /// Projects whose order came while a step was under way.
    pub(super) waiting: BTreeSet<String>,
    pub(super) board: Board,
    pub(super) keeper: Keeper,
    pub(super) gathered: Gathered,
    pub(super) promises: Promises,
    pub(super) exporter: Exporter,
    pub(super) published: watch::Sender<Arc<Status>>,
    pub(super) steps: Steps,
    pub(super) reporter: Reporter,
    pub(super) state_file: StateFile,
    pub(super) dry_run: bool,
    pub(super) ongoing: Ongoing,
    /// The language that whoever is being answered asked for.
    pub(super) speaking: Option<Language>,
    pub(super) started_at: SystemTime,
    /// The projects that were left as they were since their server was just starting.
    pub(super) starting: Vec<String>,
    /// The projects of which something is still being read.
    pub(super) awaited: BTreeMap<String, Awaited>,
}

/// Faults that have been told and are not over: each is told once.
#[derive(Debug, Default)]
pub(super) struct Ongoing {
    /// Why the last check could not observe the host.
    failing: Option<HostError>,
    /// The last check had no CPU figures at all.
    blind: bool,
    /// Why requests cannot be seen, where a project wants them.
    requests_unseen: Option<WhyNotEbpf>,
    /// Why systemd could not be asked which instances of a template there are.
    pub(super) instances_unknown: Option<ServiceError>,
    /// The held times could not be saved.
    unsaved: bool,
    /// The configuration on disk is not in force.
    pub(super) config_refused: bool,
}

/// Something that happened beside the checks.
#[derive(Debug)]
pub(super) enum Happened {
    /// A step is over.
    Step(Box<Ended>),
    /// The history's writer has something to tell.
    History(HistoryNews),
    /// The metrics' server wants something.
    Metrics(metrics::ServerEvent),
    /// What a project that was set aside lacked has been read.
    Read(Box<Reading>),
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
    pub(super) fn failing(&self) -> Option<&HostError> {
        self.ongoing.failing.as_ref()
    }

    /// The projects whose server was found just starting since this was asked last.
    pub(super) fn take_starting(&mut self) -> Vec<String> {
        std::mem::take(&mut self.starting)
    }

    /// The line for `systemctl status`.
    pub(super) fn line(&self) -> String {
        self.reporter.render(&Message::Status {
            enabled: self.enabled(),
            acting: self.steps.count(),
        })
    }

    fn enabled(&self) -> usize {
        self.config
            .projects
            .values()
            .filter(|project| project.enabled)
            .count()
    }

    /// Says once that the host cannot be observed.
    pub(super) fn say_check_failed(&mut self, why: HostError) {
        if self.ongoing.failing.is_none() {
            self.reporter.say(&Message::CheckFailed { why: &why });
        }
        self.ongoing.failing = Some(why);
    }

    /// Says once that it can be observed again.
    pub(super) fn say_check_recovered(&mut self) {
        if self.ongoing.failing.take().is_some() {
            self.reporter.say(&Message::CheckRecovered);
        }
    }

    /// Says what the source of the CPU figures has to tell, once each.
    pub(super) fn say_usage_news(&mut self) {
        for news in self.observer.source_news() {
            self.reporter.say(&Message::Source { news: &news });
        }
        let fault = self.observer.usage_fault();
        match fault {
            Some(why) if !self.ongoing.blind => self.reporter.say(&Message::NoCpuFigures { why }),
            None if self.ongoing.blind => self.reporter.say(&Message::CpuFiguresBack),
            _ => {}
        }
        self.ongoing.blind = fault.is_some();
    }

    /// Says once why requests cannot be seen, and when they can be again.
    pub(super) fn say_request_news(&mut self) {
        let fault = self.observer.requests_fault().cloned();
        match (&fault, &self.ongoing.requests_unseen) {
            (Some(why), before) if Some(why) != before.as_ref() => {
                self.reporter.say(&Message::RequestsUnseen { why });
            }
            (None, Some(_)) if self.observer.requests_way().is_some() => {
                self.reporter.say(&Message::RequestsSeen);
            }
            _ => {}
        }
        self.ongoing.requests_unseen = fault;
    }

    /// Waits for something to happen beside the checks. Dropped while it waits, it loses nothing.
    pub(super) async fn happened(&mut self) -> Happened {
        tokio::select! {
            Some(step) = self.steps.over() => Happened::Step(Box::new(step)),
            news = self.keeper.news() => Happened::History(news),
            message = self.exporter.message() => Happened::Metrics(message),
            reading = self.observer.read() => Happened::Read(Box::new(reading)),
        }
    }

    /// Tells what happened, and does what follows from it.
    pub(super) async fn handle(&mut self, happened: Happened) {
        match happened {
            Happened::Step(step) => self.steps_over(*step).await,
            Happened::History(news) => self.say_history(&news),
            Happened::Read(reading) => self.read(*reading).await,
            Happened::Metrics(metrics::ServerEvent::News(news)) => {
                self.reporter.say(&Message::Metrics { news: &news });
            }
            Happened::Metrics(metrics::ServerEvent::Wanted(reply)) => {
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
            .any(|project| project.target.is_unit())
            || !self.config.families.is_empty()
    }

    /// Whether any project has a promise to keep.
    pub(super) fn has_promises(&self) -> bool {
        self.config.projects.values().any(Project::keeps_promise)
    }

    pub(super) fn save(&mut self) {
        if self.dry_run {
            return;
        }
        let result = self.state_file.save(self.policy.states(), &self.orders.lasting());
        if let Err(error) = &result
            && !self.ongoing.unsaved
        {
            let path = self.state_file.path();
            self.reporter.say(&Message::StateNotSaved { path, why: error });
        }
        self.ongoing.unsaved = result.is_err();
    }
}
