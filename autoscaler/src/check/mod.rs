//! Looks at the configuration and the host as the daemon would, and says what it would find: `autoscaler check`.
//!
//! It acts on nothing: it sends no signal and writes no file. The kernel program is really loaded and read, systemd
//! and the brokers are really asked, and a Celery worker is asked for its pool as at every check of the daemon.

mod daemon;
mod host;
mod metrics;
mod project;
mod source;
mod writable;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::{self, Loaded};
use crate::host::process::Procfs;
use crate::host::service::{Bus, Systemd};
use crate::model::{Config, Fact, Finding, Grade, HostError, Language, LoadError};
use crate::observe::{Observer, follow_instances};

/// Time over which the projects' CPU is measured.
const WINDOW: Duration = Duration::from_secs(1);

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Options {
    /// The configuration file.
    pub config: PathBuf,
    /// The running daemon's runtime directory.
    pub runtime_dir: PathBuf,
    /// Where the history is, unless the configuration names another place.
    pub state_dir: PathBuf,
    /// The language of the report.
    pub language: Language,
}

/// Everything that was found, in the order it was looked at.
#[derive(Debug)]
pub struct Report {
    /// The language to tell it in.
    pub language: Language,
    /// Whether the configuration could be loaded.
    pub loaded: bool,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many findings are of this grade.
    #[must_use]
    pub fn count(&self, grade: Grade) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.grade == grade)
            .count()
    }
}

/// Looks at everything. What cannot be looked at is a finding, never an error.
pub async fn run(options: &Options) -> Report {
    let (mut config, mut findings) = configuration(options);
    let procfs = Procfs::default();
    findings.extend(host::look(&procfs));
    let (source, facts) = source::open(&procfs);
    findings.extend(facts);
    let bus = Bus::default();
    findings.push(host::systemd(&bus, config.as_ref()).await);
    findings.push(daemon::look(&options.runtime_dir, options.language));
    if let Some(config) = &mut config {
        findings.extend(instances(&bus, config).await);
        findings.push(daemon::history(&config.global.history, &options.state_dir));
        findings.push(metrics::look(config.global.metrics.as_ref()).await);
    }
    let mut findings: Vec<Finding> = findings.into_iter().map(Finding::of_host).collect();
    if let Some(config) = &config {
        let mut observer = Observer::new(Systemd::new(bus), source);
        match projects(&procfs, &mut observer, config).await {
            Ok(found) => findings.extend(found),
            Err(error) => findings.push(Finding::of_host(Fact::HostUnreadable(error))),
        }
    }
    Report {
        language: options.language,
        loaded: config.is_some(),
        findings,
    }
}

/// The configuration, and what is to be said of it: each fault by itself, or they would be counted as one.
fn configuration(options: &Options) -> (Option<Config>, Vec<Fact>) {
    match config::load(&options.config) {
        Ok(Loaded { mut config, notices }) => {
            config.follow(Timestamp::now());
            let enabled = config.written().filter(|project| project.enabled);
            let loaded = Fact::ConfigLoaded {
                path: options.config.clone(),
                projects: config.written().count(),
                enabled: enabled.count(),
            };
            let notices = notices.into_iter().map(Fact::Notice);
            let facts = std::iter::once(loaded).chain(notices).collect();
            (Some(config), facts)
        }
        Err(LoadError::Invalid(errors)) => {
            let faults = errors.faults().iter().cloned().map(|fault| Fact::ConfigFault {
                path: options.config.clone(),
                fault,
            });
            (None, faults.collect())
        }
        Err(error) => (None, vec![Fact::ConfigUnreadable(error)]),
    }
}

/// The instances of each family. What systemd cannot be asked is told by [`host::systemd`].
async fn instances(bus: &Bus, config: &mut Config) -> Vec<Fact> {
    if follow_instances(config, &Systemd::new(bus.clone()))
        .await
        .1
        .is_err()
    {
        return Vec::new();
    }
    let families = config.families.iter();
    let told = families.map(|(name, family)| Fact::Instances {
        project: name.clone(),
        pattern: family.rules.service_name.clone(),
        instances: config
            .instances_of(name)
            .map(|project| project.name.clone())
            .collect(),
    });
    told.collect()
}

async fn projects(
    procfs: &Procfs,
    observer: &mut Observer<Systemd>,
    config: &Config,
) -> Result<Vec<Finding>, HostError> {
    // A disabled project is looked at as if it were not: that is what one wants to know before it is enabled.
    let mut wanted = config.clone();
    for project in wanted.projects.values_mut() {
        project.enabled = true;
    }
    if wanted.projects.is_empty() {
        return Ok(Vec::new());
    }
    let snapshot = observer.observe_over(&wanted, WINDOW).await?;
    let requests = match observer.requests_fault() {
        Some(why) => Some(Fact::RequestsUnseen(why.clone())),
        None => observer.requests_way().map(Fact::RequestsSeen),
    };
    let mut findings: Vec<Finding> = requests.into_iter().map(Finding::of_host).collect();
    for (name, sample) in &snapshot.projects {
        if let Some(project) = config.projects.get(name) {
            let mut facts = project::look(procfs, project, &snapshot.host, sample).await;
            if let Some(look) = observer.listening(name) {
                facts.extend(look.queues.iter().cloned().map(Fact::Listens));
                facts.extend(look.unseen.iter().cloned().map(Fact::ListensUnseen));
            }
            findings.extend(facts.into_iter().map(|fact| Finding::of_project(project, fact)));
        }
    }
    Ok(findings)
}
