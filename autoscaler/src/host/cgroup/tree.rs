//! A cgroup with all below it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::host::usage::CgroupId;

/// What is in a cgroup and below.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// The ids of the cgroups, its own first.
    pub ids: Vec<CgroupId>,
    /// Their processes.
    pub pids: Vec<u32>,
}

impl Tree {
    /// Reads it at and below `directory`. What goes meanwhile is left out.
    #[must_use]
    pub fn read(directory: &Path) -> Self {
        let mut tree = Self::default();
        let mut left: Vec<PathBuf> = vec![directory.to_owned()];
        while let Some(directory) = left.pop() {
            let Ok(itself) = directory.metadata() else {
                continue;
            };
            tree.ids.push(itself.ino());
            let processes = fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
            tree.pids
                .extend(processes.lines().filter_map(|pid| pid.parse::<u32>().ok()));
            let entries = directory.read_dir().into_iter().flatten().flatten();
            let below = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            left.extend(below.map(|entry| entry.path()));
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_belongs_to_it() {
        let root = tempfile::tempdir().unwrap();
        for (place, processes) in [("", "7\n"), ("a", "8\n9\n"), ("a/b", "")] {
            let directory = root.path().join(place);
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join("cgroup.procs"), processes).unwrap();
        }
        let mut tree = Tree::read(root.path());
        tree.pids.sort_unstable();
        assert_eq!((tree.ids.len(), tree.pids), (3, vec![7, 8, 9]));
        assert_eq!(tree.ids[0], root.path().metadata().unwrap().ino());
        assert_eq!(Tree::read(&root.path().join("gone")), Tree::default());
    }
}
