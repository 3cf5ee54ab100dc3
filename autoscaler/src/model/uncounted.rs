//! Tasks of a project that its count of waiting tasks leaves out, and what would have it count them.

use serde::{Deserialize, Serialize};

use crate::model::TaskQueue;

/// What a count of waiting tasks leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uncounted {
    /// Lists in Redis that hold tasks of the project's queues under names that are not looked at.
    Lists {
        /// Some of their names, as they are in Redis.
        lists: Vec<String>,
        /// Tasks in all of them.
        tasks: u64,
        /// What has them counted.
        remedy: Remedy,
    },
    /// Nothing of the queues is where they are looked for, and workers have their keys elsewhere on this server.
    Elsewhere {
        /// Where.
        places: Vec<Place>,
    },
    /// The project's worker takes tasks from queues that are not among those of the configuration.
    Queues {
        /// The worker's node.
        node: String,
        /// Those queues.
        queues: Vec<String>,
        /// What `queues` must be to have all counted.
        all: Vec<String>,
    },
    /// The project's worker has fetched so many tasks ahead that it is not asked to list them.
    Prefetched {
        /// The worker's node.
        node: String,
    },
    /// The broker's user may not look for lists under other names.
    Unsearched,
    /// Nothing tells that these queues are used at all: no task waits in them, and no worker has entered itself.
    Absent {
        /// Whose queues they are.
        task_queue: TaskQueue,
        /// The queues.
        queues: Vec<String>,
        /// The key that tasks of the first would wait in.
        key: String,
    },
}

/// The key of the configuration that is another than the application's setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// `redis_key_prefix`, to be this.
    KeyPrefix(String),
    /// `redis_priority_separator`, to be this.
    Separator(String),
    /// `redis_priority_steps`, to be these at least.
    Steps(Vec<u32>),
}

/// A place in a Redis server where Celery's workers have their keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The database's number; `None` for the one that the URL names.
    pub database: Option<u32>,
    /// What stands before each key.
    pub key_prefix: String,
}

impl Uncounted {
    /// What it is without the figures that move from check to check.
    #[must_use]
    pub fn topic(&self) -> String {
        match self {
            Self::Lists { remedy, .. } => remedy.line(),
            Self::Elsewhere { places } => places.iter().map(Place::lines).collect::<Vec<_>>().join(" "),
            Self::Queues { queues, .. } => queues.join(" "),
            Self::Prefetched { .. } => "prefetched".to_owned(),
            Self::Unsearched => "unsearched".to_owned(),
            Self::Absent { queues, .. } => format!("absent {}", queues.join(" ")),
        }
    }
}

impl Uncounted {
    /// Whether tasks of the queues are known to wait that are not in the count: it is the least that waits.
    #[must_use]
    pub fn is_lower_bound(&self) -> bool {
        match self {
            Self::Lists { .. } | Self::Prefetched { .. } => true,
            Self::Elsewhere { .. } | Self::Queues { .. } | Self::Unsearched | Self::Absent { .. } => false,
        }
    }
}

impl Remedy {
    /// The line to write in the project, in JSON.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::KeyPrefix(prefix) => format!("\"redis_key_prefix\": {}", super::quoted(prefix)),
            Self::Separator(separator) => {
                format!("\"redis_priority_separator\": {}", super::quoted(separator))
            }
            Self::Steps(steps) => {
                let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
                format!("\"redis_priority_steps\": [{}]", steps.join(", "))
            }
        }
    }
}

impl Place {
    /// What has the place looked at, in JSON: the end of the URL and the key prefix.
    #[must_use]
    pub fn lines(&self) -> String {
        let url = self
            .database
            .map(|number| format!("\"redis_url\": \"…/{number}\""));
        let prefix = Remedy::KeyPrefix(self.key_prefix.clone()).line();
        match url {
            Some(url) if self.key_prefix.is_empty() => url,
            Some(url) => format!("{url}, {prefix}"),
            None => prefix,
        }
    }
}

/// `queues` as it is written in the configuration.
#[must_use]
pub(crate) fn queues_line(queues: &[String]) -> String {
    let queues: Vec<String> = queues.iter().map(|queue| super::quoted(queue)).collect();
    format!("\"queues\": [{}]", queues.join(", "))
}
