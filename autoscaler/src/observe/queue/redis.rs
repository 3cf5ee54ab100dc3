//! Redis as Celery's broker, as kombu lays it out.

mod age;
mod connect;
mod keys;
mod pidbox;

use std::time::{Duration, Instant};

use ::redis::Client;
use ::redis::aio::MultiplexedConnection;
use tokio::time::timeout;

use super::address::RedisAddress;
use super::{Answer, Broker, Command, Depth, LIMIT, QueueFault, Reply};
use age::Ages;
use keys::Keys;

/// A Redis database that holds queues.
pub(super) struct Redis {
    client: Client,
    /// Host and port, or socket.
    at: String,
    keys: Keys,
    ages: Ages,
    connection: Option<MultiplexedConnection>,
}

impl Redis {
    pub(super) fn new(address: &RedisAddress, key_prefix: &str) -> Result<Self, QueueFault> {
        Ok(Self {
            client: connect::client(address)?,
            at: address.endpoint.to_string(),
            keys: Keys::new(key_prefix, address.database),
            ages: Ages::default(),
            connection: None,
        })
    }

    async fn connection(&mut self) -> Result<MultiplexedConnection, QueueFault> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let connection = connect::connect(&self.client)
            .await
            .map_err(|error| connect::fault(&self.at, &error))?;
        self.connection = Some(connection.clone());
        Ok(connection)
    }

    /// Lets go of the connection after a failure: the next use makes a new one.
    fn checked<T>(&mut self, result: Result<T, QueueFault>) -> Result<T, QueueFault> {
        if result.is_err() {
            self.connection = None;
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
            .map_err(|error| connect::fault(&self.at, &error))?;
        let Some((unacknowledged, lengths)) = lengths.split_last() else {
            let why = "an empty answer to a pipeline".to_owned();
            return Err(QueueFault::Answered {
                at: self.at.clone(),
                why,
            });
        };
        let filled: Vec<&[u8]> = lists
            .iter()
            .zip(lengths)
            .filter(|(_, length)| **length > 0)
            .map(|(list, _)| list.as_slice())
            .collect();
        Ok(Depth {
            waiting: lengths.iter().sum(),
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
        let late = |_| QueueFault::Unreachable {
            at: at.to_owned(),
            why: format!("no answer within {limit:?}"),
        };
        timeout(limit, work)
            .await
            .unwrap_or_else(|elapsed| Err(late(elapsed)))
    }
}

impl Broker for Redis {
    fn depth<'a>(&'a mut self, queues: &'a [String]) -> Answer<'a, Depth> {
        Box::pin(async move {
            let at = self.at.clone();
            let depth = Self::within(&at, LIMIT, self.read_depth(queues)).await;
            self.checked(depth)
        })
    }

    fn call<'a>(&'a mut self, command: &'a Command<'a>, limit: Duration) -> Answer<'a, Option<Vec<Reply>>> {
        Box::pin(async move {
            let at = self.at.clone();
            let replies = Self::within(&at, limit + LIMIT, async {
                let mut connection = self.connection().await?;
                let replies = pidbox::call(&mut connection, &self.keys, command, limit).await;
                replies.map_err(|error| connect::fault(&self.at, &error))
            });
            let replies = replies.await;
            self.checked(replies)
        })
    }
}
