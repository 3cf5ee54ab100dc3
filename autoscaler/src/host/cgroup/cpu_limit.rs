//! How many CPUs a cgroup may use: the quota of `cpu.max` and the set of `cpuset.cpus.effective`.

use crate::host::cgroup::Cgroup;
use crate::host::cgroup::file::File;
use crate::host::cpu_list::CpuList;
use crate::model::{CgroupError, Lack};

impl Cgroup {
    /// The smallest `cpu.max` quota of this cgroup and its ancestors, in CPUs; `None` without any.
    pub fn cpu_quota(&self) -> Result<Option<f64>, CgroupError> {
        let mut smallest: Option<f64> = None;
        for directory in self.with_ancestors() {
            let Some(file) = File::read(directory, "cpu.max")? else {
                continue;
            };
            if let Some(quota) = quota(&file)? {
                smallest = Some(smallest.map_or(quota, |other| other.min(quota)));
            }
        }
        Ok(smallest)
    }

    /// The CPUs that `cpuset.cpus.effective` leaves; `None` where no cpuset applies. Asks the nearest
    /// directory that has the file: the kernel already keeps it within what the ancestors allow.
    pub fn cpuset(&self) -> Result<Option<CpuList>, CgroupError> {
        for directory in self.with_ancestors() {
            let Some(file) = File::read(directory, "cpuset.cpus.effective")? else {
                continue;
            };
            return match file.text().parse() {
                Ok(cpus) => Ok(Some(cpus)),
                Err(_) => Err(file.lacks(Lack::CpuList)),
            };
        }
        Ok(None)
    }

    /// How many CPUs the cgroup may use of those in `runnable`, which are online and within the processes'
    /// own affinity: the quota of cpu.max where that is less. Never 0.
    pub fn allowed_cpus(&self, runnable: &CpuList) -> Result<f64, CgroupError> {
        let cpus = match self.cpuset()? {
            Some(cpuset) => cpuset.and(runnable).len(),
            None => runnable.len(),
        };
        // An empty set appears for a moment while CPUs go offline.
        let cpus = cpus.max(1) as f64;
        Ok(self.cpu_quota()?.map_or(cpus, |quota| cpus.min(quota)))
    }
}

/// `QUOTA PERIOD` in µs, or `max PERIOD`. The kernel takes no quota below 1 ms, hence never 0.
fn quota(file: &File) -> Result<Option<f64>, CgroupError> {
    let mut fields = file.text().split_ascii_whitespace();
    match (fields.next(), fields.next()) {
        (Some("max"), _) => Ok(None),
        (Some(quota), Some(period)) => match (quota.parse::<u32>(), period.parse::<u32>()) {
            (Ok(quota @ 1..), Ok(period @ 1..)) => Ok(Some(f64::from(quota) / f64::from(period))),
            _ => Err(file.lacks(Lack::Quota)),
        },
        _ => Err(file.lacks(Lack::Quota)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::host::cgroup::CgroupMount;

    struct Fixture(tempfile::TempDir);

    impl Fixture {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir_all(dir.path().join("slice/a.service")).unwrap();
            Self(dir)
        }

        fn with(self, file: &str, text: &str) -> Self {
            fs::write(self.0.path().join(file), text).unwrap();
            self
        }

        fn cgroup(&self) -> Cgroup {
            CgroupMount::at(self.0.path())
                .open(Path::new("slice/a.service"))
                .unwrap()
        }

        fn allowed(&self) -> f64 {
            self.cgroup().allowed_cpus(&"0-7".parse().unwrap()).unwrap()
        }
    }

    #[test]
    fn without_limits_every_runnable_cpu_is_allowed() {
        assert!((Fixture::new().allowed() - 8.0).abs() < f64::EPSILON);
        let unlimited = Fixture::new().with("slice/a.service/cpu.max", "max 100000\n");
        assert!((unlimited.allowed() - 8.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_smallest_quota_up_to_the_root_counts() {
        let fixture = Fixture::new()
            .with("slice/a.service/cpu.max", "400000 100000\n")
            .with("slice/cpu.max", "75000 50000\n");
        assert!((fixture.allowed() - 1.5).abs() < f64::EPSILON);
    }

    #[test]
    fn a_cpuset_of_the_parent_counts_where_the_cgroup_has_none() {
        let fixture = Fixture::new().with("slice/cpuset.cpus.effective", "2-3\n");
        assert!((fixture.allowed() - 2.0).abs() < f64::EPSILON);
        let own = fixture.with("slice/a.service/cpuset.cpus.effective", "3\n");
        assert!((own.allowed() - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn cpus_of_the_set_that_are_not_runnable_do_not_count() {
        let fixture = Fixture::new().with("slice/cpuset.cpus.effective", "7-15\n");
        assert!((fixture.allowed() - 1.0).abs() < f64::EPSILON);
        let none = Fixture::new().with("slice/cpuset.cpus.effective", "\n");
        assert!((none.allowed() - 1.0).abs() < f64::EPSILON, "never 0");
    }

    #[test]
    fn nonsense_names_the_file() {
        for text in ["", "0 100000", "5 0", "x y"] {
            let fixture = Fixture::new().with("slice/cpu.max", text);
            let error = fixture.cgroup().cpu_quota().unwrap_err().to_string();
            assert!(error.contains("slice/cpu.max"), "{error}");
        }
    }
}
