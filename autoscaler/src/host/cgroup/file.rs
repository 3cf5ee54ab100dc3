//! Reading a cgroup's interface files.

use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::host::kernel_file;
use crate::model::{CgroupError, Lack};

/// One interface file that was read.
pub(super) struct File {
    path: PathBuf,
    text: String,
}

impl File {
    /// Reads `directory/name`; `None` where the file does not exist: its controller is not enabled for the
    /// cgroup, or the cgroup was removed (ENODEV when that happened after the open).
    pub(super) fn read(directory: &Path, name: &str) -> Result<Option<Self>, CgroupError> {
        let path = directory.join(name);
        match kernel_file::text(&path) {
            Ok(text) => Ok(Some(Self { path, text })),
            Err(source) => match source.raw_os_error().map(Errno::from_raw) {
                Some(Errno::ENOENT | Errno::ENODEV) => Ok(None),
                _ => Err(CgroupError::Unreadable {
                    path,
                    source: source.into(),
                }),
            },
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The error that says what this file lacks.
    pub(super) fn lacks(&self, what: Lack) -> CgroupError {
        CgroupError::Malformed {
            path: self.path.clone(),
            what,
            text: self.text.trim_end().to_owned(),
        }
    }

    /// The one number in the file; `max` is `u64::MAX`.
    pub(super) fn number_or_max(&self) -> Result<u64, CgroupError> {
        match self.text.trim() {
            "max" => Ok(u64::MAX),
            number => number.parse().map_err(|_| self.lacks(Lack::Bytes)),
        }
    }

    /// The number beside `key` in a file of `KEY VALUE` lines.
    pub(super) fn keyed(&self, key: &str) -> Option<u64> {
        self.text.lines().find_map(|line| {
            let (name, value) = line.split_once(' ')?;
            (name == key).then(|| value.trim().parse().ok())?
        })
    }
}
