//! The Celery projects, and the Redis that they share.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use autoscaler_tests::broker::{Access, Redis};
use autoscaler_tests::celery::{App, Worker};
use autoscaler_tests::{ScratchCgroup, Venv};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::task::{JoinHandle, spawn_blocking};

use super::trace::{Recorded, SPEED};

/// Processes of a pool at most; it begins with one, its minimum.
const MOST: u32 = 4;

/// What each task waits, as for a database, s.
const TASK: f64 = 1.0;

/// Tasks in a batch, in the mean: with a batch every [`super::life`] minute two thirds of one process.
const BATCH: f64 = 40.0;

/// By what a pool is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Thresholds over waiting tasks.
    Thresholds,
    /// So many waiting tasks for each worker.
    TasksEach,
}

/// One Celery project. Fields are dropped in this order: who serves, then the cgroup, which kills what is still inside.
pub(super) struct Pool {
    pub(super) name: String,
    rule: Rule,
    load: Recorded,
    broker: String,
    app: Arc<App>,
    worker: Arc<Mutex<Worker>>,
    cgroup: Arc<ScratchCgroup>,
}

impl Pool {
    /// Starts pool `number` on a database of `redis` of its own.
    ///
    /// # Errors
    /// When its worker does not come up, or its load cannot be read.
    pub(super) fn start(venv: &Venv, redis: &Redis, number: u32, rule: Rule) -> Result<Self> {
        let name = format!("pool{number}");
        let broker = redis.database(number);
        let cgroup = Arc::new(ScratchCgroup::new(&format!("soak-{name}"))?);
        let app = Arc::new(App::new(venv, &broker)?);
        let worker = worker(&app, &cgroup, &name)?;
        Ok(Self {
            rule,
            load: Recorded::of(number as usize)?,
            broker,
            app,
            worker: Arc::new(Mutex::new(worker)),
            cgroup,
            name,
        })
    }

    /// Its part of the configuration.
    pub(super) fn configuration(&self) -> Value {
        let mut project = json!({
            "enabled": true,
            "cgroup": self.cgroup.relative(),
            "min_workers": 1,
            "max_workers": MOST,
            "redis_url": self.broker,
            "queue_duration_minutes": { "scale_up": 2.0 / SPEED, "scale_down": 10.0 / SPEED },
        });
        match self.rule {
            Rule::Thresholds => {
                project["queue_thresholds"] =
                    json!({ "scale_up_2": 10, "scale_up_3": 20, "scale_up_4": 30, "scale_down_1": 1 });
            }
            Rule::TasksEach => project["tasks_per_worker"] = json!(10),
        }
        project
    }

    /// The pids of its pool, as /proc lists the main process's children; `None` while it is started.
    pub(super) fn workers(&self) -> Option<Vec<u32>> {
        Some(self.worker.try_lock().ok()?.children())
    }

    /// Puts as many tasks into its queue as the recording has `elapsed` after the start. While the broker is away nobody can.
    pub(super) fn put(&self, elapsed: Duration) -> JoinHandle<()> {
        let count = whole(self.load.at(elapsed) * BATCH);
        let app = Arc::clone(&self.app);
        spawn_blocking(move || drop(app.put(count, TASK, 0)))
    }

    /// Tasks that have ended so far.
    pub(super) fn ended(&self) -> u32 {
        self.app.ended().values().sum()
    }

    /// Starts the worker anew: ended first, as systemd would, or where it has ended by itself.
    pub(super) fn again(&self) -> JoinHandle<Result<()>> {
        let (slot, app) = (Arc::clone(&self.worker), Arc::clone(&self.app));
        let (cgroup, name) = (Arc::clone(&self.cgroup), self.name.clone());
        spawn_blocking(move || {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            if slot.terminate().is_err() {
                // As systemd does in the end.
                for pid in cgroup.pids() {
                    let _ = super::signal(pid, Signal::SIGKILL);
                }
            }
            *slot = worker(&app, &cgroup, &name)?;
            Ok(())
        })
    }

    /// Whether its worker has ended by itself.
    pub(super) fn is_over(&self) -> bool {
        self.worker.try_lock().is_ok_and(|mut worker| worker.has_ended())
    }
}

fn worker(app: &App, cgroup: &ScratchCgroup, name: &str) -> Result<Worker> {
    Worker::start(app, cgroup, name, &["--concurrency", "1"])
}

/// The broker of all pools.
pub(super) struct Broker(Arc<Mutex<Redis>>);

impl Broker {
    /// Starts it.
    ///
    /// # Errors
    /// When redis-server does not come up.
    pub(super) fn start() -> Result<Self> {
        Ok(Self(Arc::new(Mutex::new(Redis::start(Access::Password)?))))
    }

    /// Runs `ask` with the server.
    pub(super) fn with<T>(&self, ask: impl FnOnce(&Redis) -> T) -> T {
        ask(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Kills it, and starts it again after `away`.
    pub(super) fn restart(&self, away: Duration) -> JoinHandle<Result<()>> {
        let redis = Arc::clone(&self.0);
        spawn_blocking(move || {
            let mut redis = redis.lock().unwrap_or_else(PoisonError::into_inner);
            redis.kill()?;
            thread::sleep(away);
            redis.start_again()
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to some hundreds"
)]
fn whole(value: f64) -> u32 {
    value.round() as u32
}
