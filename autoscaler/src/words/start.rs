//! Why the daemon does not start.

use std::io;
use std::path::PathBuf;

use super::system::system;
use crate::model::Language;

/// Why the daemon does not start.
#[derive(Debug)]
pub enum StartFault {
    /// Another one runs.
    Running {
        /// Its pid, as it wrote it into the lock.
        pid: String,
        /// The lock that it holds.
        lock: PathBuf,
    },
    /// The lock cannot be opened, written or taken.
    Lock {
        /// The lock.
        path: PathBuf,
        /// What was tried.
        tried: Tried,
        /// The kernel's error.
        source: io::Error,
    },
    /// Signals cannot be listened for.
    Signals(io::Error),
    /// The runtime directory cannot be made.
    Directory {
        /// The directory.
        path: PathBuf,
        /// The kernel's error.
        source: io::Error,
    },
}

told_by_words!(StartFault);

/// What was tried with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// To open it.
    Open,
    /// To write it.
    Write,
    /// To lock it.
    Lock,
}

/// Why the daemon does not start, in words.
#[must_use]
pub fn start_fault(language: Language, fault: &StartFault) -> String {
    match fault {
        StartFault::Running { pid, lock } => {
            let lock = lock.display();
            say!(
                language,
                "another autoscaler is running (pid {pid}); it holds {lock}",
                "ya corre otro autoscaler (pid {pid}); tiene {lock}"
            )
        }
        StartFault::Lock { path, tried, source } => {
            let (path, source) = (path.display(), system(language, source));
            match tried {
                Tried::Open => say!(
                    language,
                    "{path} cannot be opened: {source}",
                    "no se puede abrir {path}: {source}"
                ),
                Tried::Write => say!(
                    language,
                    "{path} cannot be written: {source}",
                    "no se puede escribir {path}: {source}"
                ),
                Tried::Lock => say!(
                    language,
                    "{path} cannot be locked: {source}",
                    "no se puede bloquear {path}: {source}"
                ),
            }
        }
        StartFault::Signals(error) => {
            let error = system(language, error);
            say!(
                language,
                "signals cannot be listened for: {error}",
                "no se pueden atender señales: {error}"
            )
        }
        StartFault::Directory { path, source } => {
            let (path, source) = (path.display(), system(language, source));
            say!(
                language,
                "the runtime directory {path} cannot be made; name another with --runtime-dir: {source}",
                "no se puede crear el directorio de ejecución {path}; nombre otro con --runtime-dir: {source}"
            )
        }
    }
}
