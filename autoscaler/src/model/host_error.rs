//! Why the host as a whole cannot be read.

use std::path::PathBuf;

use super::Lack;

/// The host cannot be read: no project can be judged.
#[derive(Debug)]
pub enum HostError {
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file lacks what this kernel interface promises.
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: Lack,
    },
}

told_by_words!(HostError);
