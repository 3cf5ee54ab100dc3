//! What can go wrong when a process is read.

use std::io;
use std::path::PathBuf;

/// Why a process could not be read.
#[derive(Debug, thiserror::Error)]
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
        source: io::Error,
    },
    /// The file lacks what this kernel interface promises.
    #[error("{} has no {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
}

/// Turns "gone" into `None`, so that a walk over processes goes on with the others.
pub(crate) fn unless_gone<T>(result: Result<T, ProcessError>) -> Result<Option<T>, ProcessError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(ProcessError::Gone { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
