//! Dramatiq's keys (brokers/redis.py and brokers/redis/dispatch.lua of Dramatiq 2.2; those of 1.10 are the same).
//!
//! A queue is a list of message ids, new ones at its end, behind the broker's namespace. A worker process takes twice as
//! many as it has threads, unless told otherwise, and keeps them in a set of its own until each is done: which of those run,
//! nobody tells. Messages for later are in the queue `NAME.DQ`, dead ones in `NAME.XQ`: they do not wait. A message bears
//! when it was first sent, not since when it is due, so that its age is that of its place at the head.

use std::time::Instant;

use ::redis::RedisError;
use ::redis::aio::MultiplexedConnection;

use crate::observe::measure::queue::Depth;
use crate::observe::measure::queue::redis::age::{Ages, Next};
use crate::observe::measure::queue::redis::total;

/// Most brokers (of worker processes, and of programs that send) whose sets are looked at, those heard of last first.
const MOST_BROKERS: usize = 1000;

/// The keys of one namespace: `dramatiq` unless the application sets another.
pub(super) struct Dramatiq {
    namespace: String,
    ages: Ages,
}

impl Dramatiq {
    pub(super) fn new(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            ages: Ages::default(),
        }
    }

    /// The list of the messages that wait in `queue`.
    pub(super) fn list(&self, queue: &str) -> String {
        format!("{}:{queue}", self.namespace)
    }

    /// When each broker was heard of last.
    fn heartbeats(&self) -> String {
        format!("{}:__heartbeats__", self.namespace)
    }

    /// What the worker process of `broker` has taken from `queue` and not done yet.
    fn taken(&self, broker: &str, queue: &str) -> String {
        format!("{}:__acks__.{broker}.{queue}", self.namespace)
    }

    pub(super) async fn depth(
        &mut self,
        connection: &mut MultiplexedConnection,
        queues: &[String],
    ) -> Result<Depth, RedisError> {
        let lists: Vec<String> = queues.iter().map(|queue| self.list(queue)).collect();
        let mut pipeline = ::redis::pipe();
        for list in &lists {
            pipeline.cmd("LLEN").arg(list);
        }
        let lengths: Vec<u64> = pipeline.query_async(connection).await?;
        let filled: Vec<&[u8]> = lists
            .iter()
            .zip(&lengths)
            .filter(|(_, length)| **length > 0)
            .map(|(list, _)| list.as_bytes())
            .collect();
        let oldest_waiting = self
            .ages
            .oldest(connection, &filled, Next::First, Instant::now())
            .await;
        Ok(Depth {
            waiting: total(&lengths),
            unacknowledged: Some(self.unacknowledged(connection, queues).await?),
            unacknowledged_fault: None,
            fetched_ahead: None,
            oldest_waiting,
        })
    }

    async fn unacknowledged(
        &self,
        connection: &mut MultiplexedConnection,
        queues: &[String],
    ) -> Result<u64, RedisError> {
        let brokers: Vec<Vec<u8>> = ::redis::cmd("ZREVRANGE")
            .arg(self.heartbeats())
            .arg(0)
            .arg(MOST_BROKERS - 1)
            .query_async(connection)
            .await?;
        if brokers.is_empty() {
            return Ok(0);
        }
        let mut pipeline = ::redis::pipe();
        for broker in &brokers {
            let broker = String::from_utf8_lossy(broker);
            for queue in queues {
                pipeline.cmd("SCARD").arg(self.taken(&broker, queue));
            }
        }
        let taken: Vec<u64> = pipeline.query_async(connection).await?;
        Ok(total(&taken))
    }

    /// How many keys tell that each of `queues` is used. An empty queue has none, so that a program that is heard of in
    /// the namespace speaks for all.
    pub(super) async fn traces(
        &self,
        connection: &mut MultiplexedConnection,
        queues: &[String],
    ) -> Result<Vec<u64>, RedisError> {
        let mut pipeline = ::redis::pipe();
        for queue in queues {
            let list = self.list(queue);
            let keys = pipeline.cmd("EXISTS").arg(self.heartbeats());
            keys.arg(&list)
                .arg(format!("{list}.DQ"))
                .arg(format!("{list}.XQ"));
        }
        pipeline.query_async(connection).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_stands_before_every_key() {
        let dramatiq = Dramatiq::new("shop");
        assert_eq!(dramatiq.list("mail"), "shop:mail");
        assert_eq!(dramatiq.heartbeats(), "shop:__heartbeats__");
        assert_eq!(dramatiq.taken("b1", "mail"), "shop:__acks__.b1.mail");
    }
}
