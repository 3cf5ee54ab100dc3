//! One check: observe → decide → act → report, for every project.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::task::{Id, JoinSet};

use super::Options;
use super::state::{Histories, State};
use crate::act::{self, Actor, Mode as ActMode, Outcome};
use crate::config::{Config, LoadError, Loaded, Project};
use crate::decide::{Decision, decide};
use crate::observe::cgroup::CgroupMount;
use crate::observe::process::Procfs;
use crate::observe::service::{Bus, Systemd, UnitEvents};
use crate::observe::usage::WhyNotEbpf;
use crate::observe::{Observer, ProjectSample, Snapshot, usage};
use crate::report::{Message, Reporter};

/// What the daemon carries from check to check.
pub(super) struct Checks {
    config: Config,
    bus: Bus,
    observer: Observer<Systemd>,
    without_ebpf: Option<WhyNotEbpf>,
    histories: Histories,
    actor: Arc<Actor>,
    actions: JoinSet<Finished>,
    /// Projects with a step under way, by its task: they are not decided about until it is over.
    busy: HashMap<Id, String>,
    reporter: Reporter,
    state: State,
    dry_run: bool,
    told: Told,
}

/// Faults that have been told and are not over: each is told once.
#[derive(Debug, Default)]
struct Told {
    /// The last check could not observe the host.
    failing: bool,
    /// The last check had no CPU figures at all.
    blind: bool,
    /// The held times could not be saved.
    unsaved: bool,
}

/// A step that is over.
struct Finished {
    project: Project,
    outcome: Outcome,
}

fn actor(options: &Options, bus: Bus) -> Result<Actor> {
    let procfs = Procfs::default();
    let mount = CgroupMount::discover(&procfs)?;
    let mode = ActMode {
        dry_run: options.dry_run,
        ..ActMode::default()
    };
    Ok(Actor::new(
        procfs,
        mount,
        Some(Arc::new(act::Systemd::new(bus))),
        mode,
    ))
}

impl Checks {
    /// Opens the sources and takes over what an earlier daemon held.
    pub(super) fn start(loaded: Loaded, options: &Options) -> Result<Self> {
        let (source, without_ebpf) = usage::open();
        let bus = Bus::default();
        let mut checks = Self {
            reporter: Reporter::new(loaded.config.global.language),
            observer: Observer::new(Systemd::new(bus.clone()), source),
            without_ebpf,
            histories: Histories::new(),
            actor: Arc::new(actor(options, bus.clone())?),
            actions: JoinSet::new(),
            busy: HashMap::new(),
            state: State::new(&options.runtime_dir),
            dry_run: options.dry_run,
            told: Told::default(),
            bus,
            config: loaded.config,
        };
        for notice in &loaded.notices {
            checks.reporter.say(&Message::Notice { notice });
        }
        match checks.state.load() {
            Ok(histories) => checks.histories = histories,
            Err(error) => checks.reporter.say(&Message::StateIgnored {
                path: checks.state.path(),
                why: &error.to_string(),
            }),
        }
        Ok(checks)
    }

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

    pub(super) fn say_stopped(&self) {
        self.reporter.say(&Message::Stopped);
    }

    /// The line for `systemctl status`.
    pub(super) fn status(&self) -> String {
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
        while !self.actions.is_empty() {
            self.action_done().await;
        }
        Ok(())
    }

    /// One check of the daemon. What fails is told and tried again at the next.
    pub(super) async fn check(&mut self) {
        let snapshot = match self.observer.observe(&self.config).await {
            Ok(snapshot) => snapshot,
            Err(error) => {
                if !std::mem::replace(&mut self.told.failing, true) {
                    self.reporter.say(&Message::CheckFailed {
                        why: &format!("{error:#}"),
                    });
                }
                return;
            }
        };
        if std::mem::replace(&mut self.told.failing, false) {
            self.reporter.say(&Message::CheckRecovered);
        }
        self.say_usage_fault();
        for (project, sample, decision) in self.decide(&snapshot) {
            self.reporter.decision(&project, &decision);
            self.act(project, sample, decision);
        }
        self.save();
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
        let mut decided = Vec::with_capacity(snapshot.projects.len());
        for (name, sample) in &snapshot.projects {
            let Some(project) = self.config.projects.get(name) else {
                continue;
            };
            if self.busy.values().any(|busy| busy == name) {
                continue;
            }
            let history = self.histories.entry(name.clone()).or_default();
            let lost_before = history.count_to_restore();
            let decision = decide(project, &snapshot.host, sample, history);
            if let (Some(before), Some(now), None) =
                (history.count_to_restore(), decision.figures.workers, lost_before)
            {
                let unit = &project.service_name;
                self.reporter
                    .say_of(project, &Message::CountReset { unit, before, now });
            }
            decided.push((project.clone(), sample.as_ref().ok().cloned(), decision));
        }
        decided
    }

    /// Starts the step that was decided, or else brings the memory limit in step with the workers seen.
    fn act(&mut self, project: Project, sample: Option<ProjectSample>, decision: Decision) {
        let Some(sample) = sample.filter(|_| project.enabled) else {
            return;
        };
        let actor = Arc::clone(&self.actor);
        let name = project.name.clone();
        let task = self.actions.spawn(async move {
            let outcome = actor.apply(&project, &sample, &decision).await;
            Finished { project, outcome }
        });
        self.busy.insert(task.id(), name);
    }

    /// Waits for a step to be over and tells what came of it; never returns while none is under way.
    pub(super) async fn action_done(&mut self) {
        match self.actions.join_next_with_id().await {
            None => std::future::pending().await,
            Some(Ok((id, Finished { project, outcome }))) => {
                self.busy.remove(&id);
                self.reporter.outcome(&project, &outcome);
            }
            Some(Err(panic)) => {
                self.busy.remove(&panic.id());
                self.reporter.say(&Message::CheckFailed {
                    why: &panic.to_string(),
                });
            }
        }
    }

    /// The ends of systemd's jobs.
    pub(super) fn unit_events(&self) -> UnitEvents {
        UnitEvents::new(self.bus.clone())
    }

    /// Whether any project is a unit of systemd's.
    pub(super) fn use_systemd(&self) -> bool {
        self.config
            .projects
            .values()
            .any(|project| project.cgroup.is_none())
    }

    /// Whether `unit` is a project's.
    pub(super) fn watch_unit(&self, unit: &str) -> bool {
        self.config
            .projects
            .values()
            .any(|project| project.enabled && project.service_name == unit)
    }

    /// Puts a new configuration in force, or says why it cannot be.
    pub(super) fn reload(&mut self, loaded: Result<Loaded, LoadError>) {
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                return self.reporter.say(&Message::ConfigKept {
                    why: &error.to_string(),
                });
            }
        };
        let changes = loaded.config.changes_since(&self.config);
        for name in &changes.changed {
            if let Some(history) = self.histories.get_mut(name) {
                history.rules_changed();
            }
        }
        self.config = loaded.config;
        self.histories
            .retain(|name, _| self.config.projects.contains_key(name));
        self.reporter
            .retain(|name| self.config.projects.contains_key(name));
        self.reporter.set_language(self.config.global.language);
        self.reporter.say(&Message::Reloaded { changes: &changes });
        for notice in &loaded.notices {
            self.reporter.say(&Message::Notice { notice });
        }
    }

    fn save(&mut self) {
        if self.dry_run {
            return;
        }
        let result = self.state.save(&self.histories);
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
