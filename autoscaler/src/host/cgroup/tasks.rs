//! How many tasks a cgroup holds: `pids.current`, `pids.max`, and `cgroup.threads`.

use crate::host::cgroup::Cgroup;
use crate::host::cgroup::file::File;
use crate::model::CgroupError;

impl Cgroup {
    /// Tasks (threads count) in this cgroup and in all below; `None` without the pids controller.
    pub fn tasks(&self) -> Result<Option<u64>, CgroupError> {
        File::read(self.path(), "pids.current")?
            .map(|file| file.number_or_max())
            .transpose()
    }

    /// Most tasks that it may hold, `u64::MAX` for no limit; `None` without the pids controller.
    pub fn tasks_max(&self) -> Result<Option<u64>, CgroupError> {
        File::read(self.path(), "pids.max")?
            .map(|file| file.number_or_max())
            .transpose()
    }

    /// Tasks in this cgroup alone, without those below: counts the lines of `cgroup.threads`, so it needs no
    /// controller. 0 when the cgroup was removed.
    pub fn own_tasks(&self) -> Result<u64, CgroupError> {
        let file = File::read(self.path(), "cgroup.threads")?;
        Ok(file.map_or(0, |file| file.text().lines().count() as u64))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::host::cgroup::CgroupMount;

    #[test]
    fn tasks_with_and_without_the_controller() {
        let mount = tempfile::tempdir().unwrap();
        let dir = mount.path().join("a");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("cgroup.threads"), "1\n22\n333\n").unwrap();
        let cgroup = CgroupMount::at(mount.path()).open(Path::new("a")).unwrap();
        assert_eq!(cgroup.tasks().unwrap(), None);
        assert_eq!(cgroup.own_tasks().unwrap(), 3);

        fs::write(dir.join("pids.current"), "17\n").unwrap();
        fs::write(dir.join("pids.max"), "max\n").unwrap();
        assert_eq!(cgroup.tasks().unwrap(), Some(17));
        assert_eq!(cgroup.tasks_max().unwrap(), Some(u64::MAX));
    }
}
