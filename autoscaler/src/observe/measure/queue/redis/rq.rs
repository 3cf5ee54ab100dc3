//! RQ's keys (queue.py, registry.py, `worker_registration.py` and worker/base.py of RQ 3.0; those of 1.15 are the same).
//!
//! A queue is a list of job ids, new ones at its end. Jobs that run are in its registry of started jobs, a sorted set by
//! the time when each is given up; jobs for later, deferred ones and failed ones are in others and do not wait. Nothing is
//! fetched ahead. Each worker has a hash of its own, which lasts for minutes after it was killed.

use std::collections::BTreeSet;
use std::time::Duration;

use ::redis::RedisError;
use ::redis::aio::MultiplexedConnection;
use jiff::Timestamp;

use crate::observe::measure::queue::redis::total;
use crate::observe::measure::queue::{Depth, Entry};

/// Most workers of a queue that are asked for.
const MOST_WORKERS: usize = 1000;

/// When the first job of each list was enqueued, by RQ's own hash of the job. What is no id or no time of RQ's is left
/// there: whoever may write to the list can write anything.
const FIRST_ENQUEUED: &str = "local times = {}
for i, key in ipairs(KEYS) do
  local id, time = redis.call('LINDEX', key, 0), false
  if id and #id < 1024 then time = redis.call('HGET', ARGV[1] .. id, 'enqueued_at') end
  times[i] = time and #time < 64 and time or ''
end
return times";

/// The keys behind one prefix: `rq` unless `RQ_KEY_PREFIX` is set.
pub(super) struct Rq {
    prefix: String,
}

impl Rq {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    /// The list of the jobs that wait in `queue`.
    pub(super) fn list(&self, queue: &str) -> String {
        format!("{}:queue:{queue}", self.prefix)
    }

    /// The jobs of `queue` that run.
    fn started(&self, queue: &str) -> String {
        format!("{}:wip:{queue}", self.prefix)
    }

    /// The workers that take jobs from `queue`.
    fn workers(&self, queue: &str) -> String {
        format!("{}:workers:{queue}", self.prefix)
    }

    pub(super) async fn depth(
        &self,
        connection: &mut MultiplexedConnection,
        queues: &[String],
    ) -> Result<Depth, RedisError> {
        let now = Timestamp::now();
        let mut pipeline = ::redis::pipe();
        for queue in queues {
            pipeline.cmd("LLEN").arg(self.list(queue));
        }
        for queue in queues {
            // What is past its time is no worker's any more: RQ gives it up at its next look.
            let started = pipeline.cmd("ZCOUNT").arg(self.started(queue));
            started.arg(now.as_second()).arg("+inf");
        }
        let counts: Vec<u64> = pipeline.query_async(connection).await?;
        let (waiting, started) = counts.split_at(queues.len().min(counts.len()));
        let filled: Vec<String> = queues
            .iter()
            .zip(waiting)
            .filter(|(_, length)| **length > 0)
            .map(|(queue, _)| self.list(queue))
            .collect();
        Ok(Depth {
            waiting: total(waiting),
            unacknowledged: Some(total(started)),
            unacknowledged_fault: None,
            fetched_ahead: Some(0),
            oldest_waiting: self.oldest(connection, &filled, now).await,
        })
    }

    /// How long the job that leaves the lists next has waited; `None` where the server permits no scripts: the age is an
    /// ornament, its absence no fault.
    async fn oldest(
        &self,
        connection: &mut MultiplexedConnection,
        lists: &[String],
        now: Timestamp,
    ) -> Option<Duration> {
        if lists.is_empty() {
            return None;
        }
        let mut script = ::redis::cmd("EVAL");
        script.arg(FIRST_ENQUEUED).arg(lists.len()).arg(lists);
        script.arg(format!("{}:job:", self.prefix));
        let times: Vec<Vec<u8>> = script.query_async(connection).await.ok()?;
        times.iter().filter_map(|time| age(time, now)).max()
    }

