//! Redis as other task queues than Celery use it: only read, for none of them takes commands.

use std::collections::BTreeSet;

use ::redis::RedisError;
use ::redis::aio::MultiplexedConnection;

use crate::model::{BrokerAccess, QueueFault, TaskQueue, Uncounted};
use crate::observe::measure::queue::address::RedisAddress;
use crate::observe::measure::queue::redis::arq;
use crate::observe::measure::queue::redis::dramatiq::Dramatiq;
use crate::observe::measure::queue::redis::huey::{self, Huey};
use crate::observe::measure::queue::redis::rq::Rq;
use crate::observe::measure::queue::redis::session::{Session, within};
use crate::observe::measure::queue::{Answer, Broker, Depth, Entry, LIMIT};

/// A Redis database that holds queues of one program's.
pub(in crate::observe::measure::queue) struct Reader {
    session: Session,
    task_queue: TaskQueue,
    layout: Layout,
    /// Queues that something has told of: an empty one has no key.
    known: BTreeSet<String>,
}

/// How the program lays its queues out.
enum Layout {
    Rq(Rq),
    Dramatiq(Dramatiq),
    Arq,
    Huey(Huey),
}

impl Layout {
    /// `None` of Celery, whose broker is more than this.
    fn new(broker: &BrokerAccess) -> Option<Self> {
        match broker.task_queue {
            TaskQueue::Celery => None,
            TaskQueue::Rq => Some(Self::Rq(Rq::new(&broker.key_prefix))),
            TaskQueue::Dramatiq => Some(Self::Dramatiq(Dramatiq::new(&broker.key_prefix))),
            TaskQueue::Arq => Some(Self::Arq),
            TaskQueue::Huey => Some(Self::Huey(Huey::default())),
        }
    }

    /// The key that tasks of `queue` wait in.
    fn key(&self, queue: &str) -> String {
        match self {
            Self::Rq(rq) => rq.list(queue),
            Self::Dramatiq(dramatiq) => dramatiq.list(queue),
            // A queue of arq's is named by its key.
            Self::Arq => queue.to_owned(),
            Self::Huey(_) => huey::key(queue),
        }
    }

    async fn depth(
        &mut self,
        connection: &mut MultiplexedConnection,
        queues: &[String],
    ) -> Result<Depth, RedisError> {
        match self {
            Self::Rq(rq) => rq.depth(connection, queues).await,
            Self::Dramatiq(dramatiq) => dramatiq.depth(connection, queues).await,
            Self::Arq => arq::depth(connection, queues).await,
            Self::Huey(huey) => huey.depth(connection, queues).await,
        }
    }

    /// How many keys tell that each of `queues` is used.
    async fn traces(
        &self,
        connection: &mut MultiplexedConnection,
        queues: &[String],
    ) -> Result<Vec<u64>, RedisError> {
        match self {
            Self::Rq(rq) => rq.traces(connection, queues).await,
            Self::Dramatiq(dramatiq) => dramatiq.traces(connection, queues).await,
            Self::Arq => arq::traces(connection, queues).await,
            // An idle one leaves none, whether it is used or not.
            Self::Huey(_) => Ok(vec![1; queues.len()]),
        }
    }

    /// None where the program keeps no list of its workers.
    async fn entries(
        &self,
        connection: &mut MultiplexedConnection,
        queues: &[String],
    ) -> Result<Vec<Entry>, RedisError> {
        match self {
            Self::Rq(rq) => rq.entries(connection, queues).await,
            Self::Dramatiq(_) | Self::Arq | Self::Huey(_) => Ok(Vec::new()),
        }
    }
}

/// The one key that tasks of `queue` wait in, and that is not there while none do; `None` of Celery, which has several, and
/// of arq, which keeps jobs for later there as well.
pub(in crate::observe::measure::queue) fn key_of(broker: &BrokerAccess, queue: &str) -> Option<String> {
    match Layout::new(broker)? {
        Layout::Arq => None,
        layout => Some(layout.key(queue)),
    }
}

impl Reader {
    pub(in crate::observe::measure::queue) fn new(
        address: &RedisAddress,
        broker: &BrokerAccess,
    ) -> Result<Self, QueueFault> {
        let layout = Layout::new(broker).ok_or_else(|| QueueFault::NotSupported {
            kind: broker.task_queue.name().to_owned(),
        })?;
        Ok(Self {
            session: Session::new(address)?,
            task_queue: broker.task_queue,
            layout,
            known: BTreeSet::new(),
        })
    }

    /// Those of `queues` that nothing has told of yet.
    async fn absent(&mut self, queues: &[String]) -> Result<Option<Uncounted>, QueueFault> {
        let unknown: Vec<String> = queues
            .iter()
            .filter(|queue| !self.known.contains(*queue))
            .cloned()
            .collect();
        if unknown.is_empty() {
            return Ok(None);
        }
        let mut connection = self.session.connection().await?;
        let traces = self.layout.traces(&mut connection, &unknown).await;
        let traces = traces.map_err(|error| self.session.server.fault(&error))?;
        let (used, absent): (Vec<_>, Vec<_>) = unknown
            .into_iter()
            .zip(traces)
            .partition(|(_, traces)| *traces > 0);
        self.known.extend(used.into_iter().map(|(queue, _)| queue));
        let absent: Vec<String> = absent.into_iter().map(|(queue, _)| queue).collect();
        Ok(absent.first().map(|first| Uncounted::Absent {
            task_queue: self.task_queue,
            key: self.layout.key(first),
            queues: absent.clone(),
        }))
    }
}

impl Broker for Reader {
    fn depth<'a>(&'a mut self, queues: &'a [String]) -> Answer<'a, Depth> {
        Box::pin(async move {
            let at = self.session.at();
            let depth = within(&at, LIMIT, async {
                let mut connection = self.session.connection().await?;
                let depth = self.layout.depth(&mut connection, queues).await;
                depth.map_err(|error| self.session.server.fault(&error))
            });
            let depth = depth.await;
            self.session.checked(depth)
        })
    }

    fn uncounted<'a>(&'a mut self, queues: &'a [String]) -> Answer<'a, Vec<Uncounted>> {
        Box::pin(async move {
            let at = self.session.at();
            match within(&at, LIMIT, self.absent(queues)).await {
                // Whoever may not look for a key may still read the queues.
                Err(QueueFault::NotPermitted { .. }) => Ok(Vec::new()),
                found => self.session.checked(found).map(Vec::from_iter),
            }
        })
    }

    fn entries<'a>(&'a mut self, queues: &'a [String]) -> Answer<'a, Option<Vec<Entry>>> {
        Box::pin(async move {
            let at = self.session.at();
            let entries = within(&at, LIMIT, async {
                let mut connection = self.session.connection().await?;
                let entries = self.layout.entries(&mut connection, queues).await;
                entries.map_err(|error| self.session.server.fault(&error))
            });
            let entries = entries.await;
            self.session.checked(entries).map(Some)
        })
    }
}
