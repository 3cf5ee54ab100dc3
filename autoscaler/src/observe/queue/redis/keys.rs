//! The names that kombu gives its keys and channels (kombu/transport/redis.py).

/// Stands between a queue's name and its priority step.
const SEPARATOR: [u8; 2] = [0x06, 0x16];

/// The steps below the highest one, whose list bears the queue's bare name.
const LOWER_STEPS: [u8; 3] = *b"369";

/// The keys of one database.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    prefix: Vec<u8>,
    database: u32,
}

impl Keys {
    /// `prefix` is kombu's `global_keyprefix`, which stands before every key and channel.
    pub(super) fn new(prefix: &str, database: u32) -> Self {
        Self {
            prefix: prefix.into(),
            database,
        }
    }

    /// The key with the prefix before it.
    pub(super) fn key(&self, name: &[u8]) -> Vec<u8> {
        [&self.prefix, name].concat()
    }

    /// The lists that make up a queue, highest priority first.
    pub(super) fn lists(&self, queue: &str) -> Vec<Vec<u8>> {
        let highest = self.key(queue.as_bytes());
        let lower = LOWER_STEPS.map(|step| [&highest[..], &SEPARATOR, &[step]].concat());
        std::iter::once(highest.clone()).chain(lower).collect()
    }

    /// The hash of delivered tasks that are not acknowledged, of all queues together.
    pub(super) fn unacknowledged(&self) -> Vec<u8> {
        self.key(b"unacked")
    }

    /// The channel that every worker of the database takes commands from.
    pub(super) fn pidbox(&self) -> Vec<u8> {
        self.key(format!("/{}.celery.pidbox", self.database).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_four_lists() {
        let lists = Keys::new("app:", 0).lists("mail");
        assert_eq!(
            lists,
            [
                &b"app:mail"[..],
                b"app:mail\x06\x163",
                b"app:mail\x06\x166",
                b"app:mail\x06\x169"
            ]
            .map(<[u8]>::to_vec)
        );
    }

    #[test]
    fn the_prefix_stands_before_everything() {
        let keys = Keys::new("app:", 7);
        assert_eq!(keys.pidbox(), b"app:/7.celery.pidbox");
        assert_eq!(keys.unacknowledged(), b"app:unacked");
    }
}
