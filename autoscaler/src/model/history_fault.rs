//! What the history's store has to tell, and why it cannot be read.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

use super::SystemFault;

/// What the writer has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryNews {
    /// The store cannot be used. Told once; it is tried again by itself.
    Unavailable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: StoreError,
    },
    /// It has been used again for a while.
    Available {
        /// The file.
        path: PathBuf,
        /// Entries that were lost meanwhile.
        lost: u64,
    },
    /// A damaged store was moved away; a new one was begun.
    SetAside {
        /// The file.
        path: PathBuf,
        /// Where the damaged one is now.
        to: PathBuf,
        /// What was wrong with it.
        why: StoreError,
    },
}

/// Why the history cannot be read.
#[derive(Debug)]
pub enum ReadError {
    /// There is no file.
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It may not be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no history of ours, or of a later version, or damaged.
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: StoreError,
    },
}

/// Why the store cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// Its directory cannot be made or reached.
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        error: SystemFault,
    },
    /// A damaged file could not be moved away.
    NotSetAside {
        /// The file.
        path: PathBuf,
        /// Why.
        error: SystemFault,
    },
    /// No thread can be started that writes it.
    NoThread(SystemFault),
    /// It was written by an earlier version, and is to be read as it is.
    Older {
        /// Its version.
        found: i64,
        /// This program's.
        known: i64,
    },
    /// It was written by a later version of this program.
    Newer {
        /// Its version.
        found: i64,
        /// The last version known.
        known: i64,
    },
    /// It is a database, but not ours.
    Foreign,
    /// `PRAGMA quick_check` found damage.
    Damaged(String),
    /// A reason could not be written as JSON.
    Reason(String),
    /// SQLite refused.
    Sqlite {
        /// The kind of its error.
        code: Option<ErrorCode>,
        /// Its own words.
        words: String,
    },
}

told_by_words!(ReadError, StoreError);
