//! arq's keys (constants.py, connections.py and worker.py of arq 0.28; those of 0.22 are the same).
//!
//! A queue is a sorted set of job ids by the time at which each is due, in ms of the Unix clock. A job stays there until it
//! has ended: while it runs there is a key of its own beside it. Nothing is fetched ahead, and nobody tells which worker
//! runs a job.

use std::time::Duration;

use ::redis::RedisError;
use ::redis::aio::MultiplexedConnection;
use jiff::Timestamp;

use crate::observe::measure::queue::Depth;

/// Most jobs of a queue that are looked at for whether they run. Those that do were due first, but for jobs that were put
/// in the past: more than this on one queue are taken for waiting.
const MOST_RUNNING: usize = 1000;

/// Stands before the id of a job that runs, of all queues.
const IN_PROGRESS: &[u8] = b"arq:in-progress:";

/// The worker's sign of life stands behind the queue's name, unless the application sets another key.
const HEALTH_CHECK: &str = ":health-check";

/// The jobs of a queue that are due, the first of them with the time when it was, and whether they run.
#[derive(Debug, Clone, PartialEq, Default)]
struct Due {
    count: u64,
    running: u64,
    /// When the first that does not run was due, ms.
    first: Option<f64>,
}

/// What is known of the queues at a time, ms of the Unix clock.
fn sum_up(queues: &[Due], now: i64) -> Depth {
    let sum = |of: fn(&Due) -> u64| queues.iter().map(of).fold(0, u64::saturating_add);
    let first = queues.iter().filter_map(|due| due.first).min_by(f64::total_cmp);
    let since = |first: f64| Duration::try_from_secs_f64((now as f64 - first) / 1000.0);
    Depth {
        waiting: sum(|due| due.count.saturating_sub(due.running)),
        unacknowledged: Some(sum(|due| due.running)),
        unacknowledged_fault: None,
        fetched_ahead: Some(0),
        // A server may say anything, and a clock may be set back.
        oldest_waiting: first.map(|first| since(first).unwrap_or_default()),
    }
}

pub(super) async fn depth(
    connection: &mut MultiplexedConnection,
    queues: &[String],
) -> Result<Depth, RedisError> {
    // The workers go by the clock of their host, which is this one.
    let now = Timestamp::now().as_millisecond();
    let mut due = Vec::new();
    for queue in queues {
        due.push(read(connection, queue, now).await?);
    }
    Ok(sum_up(&due, now))
}

async fn read(connection: &mut MultiplexedConnection, queue: &str, now: i64) -> Result<Due, RedisError> {
    let count: u64 = ::redis::cmd("ZCOUNT")
        .arg(queue)
        .arg("-inf")
        .arg(now)
        .query_async(connection)
        .await?;
    if count == 0 {
        return Ok(Due::default());
    }
    let jobs: Vec<(Vec<u8>, f64)> = ::redis::cmd("ZRANGEBYSCORE")
        .arg(queue)
        .arg(&["-inf", &now.to_string(), "WITHSCORES", "LIMIT", "0"])
        .arg(MOST_RUNNING)
        .query_async(connection)
        .await?;
    let keys: Vec<Vec<u8>> = jobs.iter().map(|(id, _)| [IN_PROGRESS, id].concat()).collect();
    if keys.is_empty() {
        return Ok(Due {
            count,
            ..Due::default()
        });
    }
    let running: Vec<Option<Vec<u8>>> = ::redis::cmd("MGET").arg(&keys).query_async(connection).await?;
    let first = jobs
        .iter()
        .zip(&running)
        .find(|(_, running)| running.is_none())
        .map(|((_, due), _)| *due);
    Ok(Due {
        count,
        running: running.iter().flatten().count() as u64,
        first,
    })
}

/// How many keys tell that each of `queues` is used: its jobs, or the sign of life of a worker.
pub(super) async fn traces(
    connection: &mut MultiplexedConnection,
    queues: &[String],
) -> Result<Vec<u64>, RedisError> {
    let mut pipeline = ::redis::pipe();
    for queue in queues {
        let keys = pipeline.cmd("EXISTS").arg(queue);
        keys.arg(format!("{queue}{HEALTH_CHECK}"));
    }
    pipeline.query_async(connection).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_that_run_do_not_wait_and_the_oldest_is_the_first_that_does_not() {
        let queues = [
            Due {
                count: 7,
                running: 2,
                first: Some(9_000.0),
            },
            Due {
                count: 1,
                running: 1,
                first: None,
            },
            Due::default(),
        ];
        let depth = sum_up(&queues, 10_500);
        assert_eq!((depth.waiting, depth.unacknowledged), (5, Some(3)));
        assert_eq!(depth.oldest_waiting, Some(Duration::from_millis(1_500)));
    }

    #[test]
    fn a_server_may_say_anything() {
        let odd = Due {
            count: 1,
            running: u64::MAX,
            first: Some(f64::NEG_INFINITY),
        };
        let depth = sum_up(&[odd.clone(), odd], 0);
        assert_eq!((depth.waiting, depth.unacknowledged), (0, Some(u64::MAX)));
        assert_eq!(depth.oldest_waiting, Some(Duration::ZERO));
    }
}
