//! `memory.current` and `memory.max`.

use crate::host::cgroup::Cgroup;
use crate::host::cgroup::file::File;
use crate::model::{CgroupError, CgroupMemory};

impl Cgroup {
    /// Memory in use and its limit, in bytes; `None` each where the memory controller is not enabled.
    pub fn memory(&self) -> Result<CgroupMemory, CgroupError> {
        let number = |name| {
            File::read(self.path(), name)?
                .map(|file| file.number_or_max())
                .transpose()
        };
        Ok(CgroupMemory {
            current: number("memory.current")?,
            max: number("memory.max")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::host::cgroup::{Cgroup, CgroupMount};

    fn fixture() -> (tempfile::TempDir, Cgroup) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        let cgroup = CgroupMount::at(dir.path()).open(Path::new("a")).unwrap();
        (dir, cgroup)
    }

    #[test]
    fn bytes_in_use_and_a_limit() {
        let (_dir, cgroup) = fixture();
        fs::write(cgroup.path().join("memory.current"), "1048576\n").unwrap();
        fs::write(cgroup.path().join("memory.max"), "524288000\n").unwrap();
        let memory = cgroup.memory().unwrap();
        assert_eq!(memory.current, Some(1 << 20));
        assert_eq!(memory.max, Some(500 << 20));
    }

    #[test]
    fn no_limit_is_the_largest_number() {
        let (_dir, cgroup) = fixture();
        fs::write(cgroup.path().join("memory.max"), "max\n").unwrap();
        assert_eq!(cgroup.memory().unwrap().max, Some(u64::MAX));
    }

    #[test]
    fn without_the_controller_there_is_no_figure() {
        let (_dir, cgroup) = fixture();
        let memory = cgroup.memory().unwrap();
        assert_eq!((memory.current, memory.max), (None, None));
    }

    #[test]
    fn nonsense_names_the_file() {
        let (_dir, cgroup) = fixture();
        fs::write(cgroup.path().join("memory.max"), "lots\n").unwrap();
        let error = cgroup.memory().unwrap_err().to_string();
        assert!(error.contains("a/memory.max"), "{error}");
        assert!(error.contains("lots"), "{error}");
    }
}