    /// How many keys tell that each of `queues` is used: a queue is entered at its first job, and a worker enters itself.
    pub(super) async fn traces(
        &self,
        connection: &mut MultiplexedConnection,
        queues: &[String],
    ) -> Result<Vec<u64>, RedisError> {
        let mut pipeline = ::redis::pipe();
        for queue in queues {
            let list = self.list(queue);
            let known = pipeline.cmd("SISMEMBER").arg(format!("{}:queues", self.prefix));
            known.arg(&list);
            let keys = pipeline.cmd("EXISTS").arg(&list);
            keys.arg(self.workers(queue)).arg(self.started(queue));
        }
        let counts: Vec<u64> = pipeline.query_async(connection).await?;
        Ok(counts.chunks(2).map(total).collect())
    }

    /// What the workers that take jobs from `queues` have entered of themselves.
    pub(super) async fn entries(
        &self,
        connection: &mut MultiplexedConnection,
        queues: &[String],
    ) -> Result<Vec<Entry>, RedisError> {
        let mut pipeline = ::redis::pipe();
        for queue in queues {
            let some = pipeline.cmd("SRANDMEMBER").arg(self.workers(queue));
            some.arg(MOST_WORKERS);
        }
        let workers: Vec<Vec<Vec<u8>>> = pipeline.query_async(connection).await?;
        let workers: BTreeSet<Vec<u8>> = workers.into_iter().flatten().collect();
        if workers.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = ::redis::pipe();
        for worker in &workers {
            let hash = pipeline.cmd("HMGET").arg(worker);
            hash.arg(&["hostname", "pid", "birth", "state"]);
        }
        let told: Vec<Vec<Option<Vec<u8>>>> = pipeline.query_async(connection).await?;
        Ok(told.iter().filter_map(|fields| entry(fields)).collect())
    }
}

/// How long ago a time was that RQ has written; nothing of what is no time, and none of one that is to come.
fn age(time: &[u8], now: Timestamp) -> Option<Duration> {
    let time: Timestamp = std::str::from_utf8(time).ok()?.parse().ok()?;
    Some(Duration::try_from(now.duration_since(time)).unwrap_or_default())
}

/// A worker's host name, pid, birth and state; nothing of a hash that has gone, or is no worker's.
fn entry(fields: &[Option<Vec<u8>>]) -> Option<Entry> {
    let text = |field: &Option<Vec<u8>>| field.clone().and_then(|bytes| String::from_utf8(bytes).ok());
    let [host, pid, birth, state] = fields else {
        return None;
    };
    Some(Entry {
        host: text(host)?,
        pid: text(pid)?.parse().ok()?,
        entered: text(birth).and_then(|birth| birth.parse().ok()),
        busy: state.as_deref() == Some(b"busy"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_stands_before_every_key() {
        let rq = Rq::new("shop");
        assert_eq!(rq.list("mail"), "shop:queue:mail");
        assert_eq!(rq.started("mail"), "shop:wip:mail");
        assert_eq!(rq.workers("mail"), "shop:workers:mail");
    }

    #[test]
    fn a_jobs_age_is_read_from_the_time_that_rq_writes() {
        let now: Timestamp = "2026-11-30T21:10:00Z".parse().unwrap();
        let seconds = |time: &str| age(time.as_bytes(), now).map(|age| age.as_secs());
        assert_eq!(seconds("2026-11-30T21:09:15.250000Z"), Some(44));
        assert_eq!(
            seconds("2026-11-30T21:10:09Z"),
            Some(0),
            "another host's clock runs ahead"
        );
        for none in ["", "yesterday", "1764537000", "\u{0}"] {
            assert_eq!(seconds(none), None, "{none}");
        }
    }

    #[test]
    fn a_worker_is_known_by_its_host_and_pid() {
        let fields =
            |fields: [Option<&str>; 4]| fields.map(|field| field.map(|field| field.as_bytes().to_vec()));
        let born = "2026-11-30T21:09:15.250000Z";
        let busy = fields([Some("web-1"), Some("417"), Some(born), Some("busy")]);
        assert_eq!(
            entry(&busy),
            Some(Entry {
                host: "web-1".into(),
                pid: 417,
                entered: born.parse().ok(),
                busy: true,
            })
        );
        for state in [Some("idle"), Some("suspended"), Some("started"), None] {
            let other = entry(&fields([Some("web-1"), Some("417"), None, state])).unwrap();
            assert!(!other.busy, "{state:?}");
        }
        // Such as a hash that went between two questions.
        assert_eq!(entry(&fields([None; 4])), None);
        assert_eq!(entry(&fields([Some("h"), Some("-1"), None, None])), None);
        assert_eq!(entry(&[]), None);
    }
}
