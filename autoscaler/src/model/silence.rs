//! Why a broker does not answer.

use std::error::Error;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::SystemFault;

/// Why no answer came. Displayed in English, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// The system could not connect, or lost the connection.
    #[error(transparent)]
    System(#[from] SystemFault),
    /// It did not come in time.
    #[error("no answer within {} s", after.as_secs())]
    Late {
        /// How long it was waited for.
        after: Duration,
    },
    /// The connection went.
    #[error("the connection was lost")]
    Lost,
    /// The broker ended the connection.
    #[error("it hung up")]
    HungUp,
    /// What the broker, or the library that speaks with it, says; or what an earlier version kept.
    #[error("{0}")]
    Words(String),
}

impl Silence {
    /// What the system says within an error of a library; else what `words` says.
    pub(crate) fn within(error: &(dyn Error + 'static), words: impl FnOnce() -> String) -> Self {
        SystemFault::within(error).map_or_else(|| Self::Words(words()), Self::System)
    }
}

impl From<&str> for Silence {
    fn from(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

impl From<String> for Silence {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}
