//! How long the oldest task of a list has waited.
//!
//! Celery's messages bear no time. But the task that leaves a list next stands at its end (Dramatiq's at its head) until it
//! leaves: if it is the one that stood there at an earlier check, it has waited at least since then.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ::redis::aio::MultiplexedConnection;

/// Fingerprints of the element of each list that leaves next, of a sorted set the one with the least score. Tasks may be
/// large: only 40 bytes of each cross the wire.
const NEXT_ELEMENTS: &str = "local next = {}
for i, key in ipairs(KEYS) do
  local task
  if redis.call('TYPE', key).ok == 'zset' then task = redis.call('ZRANGE', key, 0, 0)[1]
  else task = redis.call('LINDEX', key, ARGV[1]) end
  next[i] = redis.sha1hex(task or '')
end
return next";

/// Which element of a list leaves next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Next {
    /// The one at its head.
    First,
    /// The one at its end.
    Last,
}

/// What stood where each list's next task leaves, and since when.
#[derive(Debug, Default)]
pub(super) struct Ages {
    seen: HashMap<Vec<u8>, (String, Instant)>,
}

impl Ages {
    /// The age that the oldest task of the lists has at least; `None` when there is no list, or when the
    /// server permits no scripts: the age is an ornament, its absence no fault.
    pub(super) async fn oldest(
        &mut self,
        connection: &mut MultiplexedConnection,
        lists: &[&[u8]],
        next: Next,
        now: Instant,
    ) -> Option<Duration> {
        if lists.is_empty() {
            self.seen.clear();
            return None;
        }
        let mut script = ::redis::cmd("EVAL");
        script.arg(NEXT_ELEMENTS).arg(lists.len()).arg(lists);
        script.arg(match next {
            Next::First => 0,
            Next::Last => -1,
        });
        let next: Vec<String> = script.query_async(connection).await.ok()?;
        self.note(lists, next, now)
    }

    fn note(&mut self, lists: &[&[u8]], next: Vec<String>, now: Instant) -> Option<Duration> {
        let mut before = std::mem::take(&mut self.seen);
        for (list, fingerprint) in lists.iter().zip(next) {
            let since = match before.remove(*list) {
                Some((same, since)) if same == fingerprint => since,
                _ => now,
            };
            self.seen.insert(list.to_vec(), (fingerprint, since));
        }
        self.seen
            .values()
            .map(|(_, since)| now.saturating_duration_since(*since))
            .max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_stays_grows_older_and_one_that_leaves_is_forgotten() {
        let mut ages = Ages::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut look = |lists: &[&[u8]], last: &[&str], seconds| {
            ages.note(lists, last.iter().map(ToString::to_string).collect(), at(seconds))
                .map(|age| age.as_secs())
        };
        assert_eq!(look(&[b"a", b"b"], &["1", "2"], 0), Some(0));
        assert_eq!(look(&[b"a", b"b"], &["1", "3"], 10), Some(10));
        assert_eq!(look(&[b"a", b"b"], &["4", "3"], 15), Some(5));
        assert_eq!(look(&[b"a"], &["4"], 20), Some(5));
        assert_eq!(look(&[b"a", b"b"], &["5", "3"], 30), Some(0));
        assert_eq!(look(&[], &[], 40), None);
    }
}
