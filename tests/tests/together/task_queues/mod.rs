//! Task queues other than Celery: what is read of them is what their own libraries say.

mod arq;
mod dramatiq;
mod huey;
mod rq;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use autoscaler::host::cgroup::CgroupMount;
use autoscaler::host::process::Procfs;
use autoscaler::model::{BrokerAccess, BrokerUrl, Priorities, QueueFault, TaskQueue, Uncounted};
use autoscaler::observe::measure::busy::Busy;
use autoscaler::observe::measure::queue::{self, Broker, Depth};
use autoscaler_tests::ScratchCgroup;

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
