//! Why a project's pool cannot be seen or commanded.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::quoted;
use crate::model::{Place, QueueFault};

/// Why the pool of a Celery worker cannot be seen or commanded through its remote control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PoolFault {
    /// The broker cannot be used.
    #[error(transparent)]
    Broker(#[from] QueueFault),
    /// Nobody takes commands from this broker.
    #[error(
        "no worker listens for remote control on this broker: is worker_enable_remote_control off, control_exchange or fanout_prefix another than Celery's own, or the broker (with its database or virtual host) another than the worker's?"
    )]
    NobodyListens,
    /// Nobody takes commands where they are given, and workers have their keys elsewhere on this server.
    #[error(
        "no worker listens for remote control here, but Celery's workers have their keys elsewhere on this server: if they are this project's, write {}",
        listed(.places)
    )]
    ListensElsewhere {
        /// Where.
        places: Vec<Place>,
    },
    /// The project's node did not answer.
    #[error("the node {node} did not answer {method} within {} s", .after.as_secs())]
    NoAnswer {
        /// The node.
        node: String,
        /// The command.
        method: Cow<'static, str>,
        /// How long it was waited for.
        after: std::time::Duration,
    },
    /// Workers answered, but none that runs in the project's cgroup: a foreign worker is never commanded.
    #[error("none of the nodes that answered runs in this project's cgroup: {}", list(.answered))]
    NotOurs {
        /// The nodes that answered.
        answered: Vec<String>,
    },
    /// Two workers bear one name: a command would reach both.
    #[error("more than one worker is named {node}: give each its own name (-n NAME@%h)")]
    SameName {
        /// The name.
        node: String,
    },
    /// More than one worker runs in the project's cgroup.
    #[error("several nodes run in this project's cgroup ({}): give each a project of its own", list(.nodes))]
    SeveralNodes {
        /// Their names.
        nodes: Vec<String>,
    },
    /// The worker's pool has no processes to add or take away.
    #[error(
        "the node {node} runs the {pool} pool, which cannot change its size: start it with --pool=prefork"
    )]
    NoProcesses {
        /// The node.
        node: String,
        /// The kind of pool.
        pool: String,
    },
    /// The worker scales itself.
    #[error(
        "the node {node} runs with --autoscale, which refuses commands from outside: start it with --concurrency instead"
    )]
    OwnAutoscale {
        /// The node.
        node: String,
    },
    /// A queue of the configuration is none that the worker takes tasks from.
    #[error("the node {node} takes no tasks from the queue {}, only from: {}", quoted(.queue), list(.consumed))]
    NotConsumed {
        /// The node.
        node: String,
        /// The queue.
        queue: String,
        /// The queues that it takes tasks from.
        consumed: Vec<String>,
    },
    /// The answer is not one that is understood.
    #[error("the node {node} answered {method} with something unknown: {why}")]
    Malformed {
        /// The node.
        node: String,
        /// The command.
        method: Cow<'static, str>,
        /// What is missing or wrong.
        why: String,
    },
    /// The project's processes cannot be read.
    #[error("{why}")]
    Unreadable {
        /// The error with its path.
        why: String,
    },
}

fn listed(places: &[Place]) -> String {
    let lines: Vec<String> = places.iter().map(Place::lines).collect();
    lines.join(", or ")
}

fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}
