//! The names that kombu gives its keys and channels (kombu/transport/redis.py).

use crate::model::{BrokerAccess, Priorities};

/// The keys of one database.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    prefix: Vec<u8>,
    database: u32,
    priorities: Priorities,
}

impl Keys {
    /// The keys as the configuration has them: kombu's `global_keyprefix` stands before every key and channel.
    pub(super) fn new(broker: &BrokerAccess, database: u32) -> Self {
        Self {
            prefix: broker.key_prefix.clone().into_bytes(),
            database,
            priorities: broker.priorities.clone(),
        }
    }

    pub(super) fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    pub(super) fn database(&self) -> u32 {
        self.database
    }

    pub(super) fn priorities(&self) -> &Priorities {
        &self.priorities
    }

    /// The key with the prefix before it.
    pub(super) fn key(&self, name: &[u8]) -> Vec<u8> {
        [&self.prefix, name].concat()
    }

    /// The lists that make up a queue, highest priority first: that one's bears the queue's bare name
    /// (`_q_for_pri`).
    pub(super) fn lists(&self, queue: &str) -> Vec<Vec<u8>> {
        let bare = self.key(queue.as_bytes());
        let Priorities { separator, steps } = &self.priorities;
        let lower = steps
            .iter()
            .filter(|step| **step > 0)
            .map(|step| [&bare, separator.as_bytes(), step.to_string().as_bytes()].concat());
        std::iter::once(bare.clone()).chain(lower).collect()
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
pub(super) mod tests {
    use super::*;
    use crate::model::{BrokerUrl, TaskQueue};

    pub(in super::super) fn keys(prefix: &str, priorities: Priorities) -> Keys {
        let broker = BrokerAccess {
            task_queue: TaskQueue::Celery,
            url: BrokerUrl::Written("redis://h/7".into()),
            key_prefix: prefix.into(),
            priorities,
            management: None,
        };
        Keys::new(&broker, 7)
    }

    #[test]
    fn a_queue_is_a_list_for_each_step() {
        let lists = keys("app:", Priorities::default()).lists("mail");
        assert_eq!(lists.len(), 10, "0 to 9, as kombu holds priorities to");
        assert_eq!(lists[0], b"app:mail");
        assert_eq!(lists[1], b"app:mail\x06\x161");
        assert_eq!(lists[9], b"app:mail\x06\x169");

        let own = Priorities {
            separator: ":".into(),
            steps: vec![5, 10],
        };
        let lists = keys("", own).lists("mail");
        assert_eq!(lists, [&b"mail"[..], b"mail:5", b"mail:10"].map(<[u8]>::to_vec));
    }

    #[test]
    fn the_prefix_stands_before_everything() {
        let keys = keys("app:", Priorities::default());
        assert_eq!(keys.pidbox(), b"app:/7.celery.pidbox");
        assert_eq!(keys.unacknowledged(), b"app:unacked");
    }
}
