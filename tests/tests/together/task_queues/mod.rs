//! Task queues other than Celery: what is read of them is what their own libraries say.

mod arq;
mod dramatiq;
mod huey;
mod rq;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use autoscaler::host::cgroup::CgroupMount;
use autoscaler::host::process::Procfs;
use autoscaler::model::{BrokerAccess, BrokerUrl, Priorities, QueueFault, TaskQueue, Uncounted};
use autoscaler::observe::measure::busy::Busy;
use autoscaler::observe::measure::queue::{self, Broker, Depth};
use autoscaler_tests::ScratchCgroup;
use autoscaler_tests::task_queue::Tasks;

/// For what takes a worker a moment, on a machine that may be busy with other tests.
const SOON: Duration = Duration::from_mins(1);

/// One queue of a program, as the daemon reads it.
struct Reading {
    broker: Box<dyn Broker>,
    queues: [String; 1],
}

impl Reading {
    fn of(task_queue: TaskQueue, url: &str, queue: &str) -> Result<Self> {
        Self::behind(
            task_queue,
            url,
            queue,
            task_queue.key_prefix().unwrap_or_default(),
        )
    }

    fn behind(task_queue: TaskQueue, url: &str, queue: &str, key_prefix: &str) -> Result<Self> {
        let access = BrokerAccess {
            task_queue,
            url: BrokerUrl::Written(url.to_owned()),
            key_prefix: key_prefix.to_owned(),
            priorities: Priorities::default(),
            management: None,
        };
        Ok(Self {
            broker: queue::open(url, &access)?,
            queues: [queue.to_owned()],
        })
    }

    async fn depth(&mut self) -> Result<Depth, QueueFault> {
        self.broker.depth(&self.queues).await
    }

    /// Holds it to the library before there is a worker: of a queue that nobody has used, under `key`, nothing is told; then five
    /// tasks wait, and three that were put for later do not. The library counts `later` of the latter.
    async fn tells_what_waits(&mut self, tasks: &Tasks, key: &str, later: u32) -> Result<()> {
        let absent = self.absent().await?;
        let named = matches!(absent.as_slice(), [Uncounted::Absent { key: told, .. }] if told == key);
        ensure!(named, "nobody has used it: {absent:?}");

        tasks.put_for_later(3)?;
        let depth = self.depth().await?;
        ensure!((depth.waiting, depth.oldest_waiting) == (0, None), "{depth:?}");
        tasks.put(5, 600)?;
        let says = tasks.says()?;
        ensure!(says["waiting"] == 5 && says["later"] == later, "{says}");
        let depth = self.depth().await?;
        ensure!((depth.waiting, depth.unacknowledged) == (5, Some(0)), "{depth:?}");
        ensure!(self.absent().await?.is_empty(), "it has been used");
        self.grows_older().await
    }

    /// Waits until the first task that waits is a second old.
    async fn grows_older(&mut self) -> Result<()> {
        let seen = Instant::now();
        while self.depth().await?.oldest_waiting < Some(Duration::from_secs(1)) {
            ensure!(seen.elapsed() < SOON, "the first does not grow older");
        }
        Ok(())
    }

    /// What is said of a queue that nothing tells of.
    async fn absent(&mut self) -> Result<Vec<Uncounted>, QueueFault> {
        self.broker.uncounted(&self.queues).await
    }

    /// Which processes of the cgroup are known to be busy, or not.
    async fn busy(&mut self, cgroup: &ScratchCgroup) -> Result<BTreeMap<u32, bool>> {
        let (procfs, path) = (Procfs::default(), cgroup.relative());
        let cgroup = CgroupMount::discover(&procfs)?.open(Path::new(&path))?;
        let busy = Busy::look((&procfs, &cgroup), self.broker.as_mut(), &self.queues).await?;
        Ok(busy.workers().iter().map(|(id, busy)| (id.pid, *busy)).collect())
    }
}
