//! What happened in a cgroup: `memory.events`, `cgroup.events`; and the soft limits that make things happen: `memory.high`,
//! `cpu.weight`.

use crate::host::cgroup::Cgroup;
use crate::host::cgroup::file::File;
use crate::model::CgroupError;

/// Memory events in a cgroup and in all below since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryEvents {
    /// Times that use went over `memory.high` and was held back.
    pub high: u64,
    /// Times that use was about to go over `memory.max`.
    pub max: u64,
    /// Times that the limit was reached and an allocation was about to fail.
    pub oom: u64,
    /// Processes killed for want of memory.
    pub oom_kill: u64,
}

impl Cgroup {
    /// The memory events; `None` without the memory controller.
    pub fn memory_events(&self) -> Result<Option<MemoryEvents>, CgroupError> {
        Ok(File::read(self.path(), "memory.events")?.map(|file| {
            let count = |key| file.keyed(key).unwrap_or(0);
            MemoryEvents {
                high: count("high"),
                max: count("max"),
                oom: count("oom"),
                oom_kill: count("oom_kill"),
            }
        }))
    }

    /// Whether it is frozen, itself or by a cgroup above (`frozen` in `cgroup.events`, cgroup-v2.rst); since Linux 5.2.
    pub fn is_frozen(&self) -> Result<bool, CgroupError> {
        let events = File::read(self.path(), "cgroup.events")?;
        Ok(events.and_then(|file| file.keyed("frozen")) == Some(1))
    }

    /// `memory.high` in bytes, `u64::MAX` for `max`; `None` without the memory controller.
    pub fn memory_high(&self) -> Result<Option<u64>, CgroupError> {
        File::read(self.path(), "memory.high")?
            .map(|file| file.number_or_max())
            .transpose()
    }

    /// `cpu.weight`, 1 to 10000, 100 unless set; `None` without the cpu controller. 0 stands for idle
    /// (`cpu.idle`).
    pub fn cpu_weight(&self) -> Result<Option<u64>, CgroupError> {
        File::read(self.path(), "cpu.weight")?
            .map(|file| file.number_or_max())
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::host::cgroup::CgroupMount;

    #[test]
    fn events_and_soft_limits() {
        let mount = tempfile::tempdir().unwrap();
        let dir = mount.path().join("a");
        fs::create_dir(&dir).unwrap();
        let cgroup = CgroupMount::at(mount.path()).open(Path::new("a")).unwrap();
        assert_eq!(cgroup.memory_events().unwrap(), None);
        assert_eq!(cgroup.memory_high().unwrap(), None);

        fs::write(
            dir.join("memory.events"),
            "low 0\nhigh 4\nmax 3\noom 2\noom_kill 1\n",
        )
        .unwrap();
        fs::write(dir.join("memory.high"), "max\n").unwrap();
        fs::write(dir.join("cpu.weight"), "100\n").unwrap();
        assert_eq!(
            cgroup.memory_events().unwrap(),
            Some(MemoryEvents {
                high: 4,
                max: 3,
                oom: 2,
                oom_kill: 1
            })
        );
        assert_eq!(cgroup.memory_high().unwrap(), Some(u64::MAX));
        assert_eq!(cgroup.cpu_weight().unwrap(), Some(100));
    }
}
