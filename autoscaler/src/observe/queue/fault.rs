//! Why a project's queues cannot be read.

use serde::{Deserialize, Serialize};

/// Why a broker cannot be used. `at` is its host and port, or its socket: never a user or a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum QueueFault {
    /// The URL is not one of a broker that is known.
    #[error("the broker's URL cannot be used: {why}")]
    BadUrl {
        /// What is wrong with it.
        why: String,
    },
    /// The variable that should hold the URL is not set.
    #[error(
        "process {pid} was started without {variable} in its environment: set it in the unit (Environment= or EnvironmentFile=) and restart it"
    )]
    NoVariable {
        /// The variable.
        variable: String,
        /// The project's main process.
        pid: u32,
    },
    /// The process has overwritten the environment that it was started with, to have room for its title.
    #[error(
        "process {pid} has written its title over its environment: set SPT_NOENV=1 in the unit (Environment=SPT_NOENV=1), which keeps setproctitle from it, and restart it"
    )]
    EnvironmentOverwritten {
        /// The project's main process.
        pid: u32,
    },
    /// Another user's environment, and the daemon may not read those.
    #[error(
        "the environment of process {pid} may not be read: the daemon needs CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE, as it has in the unit that comes with it"
    )]
    EnvironmentForbidden {
        /// The project's main process.
        pid: u32,
    },
    /// The environment cannot be read.
    #[error("the environment of the main process cannot be read: {why}")]
    EnvironmentUnreadable {
        /// The error with its path.
        why: String,
    },
    /// No connection, or it broke, or no answer in time.
    #[error("the broker at {at} cannot be reached: {why}")]
    Unreachable {
        /// Where the broker should be.
        at: String,
        /// The system's reason.
        why: String,
    },
    /// Wrong user or password, or the broker wants one and the URL has none.
    #[error("the broker at {at} refuses the user or the password: {why}")]
    LoginRefused {
        /// Where the broker is.
        at: String,
        /// The broker's reason.
        why: String,
    },
    /// The user may log in but not do what is needed.
    #[error("the broker at {at} does not permit it: {why}")]
    NotPermitted {
        /// Where the broker is.
        at: String,
        /// The broker's reason.
        why: String,
    },
    /// There is no such queue.
    #[error(
        "the broker at {at} has no queue {queue:?}: is it spelled as in Celery, and has a worker ever consumed it?"
    )]
    NoSuchQueue {
        /// Where the broker is.
        at: String,
        /// The queue.
        queue: String,
    },
    /// The broker answered with an error that nothing above describes.
    #[error("the broker at {at} answered with an error: {why}")]
    Answered {
        /// Where the broker is.
        at: String,
        /// The broker's words.
        why: String,
    },
}
