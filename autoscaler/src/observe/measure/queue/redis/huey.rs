//! Huey's keys (storage.py of Huey 3.5; those of 2.4 are the same).
//!
//! A queue is the list `huey.redis.NAME`, new tasks at its head, or with priorities (`PriorityRedisHuey`) a sorted set under
//! the same name. A task leaves it when it begins, and nothing tells of it then. Tasks for later are in
//! `huey.schedule.NAME` and do not wait. A task bears no time.

use std::time::Instant;

use ::redis::RedisError;
use ::redis::aio::MultiplexedConnection;

use crate::observe::measure::queue::Depth;
use crate::observe::measure::queue::redis::age::{Ages, Next};
use crate::observe::measure::queue::redis::total;

/// What was seen at the heads of the queues.
#[derive(Default)]
pub(super) struct Huey {
    ages: Ages,
}

/// The key that tasks wait in. Huey leaves all but ASCII letters, digits and `_` out of the name (`clean_name`).
pub(super) fn key(name: &str) -> String {
    let clean = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_');
    format!("huey.redis.{}", clean.collect::<String>())
}

impl Huey {
    pub(super) async fn depth(
        &mut self,
        connection: &mut MultiplexedConnection,
        queues: &[String],
    ) -> Result<Depth, RedisError> {
        let keys: Vec<String> = queues.iter().map(|queue| key(queue)).collect();
        let mut pipeline = ::redis::pipe();
        for key in &keys {
            pipeline.cmd("TYPE").arg(key);
        }
        let kinds: Vec<String> = pipeline.query_async(connection).await?;
        let mut pipeline = ::redis::pipe();
        for (key, kind) in keys.iter().zip(&kinds) {
            let length = if kind == "zset" { "ZCARD" } else { "LLEN" };
            pipeline.cmd(length).arg(key);
        }
        let lengths: Vec<u64> = pipeline.query_async(connection).await?;
        let filled: Vec<&[u8]> = keys
            .iter()
            .zip(&lengths)
            .filter(|(_, length)| **length > 0)
            .map(|(key, _)| key.as_bytes())
            .collect();
        let oldest_waiting = self
            .ages
            .oldest(connection, &filled, Next::Last, Instant::now())
            .await;
        Ok(Depth {
            waiting: total(&lengths),
            unacknowledged: None,
            unacknowledged_fault: None,
            fetched_ahead: None,
            oldest_waiting,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_cleaned_as_huey_cleans_it() {
        assert_eq!(key("huey"), "huey.redis.huey");
        assert_eq!(key("my-app: mail_2 ñ"), "huey.redis.myappmail_2");
    }
}
