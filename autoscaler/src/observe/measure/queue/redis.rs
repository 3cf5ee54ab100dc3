//! Redis: as Celery's broker, as kombu lays it out, and as other task queues use it ([`Reader`]).

mod age;
mod arq;
mod audit;
mod connect;
mod dramatiq;
mod huey;
mod keys;
mod pidbox;
mod reader;
mod rq;
mod session;

use std::time::{Duration, Instant};

use age::{Ages, Next};
use audit::Audit;
use keys::Keys;
pub(super) use reader::{Reader, key_of};
use session::{Session, within};
use uuid::Uuid;

use crate::model::{BrokerAccess, Place, QueueFault, Uncounted};
use crate::observe::measure::queue::address::RedisAddress;
use crate::observe::measure::queue::{Answer, Broker, Command, Depth, LIMIT, Reply};

/// The sum of what a server counts; it may say anything.
fn total(counts: &[u64]) -> u64 {
    counts.iter().copied().fold(0, u64::saturating_add)
}

/// A Redis database that holds queues of Celery's.
pub(super) struct Redis {
    session: Session,
    keys: Keys,
    ages: Ages,
    audit: Audit,
    /// The list that answers of remote control come on: one, for as long as this lives.
    answers: String,
}

impl Redis {
    pub(super) fn new(address: &RedisAddress, broker: &BrokerAccess) -> Result<Self, QueueFault> {
        Ok(Self {
            session: Session::new(address)?,
            keys: Keys::new(broker, address.database),
            ages: Ages::default(),
            audit: Audit::default(),
            answers: format!("autoscaler.reply.{}", Uuid::new_v4()),
        })
    }

    async fn read_depth(&mut self, queues: &[String]) -> Result<Depth, QueueFault> {
        let mut connection = self.session.connection().await?;
        let lists: Vec<Vec<u8>> = queues.iter().flat_map(|queue| self.keys.lists(queue)).collect();
        let mut pipeline = ::redis::pipe();
        for list in &lists {
            pipeline.cmd("LLEN").arg(list);
        }
        pipeline.cmd("HLEN").arg(self.keys.unacknowledged());
        let lengths: Vec<u64> = pipeline
            .query_async(&mut connection)
            .await
            .map_err(|error| self.session.server.fault(&error))?;
        let Some((unacknowledged, lengths)) = lengths.split_last() else {
            return Err(QueueFault::Answered {
                at: self.session.at(),
                why: "[]".to_owned(),
            });
        };
        let filled: Vec<&[u8]> = lists
            .iter()
            .zip(lengths)
            .filter(|(_, length)| **length > 0)
            .map(|(list, _)| list.as_slice())
            .collect();
        Ok(Depth {
            // A server may say anything.
            waiting: total(lengths),
            unacknowledged: Some(*unacknowledged),
            unacknowledged_fault: None,
            fetched_ahead: None,
            oldest_waiting: self
                .ages
                .oldest(&mut connection, &filled, Next::Last, Instant::now())
                .await,
        })
    }
}

impl Broker for Redis {
    fn depth<'a>(&'a mut self, queues: &'a [String]) -> Answer<'a, Depth> {
        Box::pin(async move {
            let at = self.session.at();
            let depth = within(&at, LIMIT, self.read_depth(queues)).await;
            self.session.checked(depth)
        })
    }

    fn uncounted<'a>(&'a mut self, queues: &'a [String]) -> Answer<'a, Vec<Uncounted>> {
        Box::pin(async move {
            let at = self.session.at();
            let found = within(&at, LIMIT, async {
                let mut connection = self.session.connection().await?;
                let found = self.audit.look(&mut connection, &self.keys, queues).await;
                found.map_err(|error| self.session.server.fault(&error))
            });
            let found = found.await;
            // Whoever may not look through the keyspace may still read the queues.
            if matches!(
                found,
                Err(QueueFault::Unreachable { .. } | QueueFault::Tls { .. })
            ) {
                self.session.let_go();
            }
            found
        })
    }

    fn elsewhere(&mut self) -> Answer<'_, Vec<Place>> {
        Box::pin(async move {
            let at = self.session.at();
            let places = within(&at, LIMIT, async {
                let mut connection = self.session.connection().await?;
                let places = audit::places(&mut connection, &self.keys).await;
                places.map_err(|error| self.session.server.fault(&error))
            });
            let places = places.await;
            self.session.checked(places)
        })
    }

    fn call<'a>(&'a mut self, command: &'a Command<'a>, limit: Duration) -> Answer<'a, Option<Vec<Reply>>> {
        Box::pin(async move {
            let at = self.session.at();
            let replies = within(&at, limit + LIMIT, async {
                let mut connection = self.session.connection().await?;
                let replies = pidbox::call(&mut connection, &self.keys, &self.answers, command, limit).await;
                replies.map_err(|error| self.session.server.fault(&error))
            });
            let replies = replies.await;
            self.session.checked(replies)
        })
    }
}
