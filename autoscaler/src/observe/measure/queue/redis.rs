//! Redis as Celery's broker, as kombu lays it out.

mod age;
mod audit;
mod connect;
mod keys;
mod pidbox;

use std::time::{Duration, Instant};

use ::redis::aio::MultiplexedConnection;
use age::Ages;
use audit::Audit;
use connect::{Connected, Server};
use keys::Keys;
use tokio::time::timeout;
use uuid::Uuid;

use crate::model::{BrokerAccess, Place, QueueFault, Uncounted};
use crate::observe::measure::queue::address::RedisAddress;
use crate::observe::measure::queue::{Answer, Broker, Command, Depth, LIMIT, Reply};

/// A Redis database that holds queues.
pub(super) struct Redis {
    server: Server,
    keys: Keys,
    ages: Ages,
    audit: Audit,
    /// The list that answers of remote control come on: one, for as long as this lives.
    answers: String,
    connected: Option<Connected>,
}

impl Redis {
    pub(super) fn new(address: &RedisAddress, broker: &BrokerAccess) -> Result<Self, QueueFault> {
        Ok(Self {
            server: Server::new(address)?,
            keys: Keys::new(broker, address.database),
            ages: Ages::default(),
            audit: Audit::default(),
            answers: format!("autoscaler.reply.{}", Uuid::new_v4()),
            connected: None,
        })
    }

    async fn connection(&mut self) -> Result<MultiplexedConnection, QueueFault> {
        if let Some(connected) = &self.connected {
            return Ok(connected.connection.clone());
        }
        let connected = self.server.connect().await?;
        Ok(self.connected.insert(connected).connection.clone())
    }

    /// Lets go of the connection after a failure: the next use makes a new one.
    fn checked<T>(&mut self, result: Result<T, QueueFault>) -> Result<T, QueueFault> {
        if result.is_err() {
            self.connected = None;
        }
        result
    }

    async fn read_depth(&mut self, queues: &[String]) -> Result<Depth, QueueFault> {
        let mut connection = self.connection().await?;
        let lists: Vec<Vec<u8>> = queues.iter().flat_map(|queue| self.keys.lists(queue)).collect();
        let mut pipeline = ::redis::pipe();
        for list in &lists {
            pipeline.cmd("LLEN").arg(list);
        }
        pipeline.cmd("HLEN").arg(self.keys.unacknowledged());
        let lengths: Vec<u64> = pipeline
            .query_async(&mut connection)
            .await
            .map_err(|error| self.server.fault(&error))?;
        let Some((unacknowledged, lengths)) = lengths.split_last() else {
            return Err(QueueFault::Answered {
                at: self.server.at.clone(),
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
            waiting: lengths.iter().fold(0, |sum, length| sum.saturating_add(*length)),
            unacknowledged: Some(*unacknowledged),
            unacknowledged_fault: None,
            oldest_waiting: self.ages.oldest(&mut connection, &filled, Instant::now()).await,
        })
    }

    async fn within<T>(
        at: &str,
        limit: Duration,
        work: impl Future<Output = Result<T, QueueFault>>,
    ) -> Result<T, QueueFault> {
        timeout(limit, work)
            .await
            .unwrap_or_else(|_| Err(connect::late(at, limit)))
    }
}

impl Broker for Redis {
    fn depth<'a>(&'a mut self, queues: &'a [String]) -> Answer<'a, Depth> {
        Box::pin(async move {
            let at = self.server.at.clone();
            let depth = Self::within(&at, LIMIT, self.read_depth(queues)).await;
            self.checked(depth)
        })
    }

    fn uncounted<'a>(&'a mut self, queues: &'a [String]) -> Answer<'a, Vec<Uncounted>> {
        Box::pin(async move {
            let at = self.server.at.clone();
            let found = Self::within(&at, LIMIT, async {
                let mut connection = self.connection().await?;
                let found = self.audit.look(&mut connection, &self.keys, queues).await;
                found.map_err(|error| self.server.fault(&error))
            });
            let found = found.await;
            // Whoever may not look through the keyspace may still read the queues.
            if matches!(
                found,
                Err(QueueFault::Unreachable { .. } | QueueFault::Tls { .. })
            ) {
                self.connected = None;
            }
            found
        })
    }

    fn elsewhere(&mut self) -> Answer<'_, Vec<Place>> {
        Box::pin(async move {
            let at = self.server.at.clone();
            let places = Self::within(&at, LIMIT, async {
                let mut connection = self.connection().await?;
                let places = audit::places(&mut connection, &self.keys).await;
                places.map_err(|error| self.server.fault(&error))
            });
            let places = places.await;
            self.checked(places)
        })
    }

    fn call<'a>(&'a mut self, command: &'a Command<'a>, limit: Duration) -> Answer<'a, Option<Vec<Reply>>> {
        Box::pin(async move {
            let at = self.server.at.clone();
            let replies = Self::within(&at, limit + LIMIT, async {
                let mut connection = self.connection().await?;
                let replies = pidbox::call(&mut connection, &self.keys, &self.answers, command, limit).await;
                replies.map_err(|error| self.server.fault(&error))
            });
            let replies = replies.await;
            self.checked(replies)
        })
    }
}
