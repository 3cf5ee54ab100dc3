//! A web project: a real gunicorn in a cgroup of its own, those who ask it, and what befalls it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use autoscaler_tests::server::Options;
use autoscaler_tests::{Address, ScratchCgroup, Server, Venv, until};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::trace::{Recorded, SPEED};
use super::visitors::Visitors;
use super::{one_of, signal};
use crate::load::Target;

/// Bounds of each site.
pub(super) const FEWEST: u32 = 1;
pub(super) const MOST: u32 = 6;

/// A request that takes longer has failed.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);

/// Time in which the processes of a killed master are gone.
const GONE: Duration = Duration::from_secs(30);

/// Of what a site's most workers can serve at least so much is asked for at most: what is asked for is answered some day.
const BUSIEST: f64 = 0.8;

/// By what a site is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Thresholds over CPU.
    Cpu,
    /// Thresholds over busy workers.
    Busy,
    /// Thresholds over the wait of requests.
    Wait,
    /// A promise about waiting.
    Promise,
}

impl Rule {
    /// What each request does.
    fn path(self) -> &'static str {
        match self {
            Self::Cpu => "/burn/0.01/sleep/0.02",
            Self::Busy | Self::Wait | Self::Promise => "/sleep/0.35",
        }
    }

    /// For how long a worker is busy with one, s.
    fn service(self) -> f64 {
        match self {
            Self::Cpu => 0.03,
            Self::Busy | Self::Wait | Self::Promise => 0.35,
        }
    }

    /// Requests a second, in the mean.
    fn per_second(self) -> f64 {
        match self {
            Self::Cpu => 3.0,
            Self::Busy | Self::Wait | Self::Promise => 2.0,
        }
    }

    /// Its keys in the configuration, beside the bounds.
    fn keys(self) -> Value {
        let duration = json!({ "scale_up": 3.0 / SPEED, "scale_down": 15.0 / SPEED });
        match self {
            Self::Cpu => json!({
                "cpu_thresholds": { "scale_up_2": 6.5, "scale_up_3": 7, "scale_up_4": 8, "scale_down_1": 1.5, "scale_down_2": 1.5 },
                "cpu_duration_minutes": duration,
                "requests": true,
            }),
            Self::Busy => json!({
                "busy_thresholds": {
                    "scale_up_2": 60, "scale_up_3": 65, "scale_up_4": 70, "scale_up_5": 70, "scale_up_6": 75,
                    "scale_down_1": 35, "scale_down_3": 45,
                },
                "busy_duration_minutes": duration,
            }),
            Self::Wait => json!({
                "wait_thresholds": { "scale_up_2": 100, "scale_up_3": 150, "scale_up_6": 200, "scale_down_1": 20, "scale_down_2": 30 },
                "wait_duration_minutes": duration,
            }),
            Self::Promise => json!({ "policy": "target" }),
        }
    }
}

/// One site. Fields are dropped in this order: who asks, who serves, then the cgroup, which kills what is still inside.
pub(super) struct Site {
    pub(super) name: String,
    pub(super) rule: Rule,
    pub(super) visitors: Visitors,
    load: Recorded,
    house: Arc<Mutex<House>>,
    cgroup: Arc<ScratchCgroup>,
}

/// The server, and how to start another in its place.
struct House {
    venv: Venv,
    options: Options,
    server: Server,
    cgroup: Arc<ScratchCgroup>,
}

impl Site {
    /// Starts site `number`.
    ///
    /// # Errors
    /// When its gunicorn does not come up, or its load cannot be read.
    pub(super) fn start(venv: &Venv, number: usize, rule: Rule, seed: u64) -> Result<Self> {
        let name = format!("site{number:02}");
        let cgroup = Arc::new(ScratchCgroup::new(&format!("soak-{name}"))?);
        let mut options = Options::workers(FEWEST);
        options.loopback = true;
        let server = Server::gunicorn(venv, &cgroup, &options)?;
        let Address::Loopback(port) = *server.address() else {
            bail!("gunicorn does not listen on loopback");
        };
        options.port = Some(port);
        let target = Target {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            path: rule.path().to_owned(),
            keep_alive: false,
            limit: ANSWER_LIMIT,
        };
        let house = House {
            venv: venv.clone(),
            options,
            server,
            cgroup: Arc::clone(&cgroup),
        };
        Ok(Self {
            name,
            rule,
            visitors: Visitors::start(&target, seed ^ (number as u64) << 40),
            load: Recorded::of(number)?,
            house: Arc::new(Mutex::new(house)),
            cgroup,
        })
    }

    /// Its part of the configuration.
    pub(super) fn configuration(&self) -> Value {
        let mut project = json!({
            "enabled": true,
            "cgroup": self.cgroup.relative(),
            "min_workers": FEWEST,
            "max_workers": MOST,
        });
        if let (Some(project), Value::Object(keys)) = (project.as_object_mut(), self.rule.keys()) {
            project.extend(keys);
        }
        project
    }

    /// As many come from now on as the recording has `elapsed` after the start.
    pub(super) fn load(&self, elapsed: Duration) {
        let most = BUSIEST * f64::from(MOST) / self.rule.service();
        self.visitors
            .set((self.load.at(elapsed) * self.rule.per_second()).min(most));
    }

    /// The pids of its workers, as /proc lists the master's children; `None` while it is started.
    pub(super) fn workers(&self) -> Option<Vec<u32>> {
        let house = self.house.try_lock().ok()?;
        Some(house.server.workers())
    }

    /// Has the master load the application anew.
    pub(super) fn reload(&self) -> Result<()> {
        let Ok(house) = self.house.try_lock() else {
            return Ok(());
        };
        signal(house.server.master_pid(), Signal::SIGHUP)
    }

    /// Kills one worker; `chance` is from 0 to 1.
    pub(super) fn kill_worker(&self, chance: f64) -> Result<()> {
        let Ok(house) = self.house.try_lock() else {
            return Ok(());
        };
        let workers = house.server.workers();
        let Some(pid) = one_of(&workers, chance) else {
            return Ok(());
        };
        self.visitors.log.kill_begins();
        let killed = signal(*pid, Signal::SIGKILL);
        self.visitors.log.kill_is_over();
        killed
    }

    /// Kills the master, and starts another as systemd would: with none of the old processes left.
    pub(super) fn kill_master(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        let (log, house) = (self.visitors.log.clone(), Arc::clone(&self.house));
        async move {
            log.kill_begins();
            let again = spawn_blocking(move || house.lock().unwrap_or_else(PoisonError::into_inner).again());
            again.await.context("the start of a killed site broke off")??;
            log.kill_is_over();
            Ok(())
        }
    }

    /// Nobody else comes, and all who have come get their answer.
    pub(super) async fn stop(&mut self) {
        self.visitors.stop().await;
    }
}

impl House {
    fn again(&mut self) -> Result<()> {
        self.server.kill()?;
        until("a killed site to be gone", GONE, || {
            let left = self.cgroup.pids();
            for pid in &left {
                let _ = signal(*pid, Signal::SIGKILL);
            }
            left.is_empty().then_some(())
        })?;
        self.server = Server::gunicorn(&self.venv, &self.cgroup, &self.options)?;
        Ok(())
    }
}
