//! All that the demo starts and makes. Dropping it ends and removes everything.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use autoscaler::control::{Answer, Client, Command, ProjectStatus};
use autoscaler_tests::server::Options;
use autoscaler_tests::venv::target_dir;
use autoscaler_tests::{Address, ScratchCgroup, Server, Venv, until};
use serde_json::{Value, json};

use super::SiteRules;
use super::record::{Record, SiteRecord};
use super::timeline::Timeline;
use crate::demo::Language;
use crate::demo::daemon::Daemon;
use crate::load::{Arrivals, Tally, Target};

/// What each request waits, as for a database.
pub(in crate::demo) const SERVICE: Duration = Duration::from_millis(200);
/// Workers that each site begins with, its minimum, and the most that it may have.
pub(in crate::demo) const FEWEST: u32 = 2;
pub(in crate::demo) const MOST: u32 = 8;
/// A request that takes longer has failed.
const ANSWER_LIMIT: Duration = Duration::from_mins(3);
/// The daemon answers from memory.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one look saw of a site.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Seen {
    pub(super) workers: u32,
    /// CPU, percent of what its workers could use.
    pub(super) cpu: Option<f64>,
    /// Workers that were busy, in the mean.
    pub(super) busy: f64,
    /// Requests that wait.
    pub(super) waiting: u64,
    /// The wait of 95 of 100 requests, s.
    pub(super) wait: Option<f64>,
}

/// One site, asked.
struct Site {
    name: &'static str,
    told: String,
    load: Arrivals,
    _server: Server,
    cgroup: ScratchCgroup,
}

/// The running stage. Fields are dropped in this order: who watches, then the sites.
pub(super) struct Stage {
    pub(super) daemon: Daemon,
    home: PathBuf,
    sites: Vec<Site>,
}

impl Stage {
    /// Starts everything; nobody asks yet.
    pub(super) fn set(venv: &Venv, daemon: &Path, rules: &[SiteRules], language: Language) -> Result<Self> {
        let sites: Vec<Site> = rules
            .iter()
            .map(|rules| Site::start(venv, rules))
            .collect::<Result<_>>()?;
        let home = target_dir().join("demo-sites");
        let cgroups: Vec<PathBuf> = sites.iter().map(|site| site.cgroup.relative()).collect();
        let file = write_config(&home, &config(rules, &cgroups, language))?;
        let daemon = Daemon::start(daemon, &home, &file)?;
        let socket = home.join("run");
        until("the daemon to answer", PATIENCE, || Client::connect(&socket).ok())?;
        Ok(Self { daemon, home, sites })
    }

    /// What is about to be seen, as pairs of a word and what it stands for.
    pub(super) fn introduction(&self) -> Vec<(&'static str, String)> {
        let mut introduction = vec![(
            "sites",
            format!(
                "gunicorns with {FEWEST} to {MOST} sync workers; each request waits {} ms, as for a database",
                SERVICE.as_millis()
            ),
        )];
        for site in &self.sites {
            let cgroup = site.cgroup.path().display();
            introduction.push((site.name, format!("{}; in the cgroup {cgroup}", site.told)));
        }
        introduction.push(("daemon", self.daemon.command.clone()));
        introduction.push(("figures", "the daemon's own, over its control socket".to_owned()));
        introduction
    }

    /// Has requests come that keep so many workers busy; how many a second.
    pub(super) fn offer(&mut self, workers: u32) -> f64 {
        let per_second = f64::from(workers) / SERVICE.as_secs_f64();
        for site in &mut self.sites {
            site.load.set(per_second);
        }
        per_second
    }

    /// Asks the daemon how the sites stand.
    pub(super) fn look(&self) -> Result<Vec<Seen>> {
        let mut client = Client::connect(&self.home.join("run"))?;
        let Answer::Status(status) = client.ask_within(Command::Status, PATIENCE)? else {
            bail!("the daemon gave no status");
        };
        let seen = |site: &Site| status.project(site.name).map(Seen::of).unwrap_or_default();
        Ok(self.sites.iter().map(seen).collect())
    }

