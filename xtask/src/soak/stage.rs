//! All that a soak starts and makes. Dropping it ends and removes everything.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use autoscaler::control::Command;
use autoscaler_tests::Venv;
use serde_json::Map;
use tokio::task::{JoinHandle, JoinSet};

use super::configuration::{Configuration, INTERVAL};
use super::counts::{Counts, Workers};
use super::life::{Happening, Life};
use super::one_of;
use super::site::{self, Site};
use super::tasks::{self, Broker, Pool};
use super::trace::SPEED;
use super::watch::Daemon;

/// The sites, by what scales them.
const SITES: [(site::Rule, usize); 4] = [
    (site::Rule::Cpu, 3),
    (site::Rule::Busy, 7),
    (site::Rule::Wait, 2),
    (site::Rule::Promise, 6),
];

/// The pools.
const POOLS: [tasks::Rule; 2] = [tasks::Rule::Thresholds, tasks::Rule::TasksEach];

/// For so long the broker is away.
const AWAY: Duration = Duration::from_secs(6);

/// An order holds for so long.
const ORDERED: u64 = 20;

/// The running stage. Fields are dropped in this order: who watches, who serves, the broker.
pub(super) struct Stage {
    pub(super) daemon: Daemon,
    pub(super) counts: Counts,
    /// How often each thing has happened.
    pub(super) happened: BTreeMap<Happening, u32>,
    /// Workers that ended though nobody killed them.
    pub(super) ended_by_themselves: u32,
    configuration: Configuration,
    life: Life,
    /// What takes its time: restarts, and tasks that are put.
    under_way: JoinSet<Result<()>>,
    sites: Vec<Site>,
    pools: Vec<Pool>,
    broker: Broker,
}

/// What became of all requests so far.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Requests {
    pub(super) answered: u64,
    /// Failed while somebody was killed who may have had them.
    pub(super) killed: u64,
    /// Failed though nobody was killed, in words.
    pub(super) unexplained: BTreeMap<String, u64>,
}

impl Stage {
    /// Starts everything; nobody asks yet.
    ///
    /// # Errors
    /// When something does not come up.
    pub(super) fn set(
        home: &Path,
        program: &Path,
        (gunicorn, celery): (&Venv, &Venv),
        seed: u64,
    ) -> Result<Self> {
        let rules = SITES
            .iter()
            .flat_map(|(rule, count)| std::iter::repeat_n(*rule, *count));
        let sites: Vec<Site> = rules
            .enumerate()
            .map(|(number, rule)| Site::start(gunicorn, number, rule, seed))
            .collect::<Result<_>>()?;
        let broker = Broker::start()?;
        let pools: Vec<Pool> = (0..)
            .zip(POOLS)
            .map(|(number, rule)| broker.with(|redis| Pool::start(celery, redis, number, rule)))
            .collect::<Result<_>>()?;
        let mut projects = Map::new();
        projects.extend(sites.iter().map(|site| (site.name.clone(), site.configuration())));
        projects.extend(pools.iter().map(|pool| (pool.name.clone(), pool.configuration())));
        let configuration = Configuration::write(home, projects)?;
        let daemon = Daemon::start(program, home, configuration.file())?;
        Ok(Self {
            daemon,
            counts: Counts::default(),
            happened: BTreeMap::new(),
            ended_by_themselves: 0,
            configuration,
            life: Life::new(seed),
            under_way: JoinSet::new(),
            sites,
            pools,
            broker,
        })
    }

    /// What is about to be seen.
    pub(super) fn introduction(&self) -> String {
        let many = |rule| self.sites.iter().filter(|site| site.rule == rule).count();
        format!(
            "{} gunicorns ({} by CPU, {} by busy workers, {} by the wait of requests, {} by a promise) and {} Celery pools, \
             {SPEED} times as fast as usual: recorded loads, and a check every {} s",
            self.sites.len(),
            many(site::Rule::Cpu),
            many(site::Rule::Busy),
            many(site::Rule::Wait),
            many(site::Rule::Promise),
            self.pools.len(),
            INTERVAL / SPEED,
        )
    }

