//! What can go wrong when a process is read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::{Lack, SystemFault};

/// Why a process could not be read. Displayed in English, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ProcessError {
    /// The process ended: the caller goes on without it.
    #[error("process {pid} is gone")]
    Gone {
        /// Its pid.
        pid: u32,
    },
    /// The file exists but cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: SystemFault,
    },
    /// The file lacks what this kernel interface promises.
    #[error("{} has no {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: Lack,
    },
}
