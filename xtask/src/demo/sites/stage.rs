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

use super::record::Record;
use super::timeline::Timeline;
use crate::demo::Language;
use crate::demo::daemon::Daemon;
use crate::demo::verdict::Point;
use crate::load::{Arrivals, Target};

/// What each request waits, as for a database.
const SERVICE: Duration = Duration::from_millis(200);
/// Workers that each site begins with, its minimum, and the most that it may have.
pub(super) const FEWEST: u32 = 2;
pub(super) const MOST: u32 = 8;
/// A request that takes longer has failed.
const ANSWER_LIMIT: Duration = Duration::from_mins(3);
/// The daemon answers from memory.
const PATIENCE: Duration = Duration::from_secs(10);

/// The two sites, in the order of every pair here.
pub(super) const SITES: [&str; 2] = ["by_cpu", "by_busy"];

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
    load: Arrivals,
    _server: Server,
    cgroup: ScratchCgroup,
}

/// The running stage. Fields are dropped in this order: who watches, then the sites.
pub(super) struct Stage {
    pub(super) daemon: Daemon,
    home: PathBuf,
    sites: [Site; 2],
}

impl Stage {
    /// Starts everything; nobody asks yet.
    pub(super) fn set(venv: &Venv, daemon: &Path, language: Language) -> Result<Self> {
        let sites = [Site::start(venv, SITES[0])?, Site::start(venv, SITES[1])?];
        let home = target_dir().join("demo-requests");
        let file = write_config(&home, &sites, language)?;
        let daemon = Daemon::start(daemon, &home, &file)?;
        let socket = home.join("run");
        until("the daemon to answer", PATIENCE, || Client::connect(&socket).ok())?;
        Ok(Self { daemon, home, sites })
    }

    /// What is about to be seen, as pairs of a word and what it stands for.
    pub(super) fn introduction(&self) -> Vec<(&'static str, String)> {
        let [cpu, busy] = &self.sites;
        let cgroup = |site: &Site| site.cgroup.path().display().to_string();
        vec![
            (
                "sites",
                format!(
                    "two gunicorns with {FEWEST} to {MOST} sync workers; each request waits {} ms, as for a database",
                    SERVICE.as_millis()
                ),
            ),
            (
                "by_cpu",
                format!("up above 65 and 75 % CPU; in the cgroup {}", cgroup(cpu)),
            ),
            (
                "by_busy",
                format!(
                    "up where 60 and 75 % of the workers are busy; in the cgroup {}",
                    cgroup(busy)
                ),
            ),
            ("daemon", self.daemon.command.clone()),
            ("figures", "the daemon's own, over its control socket".to_owned()),
        ]
    }

    /// Has requests come that keep so many workers busy; how many a second.
    pub(super) fn offer(&self, workers: u32) -> f64 {
        let per_second = f64::from(workers) / SERVICE.as_secs_f64();
        for site in &self.sites {
            site.load.set(per_second);
        }
        per_second
    }

    /// Asks the daemon how both sites stand.
    pub(super) fn look(&self) -> Result<[Seen; 2]> {
        let mut client = Client::connect(&self.home.join("run"))?;
        let Answer::Status(status) = client.ask_within(Command::Status, PATIENCE)? else {
            bail!("the daemon gave no status");
        };
        Ok(SITES.map(|site| status.project(site).map(Seen::of).unwrap_or_default()))
    }

    /// Lets every request come to its end, ends the daemon and judges what was seen.
    pub(super) async fn end(self, record: Record, timeline: &mut Timeline<impl Write>) -> Result<Vec<Point>> {
        let Self { daemon, sites, .. } = self;
        timeline.drain()?;
        let [cpu, busy] = sites;
        let (cpu, busy) = tokio::join!(cpu.load.stop(), busy.load.stop());
        let (last, status) = daemon.end().await?;
        for line in last {
            timeline.log(&line)?;
        }
        if !status.success() {
            bail!("the daemon ended with {status} after SIGTERM");
        }
        Ok(record.judge([&cpu, &busy]))
    }
}

impl Site {
    fn start(venv: &Venv, name: &str) -> Result<Self> {
        let cgroup = ScratchCgroup::new(&format!("demo-{name}"))?;
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
            load: Arrivals::start(&target),
            _server: server,
            cgroup,
        })
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

fn write_config(home: &Path, sites: &[Site; 2], language: Language) -> Result<PathBuf> {
    fs::create_dir_all(home).with_context(|| format!("cannot make {}", home.display()))?;
    let file = home.join("config.json");
    fs::write(
        &file,
        serde_json::to_string_pretty(&config(
            &sites.each_ref().map(|site| site.cgroup.relative()),
            language,
        ))?,
    )
    .with_context(|| format!("cannot write {}", file.display()))?;
    let permissions = fs::Permissions::from_mode(0o644);
    fs::set_permissions(&file, permissions).with_context(|| format!("cannot protect {}", file.display()))?;
    Ok(file)
}

fn config(cgroups: &[PathBuf; 2], language: Language) -> Value {
    let hold = json!({ "scale_up": 0.03, "scale_down": 0.1 });
    let site = |cgroup: &Path| {
        json!({
            "enabled": true,
            "cgroup": cgroup,
            "min_workers": FEWEST,
            "max_workers": MOST,
        })
    };
    let [mut cpu, mut busy] = cgroups.each_ref().map(|cgroup| site(cgroup));
    cpu["requests"] = true.into();
    cpu["cpu_thresholds"] =
        json!({ "scale_up_4": 65, "scale_up_8": 75, "scale_down_4": 45, "scale_down_2": 35 });
    cpu["cpu_duration_minutes"] = hold.clone();
    busy["busy_thresholds"] =
        json!({ "scale_up_4": 60, "scale_up_8": 75, "scale_down_4": 45, "scale_down_2": 30 });
    busy["busy_duration_minutes"] = hold;
    json!({
        "global": {
            "check_interval_seconds": 1,
            "language": language.key(),
            // Small machines are welcome; the rules have tests of their own.
            "scale_up_on_saturated_host": true,
            "min_available_mb_per_worker": 16,
            "scale_down_min_available_mb": 16,
        },
        "projects": { SITES[0]: cpu, SITES[1]: busy },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_accepts_the_configuration() {
        let text = config(&[PathBuf::from("a"), PathBuf::from("b")], Language::En).to_string();
        let loaded = autoscaler::config::parse("config.json", &text).unwrap();
        assert!(loaded.notices.is_empty(), "{:?}", loaded.notices);
        assert!(
            loaded
                .config
                .projects
                .values()
                .all(|project| project.requests.wanted)
        );
    }
}
