//! The cgroups below one.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::host::usage::CgroupId;

/// The ids of the cgroup in `directory` and of all below it. One that goes meanwhile is left out.
#[must_use]
pub fn ids(directory: &Path) -> Vec<CgroupId> {
    let mut found = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(directory) = left.pop() {
        let Ok(itself) = directory.metadata() else {
            continue;
        };
        found.push(itself.ino());
        let entries = directory.read_dir().into_iter().flatten().flatten();
        let below = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        left.extend(below.map(|entry| entry.path()));
    }
    found
}
