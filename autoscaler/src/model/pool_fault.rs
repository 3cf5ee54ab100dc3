//! Why a project's pool cannot be seen or commanded.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::{Oddity, Place, QueueFault, ReadFault, kept};

/// Why the pool of a Celery worker cannot be seen or commanded through its remote control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolFault {
    /// The broker cannot be used.
    Broker(QueueFault),
    /// Nobody takes commands from this broker.
    NobodyListens,
    /// Nobody takes commands where they are given, and workers have their keys elsewhere on this server.
    ListensElsewhere {
        /// Where.
        places: Vec<Place>,
    },
    /// The project's node did not answer.
    NoAnswer {
        /// The node.
        node: String,
        /// The command.
        method: Cow<'static, str>,
        /// How long it was waited for.
        after: std::time::Duration,
    },
    /// Workers answered, but none that runs in the project's cgroup: a foreign worker is never commanded.
    NotOurs {
        /// The nodes that answered.
        answered: Vec<String>,
    },
    /// Two workers bear one name: a command would reach both.
    SameName {
        /// The name.
        node: String,
    },
    /// More than one worker runs in the project's cgroup.
    SeveralNodes {
        /// Their names.
        nodes: Vec<String>,
    },
    /// The worker's pool has no processes to add or take away.
    NoProcesses {
        /// The node.
        node: String,
        /// The kind of pool.
        pool: String,
    },
    /// The worker scales itself.
    OwnAutoscale {
        /// The node.
        node: String,
    },
    /// A queue of the configuration is none that the worker takes tasks from.
    NotConsumed {
        /// The node.
        node: String,
        /// The queue.
        queue: String,
        /// The queues that it takes tasks from.
        consumed: Vec<String>,
    },
    /// The answer is not one that is understood.
    Malformed {
        /// The node.
        node: String,
        /// The command.
        method: Cow<'static, str>,
        /// What is missing or wrong.
        #[serde(flatten, with = "kept")]
        why: Oddity,
    },
    /// The project's processes cannot be read.
    Unreadable {
        /// The error with its path.
        #[serde(flatten, with = "kept")]
        why: ReadFault,
    },
}

told_by_words!(PoolFault);

impl From<QueueFault> for PoolFault {
    fn from(fault: QueueFault) -> Self {
        Self::Broker(fault)
    }
}
