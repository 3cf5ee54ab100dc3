//! Why no configuration could be loaded.

use std::io;
use std::path::PathBuf;

use super::ConfigErrors;

/// Where the configuration is, unless `--config` says otherwise.
pub const DEFAULT_PATH: &str = "/etc/autoscaler/config.json";

/// Why no configuration could be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// There is no such file.
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// A directory, device, pipe or socket.
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// The kernel refused.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The kernel's error.
        source: io::Error,
    },
    /// Larger than any configuration.
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The size of the largest that is read, KiB.
        most_kib: u64,
    },
    /// Nothing in it.
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// No text.
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first line, from 1, with a byte that is none.
        line: usize,
    },
    /// Somebody other than root may write it.
    Distrusted(Distrust),
    /// It was read, and has faults.
    Invalid(ConfigErrors),
}

told_by_words!(LoadError);

impl From<Distrust> for LoadError {
    fn from(distrust: Distrust) -> Self {
        Self::Distrusted(distrust)
    }
}

impl From<ConfigErrors> for LoadError {
    fn from(errors: ConfigErrors) -> Self {
        Self::Invalid(errors)
    }
}

/// Somebody other than root could change the configuration. The message holds the command that mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Distrust {
    /// The file or link belongs to another user.
    Owner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// The file may be written by its group or by everybody.
    Writable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It became another file between the look at it and its opening, again and again.
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// A directory on the way lets others put another file in its place.
    Directory {
        /// The file that was to be read.
        path: PathBuf,
        /// The directory.
        directory: PathBuf,
        /// The directory's owner.
        uid: u32,
        /// The directory's permission bits.
        mode: u32,
    },
}
