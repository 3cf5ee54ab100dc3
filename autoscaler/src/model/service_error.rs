//! Why the service manager gave no answer.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::SystemFault;

/// Why the service manager gave no unit. Displayed in English, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ServiceError {
    /// There is no such unit.
    #[error("systemd knows no unit {unit}")]
    NotFound {
        /// The unit that was asked for.
        unit: String,
    },
    /// The host was not booted with systemd.
    #[error("this host does not run systemd ({path} does not exist): give the project a `cgroup`")]
    NotBooted {
        /// What marks a host that runs systemd (`sd_booted(3)`).
        path: String,
    },
    /// systemd answered, but not with what was asked for: with an error, or not as it documents.
    #[error("systemd does not tell: {why}")]
    Refused {
        /// Its answer.
        why: BusFault,
    },
    /// systemd is there but did not answer. It is asked again, over a new connection, at the next call.
    #[error("cannot ask systemd over D-Bus: {why}")]
    Unreachable {
        /// What failed.
        why: BusFault,
    },
}

/// Why a question over the bus had no answer. Displayed in English, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum BusFault {
    /// Nothing came within this time.
    #[error("no answer within {} s", after.as_secs())]
    Silent {
        /// The time.
        after: Duration,
    },
    /// systemd answered with something else than it documents.
    #[error("{property} of {interface} is not of the type that systemd documents")]
    Type {
        /// The interface.
        interface: Cow<'static, str>,
        /// The property.
        property: Cow<'static, str>,
    },
    /// The system could not connect.
    #[error(transparent)]
    System(#[from] SystemFault),
    /// What systemd or the bus says, or what an earlier version kept.
    #[error("{0}")]
    Words(String),
}

impl From<&str> for BusFault {
    fn from(words: &str) -> Self {
        Self::Words(words.to_owned())
    }
}

/// What version 0.1.0 kept was one of these sentences.
impl From<String> for ServiceError {
    fn from(words: String) -> Self {
        let why = |words: &str| BusFault::from(words);
        if let Some(words) = words.strip_prefix("systemd does not tell: ") {
            Self::Refused { why: why(words) }
        } else if let Some(path) = words
            .strip_prefix("this host does not run systemd (")
            .and_then(|rest| rest.split_once(" does not exist)"))
            .map(|(path, _)| path.to_owned())
        {
            Self::NotBooted { path }
        } else {
            let plain = words.strip_prefix("cannot ask systemd over D-Bus: ");
            Self::Unreachable {
                why: why(plain.unwrap_or(&words)),
            }
        }
    }
}