    /// Has as many come as the recordings have `elapsed` after the start, and whatever else is due.
    ///
    /// # Errors
    /// When a site or the broker does not come up again.
    pub(super) fn live(&mut self, elapsed: Duration) -> Result<()> {
        while let Some(done) = self.under_way.try_join_next() {
            done??;
        }
        for site in &self.sites {
            site.load(elapsed);
        }
        for happening in self.life.due(elapsed) {
            *self.happened.entry(happening).or_default() += 1;
            self.happen(happening, elapsed)?;
        }
        for pool in &self.pools {
            if pool.is_over() {
                self.ended_by_themselves += 1;
                flatten(&mut self.under_way, pool.again());
            }
        }
        Ok(())
    }

    fn happen(&mut self, happening: Happening, elapsed: Duration) -> Result<()> {
        let (chance, another) = (self.life.chance(), self.life.chance());
        let site = one_of(&self.sites, chance).filter(|site| site.workers().is_some());
        match (happening, site) {
            (Happening::Reload, Some(site)) => site.reload()?,
            (Happening::WorkerKilled, Some(site)) => site.kill_worker(another)?,
            (Happening::MasterKilled, Some(site)) => {
                self.under_way.spawn(site.kill_master());
            }
            (Happening::Edit, _) => self.configuration.edit(another)?,
            (Happening::Order, Some(site)) => self.daemon.order(order(&site.name, another))?,
            (Happening::Batch, _) => {
                for pool in &self.pools {
                    let put = pool.put(elapsed);
                    self.under_way.spawn(async move { Ok(put.await?) });
                }
            }
            (Happening::BrokerKilled, _) => flatten(&mut self.under_way, self.broker.restart(AWAY)),
            (Happening::PoolRestarted, _) => {
                if let Some(pool) = one_of(&self.pools, another) {
                    flatten(&mut self.under_way, pool.again());
                }
            }
            // It is started at this moment.
            (_, None) => {}
        }
        Ok(())
    }

    /// Holds what the daemon says of workers to /proc.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn compare(&mut self) -> Result<()> {
        let status = self.daemon.status()?;
        let sites = self.sites.iter().map(|site| (site.name.clone(), site.workers()));
        let pools = self.pools.iter().map(|pool| (pool.name.clone(), pool.workers()));
        let now: Workers = sites.chain(pools).collect();
        // After the last of them was read, which takes a while on a busy machine.
        let at = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        self.counts.look(i64::try_from(at)?, now, &status);
        Ok(())
    }

    /// What became of all requests so far.
    pub(super) fn requests(&self) -> Requests {
        let mut requests = Requests::default();
        for site in &self.sites {
            requests.add(site);
        }
        requests
    }

    /// Tasks that have ended so far.
    pub(super) fn tasks(&self) -> u32 {
        self.pools.iter().map(Pool::ended).sum()
    }

    /// Lets every request come to its end, and ends the daemon.
    ///
    /// # Errors
    /// When it does not end as it should.
    pub(super) async fn end(mut self) -> Result<Requests> {
        while let Some(done) = self.under_way.join_next().await {
            done??;
        }
        for site in &mut self.sites {
            site.stop().await;
        }
        let requests = self.requests();
        self.daemon.end()?;
        Ok(requests)
    }
}

impl Requests {
    fn add(&mut self, site: &Site) {
        let seen = site.visitors.log.seen();
        self.answered += seen.answered;
        self.killed += seen.killed;
        for (why, count) in &seen.unexplained {
            *self
                .unexplained
                .entry(format!("{}: {why}", site.name))
                .or_default() += count;
        }
    }
}

/// Keeps a thread's work with what else is under way.
fn flatten(under_way: &mut JoinSet<Result<()>>, work: JoinHandle<Result<()>>) {
    under_way.spawn(async move { work.await? });
}

/// An order to a project, by chance.
fn order(project: &str, chance: f64) -> Command {
    let project = project.to_owned();
    if chance < 0.4 {
        Command::Scale {
            project,
            workers: if chance < 0.2 { 2 } else { 4 },
            for_seconds: Some(ORDERED),
        }
    } else if chance < 0.6 {
        Command::Pause {
            project: Some(project),
            for_seconds: Some(ORDERED),
        }
    } else if chance < 0.8 {
        Command::Resume {
            project: Some(project),
        }
    } else {
        Command::Why {
            project,
            since_seconds: 3600,
        }
    }
}