    /// Lets every request come to its end and ends the daemon: what was seen.
    pub(super) async fn end(
        self,
        record: Record,
        timeline: &mut Timeline<impl Write>,
    ) -> Result<Vec<SiteRecord>> {
        let Self {
            daemon, mut sites, ..
        } = self;
        timeline.drain()?;
        for site in &mut sites {
            site.load.set(0.0);
        }
        let mut told = Vec::new();
        for site in sites {
            told.push(site.stop().await);
        }
        let (last, status) = daemon.end().await?;
        for line in last {
            timeline.log(&line)?;
        }
        if !status.success() {
            bail!("the daemon ended with {status} after SIGTERM");
        }
        Ok(record.told(told))
    }
}

impl Site {
    fn start(venv: &Venv, rules: &SiteRules) -> Result<Self> {
        let cgroup = ScratchCgroup::new(&format!("demo-{}", rules.name))?;
        let mut options = Options::workers(FEWEST);
        options.loopback = true;
        let server = Server::gunicorn(venv, &cgroup, &options)?;
        let Address::Loopback(port) = *server.address() else {
            bail!("gunicorn does not listen on loopback");
        };
        let target = Target {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            path: format!("/sleep/{}", SERVICE.as_secs_f64()),
            keep_alive: false,
            limit: ANSWER_LIMIT,
        };
        Ok(Self {
            name: rules.name,
            told: rules.told.clone(),
            load: Arrivals::start(&target),
            _server: server,
            cgroup,
        })
    }

    /// Lets every request come to its end; the server is there until then.
    async fn stop(self) -> Vec<Tally> {
        self.load.stop().await
    }
}

impl Seen {
    fn of(project: &ProjectStatus) -> Self {
        let requests = project.requests.unwrap_or_default();
        Self {
            workers: project.workers.unwrap_or(0),
            cpu: project.cpu_percent,
            busy: requests.busy,
            waiting: requests.waiting,
            wait: requests.wait_p95_seconds,
        }
    }
}

fn write_config(home: &Path, config: &Value) -> Result<PathBuf> {
    fs::create_dir_all(home).with_context(|| format!("cannot make {}", home.display()))?;
    let file = home.join("config.json");
    fs::write(&file, serde_json::to_string_pretty(config)?)
        .with_context(|| format!("cannot write {}", file.display()))?;
    let permissions = fs::Permissions::from_mode(0o644);
    fs::set_permissions(&file, permissions).with_context(|| format!("cannot protect {}", file.display()))?;
    Ok(file)
}

/// The daemon's configuration of these sites, each in its cgroup.
fn config(sites: &[SiteRules], cgroups: &[PathBuf], language: Language) -> Value {
    let mut projects = serde_json::Map::new();
    for (site, cgroup) in sites.iter().zip(cgroups) {
        let mut project = json!({
            "enabled": true,
            "cgroup": cgroup,
            "min_workers": FEWEST,
            "max_workers": MOST,
        });
        if let (Some(project), Some(rules)) = (project.as_object_mut(), site.rules.as_object()) {
            project.extend(rules.clone());
        }
        projects.insert(site.name.to_owned(), project);
    }
    json!({
        "global": {
            "check_interval_seconds": 1,
            "language": language.key(),
            // Small machines are welcome; the rules have tests of their own.
            "scale_up_on_saturated_host": true,
            "min_available_mb_per_worker": 16,
            "scale_down_min_available_mb": 16,
        },
        "projects": projects,
    })
}

/// Holds the sites of a show to what the daemon accepts.
#[cfg(test)]
pub(in crate::demo) fn accepted(show: &super::Show) {
    let cgroups: Vec<PathBuf> = show.sites.iter().map(|site| PathBuf::from(site.name)).collect();
    let text = config(&show.sites, &cgroups, Language::En).to_string();
    let loaded = autoscaler::config::parse("config.json", &text).unwrap();
    assert!(loaded.notices.is_empty(), "{:?}", loaded.notices);
    let mut projects = loaded.config.projects.values();
    assert!(projects.all(autoscaler::model::Project::wants_requests));
}
