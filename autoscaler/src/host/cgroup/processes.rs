//! Which processes are in a cgroup.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::host::cgroup::Cgroup;
use crate::host::kernel_file;
use crate::model::CgroupError;

impl Cgroup {
    /// The pids in this cgroup and in all below it, lowest first. Empty when the cgroup was removed.
    ///
    /// A process that moves within the tree during the reading is seen once at most, perhaps not at all.
    pub fn processes(&self) -> Result<Vec<u32>, CgroupError> {
        let mut pids = BTreeSet::new();
        let mut directories = vec![self.path().to_owned()];
        while let Some(directory) = directories.pop() {
            pids.extend(members(&directory)?);
            directories.extend(subdirectories(&directory)?);
        }
        Ok(pids.into_iter().collect())
    }
}

/// The pids in the cgroup of this directory, without those below it.
pub(crate) fn members(directory: &Path) -> Result<Vec<u32>, CgroupError> {
    let path = directory.join("cgroup.procs");
    match kernel_file::text(&path) {
        // 0 stands for a process outside the daemon's pid namespace: nothing can be done with it.
        Ok(text) => Ok(text
            .lines()
            .filter_map(|line| line.parse().ok())
            .filter(|pid| *pid != 0)
            .collect()),
        Err(source) => match source.raw_os_error().map(Errno::from_raw) {
            // A threaded cgroup refuses (EOPNOTSUPP): its processes are listed by the domain above it.
            Some(Errno::ENOENT | Errno::ENODEV | Errno::EOPNOTSUPP) => Ok(Vec::new()),
            _ => Err(CgroupError::Unreadable {
                path,
                source: source.into(),
            }),
        },
    }
}

fn subdirectories(directory: &Path) -> Result<Vec<PathBuf>, CgroupError> {
    let unreadable = |source: std::io::Error| CgroupError::Unreadable {
        path: directory.to_owned(),
        source: source.into(),
    };
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(unreadable(source)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        // Follows no link: cgroupfs has none.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::host::cgroup::CgroupMount;

    fn cgroup(dir: &Path) -> Cgroup {
        CgroupMount::at(dir).open(Path::new("a")).unwrap()
    }

    #[test]
    fn processes_of_nested_cgroups_belong_to_it() {
        let dir = tempfile::tempdir().unwrap();
        let nested = dir.path().join("a/b/c");
        fs::create_dir_all(&nested).unwrap();
        fs::write(dir.path().join("a/cgroup.procs"), "30\n10\n").unwrap();
        fs::write(nested.join("cgroup.procs"), "20\n0\n").unwrap();
        fs::write(dir.path().join("cgroup.procs"), "1\n").unwrap();
        assert_eq!(cgroup(dir.path()).processes().unwrap(), [10, 20, 30]);
    }

    #[test]
    fn a_cgroup_removed_meanwhile_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        let cgroup = cgroup(dir.path());
        fs::remove_dir(cgroup.path()).unwrap();
        assert!(cgroup.processes().unwrap().is_empty());
    }
}
