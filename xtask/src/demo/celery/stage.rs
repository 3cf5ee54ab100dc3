//! All that the demo starts and makes. Dropping it ends and removes everything.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use autoscaler::config;
use autoscaler::decide::utilization_percent;
use autoscaler::host::service::Systemd;
use autoscaler::host::usage;
use autoscaler::model::Config;
use autoscaler::observe::Observer;
use autoscaler_tests::broker::{Access, Redis};
use autoscaler_tests::celery::{App, Worker};
use autoscaler_tests::venv::target_dir;
use autoscaler_tests::{ScratchCgroup, Venv, until};
use serde_json::json;
use tokio::task::{JoinHandle, spawn_blocking};

use super::super::Language;
use super::super::daemon::Daemon;
use super::record::{Point, Record};
use super::timeline::Timeline;

/// The project's name, and its node's.
const PROJECT: &str = "demo";
/// `max_workers`; the project begins with one, its minimum.
pub(super) const MOST_WORKERS: u32 = 4;
/// What each task waits, as for a database.
const TASK_SECONDS: f64 = 0.25;

/// A Celery worker notices within 5 s that a process of its pool has ended, and counts it until then.
const NOTICED: Duration = Duration::from_secs(10);

/// What one look saw.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Seen {
    /// Tasks that wait in Redis.
    pub(super) waiting: Option<u64>,
    /// Tasks that the worker fetched ahead.
    pub(super) reserved: Option<u64>,
    /// Tasks that run.
    pub(super) active: Option<u32>,
    /// Pool processes.
    pub(super) workers: u32,
    /// The project's CPU, percent of what its workers could use.
    pub(super) cpu: Option<f64>,
    /// Tasks that have ended, by their own journal.
    pub(super) ended: u32,
}

/// The running stage. Fields are dropped in this order: who watches, who serves, the broker, then the cgroup,
/// which kills what is still inside it.
pub(super) struct Stage {
    pub(super) daemon: Daemon,
    observer: Observer<Systemd>,
    config: Config,
    worker: Worker,
    app: Arc<App>,
    redis: Redis,
    cgroup: ScratchCgroup,
}

impl Stage {
    /// Starts everything; no task is put yet.
    pub(super) async fn set(venv: &Venv, daemon: &Path, language: Language) -> Result<Self> {
        let redis = Redis::start(Access::Password)?;
        let app = App::new(venv, &redis.url())?;
        let cgroup = ScratchCgroup::new("demo-celery")?;
        let worker = Worker::start(&app, &cgroup, PROJECT, &["--concurrency", "1"])?;
        let home = target_dir().join("demo-celery");
        let file = write_config(&home, &cgroup, &redis, language)?;
        let config = config::load(&file)?.config;
        let mut observer = Observer::new(Systemd::default(), usage::open().0);
        observer.observe(&config).await?;
        let daemon = Daemon::start(daemon, &home, &file)?;
        Ok(Self {
            daemon,
            observer,
            config,
            worker,
            app: Arc::new(app),
            redis,
            cgroup,
        })
    }

    /// What is about to be seen, as pairs of a word and what it stands for.
    pub(super) fn introduction(&self) -> Vec<(&'static str, String)> {
        let cgroup = self.cgroup.path().display();
        vec![
            (
                "project",
                format!(
                    "celery worker with 1 pool process (pid {}), each task waits {:.0} ms; in the cgroup {cgroup}",
                    self.worker.pid(),
                    TASK_SECONDS * 1e3
                ),
            ),
            (
                "broker",
                format!(
                    "redis-server of its own on port {}, with a password",
                    self.redis.port()
                ),
            ),
            ("daemon", self.daemon.command.clone()),
            (
                "rungs",
                "2 processes above 10 waiting tasks, 3 above 30, 4 above 60; 1 again below 1".to_owned(),
            ),
            (
                "reserved",
                "fetched ahead by the worker: neither waiting in the broker nor running".to_owned(),
            ),
        ]
    }

    /// Puts `count` tasks numbered from `first`, meanwhile.
    pub(super) fn put(&self, count: u32, first: u32) -> Option<JoinHandle<Result<()>>> {
        let app = Arc::clone(&self.app);
        (count > 0).then(|| spawn_blocking(move || app.put(count, TASK_SECONDS, first)))
    }

    /// Looks with the daemon's own observer.
    pub(super) async fn look(&mut self) -> Result<Seen> {
        let snapshot = self.observer.observe(&self.config).await?;
        let project = &self.config.projects[PROJECT];
        let sample = match &snapshot.projects[PROJECT] {
            Ok(sample) => sample,
            Err(fault) => bail!("the project cannot be observed: {fault:?}"),
        };
        let queue = sample.queue.as_ref().and_then(|queue| queue.as_ref().ok());
        let workers = sample.worker_count();
        let percent = |cpu| utilization_percent(project.cpu_basis, &snapshot.host, cpu, workers);
        Ok(Seen {
            waiting: queue.map(|queue| queue.waiting),
            reserved: queue.and_then(|queue| queue.reserved),
            active: queue.and_then(|queue| queue.active),
            workers,
            cpu: sample.cpu.as_ref().and_then(percent),
            ended: self.app.ended().values().sum(),
        })
    }

    /// Ends the daemon and judges what was seen.
    pub(super) async fn end(self, record: Record, timeline: &mut Timeline<impl Write>) -> Result<Vec<Point>> {
        let Self {
            daemon,
            app,
            worker: _worker,
            redis: _redis,
            cgroup: _cgroup,
            ..
        } = self;
        let (last, status) = daemon.end().await?;
        for line in last {
            timeline.log(&line)?;
        }
        if !status.success() {
            bail!("the daemon ended with {status} after SIGTERM");
        }
        let once = app
            .check_exactly_once(record.put())
            .map_err(|error| error.to_string());
        let node = format!("{PROJECT}@test");
        let processes = || {
            let says = app.inspect("stats").ok()?;
            Some(says[node.as_str()]["pool"]["processes"].as_array()?.len())
        };
        let mut says = None;
        // Late or not, the verdict is over what Celery says last.
        let _ = until("Celery's own count", NOTICED, || {
            says = processes();
            (says == Some(record.workers())).then_some(())
        });
        Ok(record.judge(once, says))
    }
}

fn write_config(home: &Path, cgroup: &ScratchCgroup, redis: &Redis, language: Language) -> Result<PathBuf> {
    fs::create_dir_all(home).with_context(|| format!("cannot make {}", home.display()))?;
    let file = home.join("config.json");
    let config = json!({
        "global": {
            "check_interval_seconds": 1,
            "language": language.key(),
            // Small machines are welcome; the rules have tests of their own.
            "scale_up_on_saturated_host": true,
            "min_available_mb_per_worker": 1,
            "scale_down_min_available_mb": 1,
        },
        "projects": {
            PROJECT: {
                "enabled": true,
                "cgroup": cgroup.relative(),
                "min_workers": 1,
                "max_workers": MOST_WORKERS,
                "redis_url": redis.url(),
                "queue_thresholds": { "scale_up_2": 10, "scale_up_3": 30, "scale_up_4": 60, "scale_down_1": 1 },
                "queue_duration_minutes": { "scale_up": 0.03, "scale_down": 0.1 },
            }
        }
    });
    fs::write(&file, serde_json::to_string_pretty(&config)?)
        .with_context(|| format!("cannot write {}", file.display()))?;
    // It holds a password.
    let permissions = fs::Permissions::from_mode(0o600);
    fs::set_permissions(&file, permissions).with_context(|| format!("cannot protect {}", file.display()))?;
    Ok(file)
}
