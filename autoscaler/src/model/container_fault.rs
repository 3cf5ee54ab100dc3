//! Why a container is not found.

use serde::{Deserialize, Serialize};

use crate::model::{Runtime, Silence};

/// Why no container was found under a name. Displayed in English, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ContainerFault {
    /// No runtime that was asked has one of this name.
    #[error("no container {name} runs")]
    NotFound {
        /// The name.
        name: String,
        /// Whose rootless Podman was asked; `None` for root's containers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// Who was asked.
        asked: Vec<Runtime>,
    },
    /// There is one, and it does not run.
    #[error("the container {name} does not run ({state})")]
    NotRunning {
        /// The name.
        name: String,
        /// What its runtime calls its state, such as `exited`.
        state: String,
    },
    /// Two runtimes run one of this name.
    #[error("two containers are called {name}")]
    Several {
        /// The name.
        name: String,
        /// Whose they are.
        runtimes: Vec<Runtime>,
    },
    /// Its runtime does not answer.
    #[error("cannot ask {runtime} at {at}: {why}")]
    Unreachable {
        /// The runtime.
        runtime: Runtime,
        /// Its socket.
        at: String,
        /// What failed.
        why: Silence,
    },
    /// The runtime answered with something else than was asked for.
    #[error("{runtime} does not tell: {why}")]
    Refused {
        /// The runtime.
        runtime: Runtime,
        /// Its answer.
        why: String,
    },
    /// Its processes share a cgroup with others, so that it could not be told apart from them.
    #[error("the container {name} has no cgroup of its own: its processes are in {cgroup}")]
    NoCgroup {
        /// The name.
        name: String,
        /// Where its processes are.
        cgroup: String,
    },
    /// There is no such user.
    #[error("there is no user {user}")]
    NoUser {
        /// The user.
        user: String,
    },
    /// What a later version kept, in its words.
    #[error("{0}")]
    Words(String),
}

impl From<String> for ContainerFault {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}
