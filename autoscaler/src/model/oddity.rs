//! What is odd about a node's answer.

use serde::{Deserialize, Serialize};

/// What is odd about a node's answer. Displayed in English, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// It is no list.
    #[error("no list")]
    NoList,
    /// An error, in the node's own words; or what an earlier version kept.
    #[error("{0}")]
    Words(String),
}

impl From<String> for Oddity {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}
