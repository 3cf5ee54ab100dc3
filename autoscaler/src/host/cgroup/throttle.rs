//! How long `cpu.max` held a cgroup back: `nr_throttled` and `throttled_usec` of `cpu.stat`.

use std::time::Duration;

use crate::host::cgroup::Cgroup;
use crate::host::cgroup::file::File;
use crate::model::{CgroupError, Lack, Throttle};

/// Throttling since the cgroup was made, by its own quota. What an ancestor's quota held back stands in the
/// ancestor's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleCounters {
    /// Periods in which the cgroup was throttled: `nr_throttled`.
    pub periods: u64,
    /// Time for which it was throttled, µs: `throttled_usec`.
    pub time_us: u64,
}

impl ThrottleCounters {
    /// What was added since `earlier`; `None` if a counter went back.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Throttle> {
        Some(Throttle {
            periods: self.periods.checked_sub(earlier.periods)?,
            time: Duration::from_micros(self.time_us.checked_sub(earlier.time_us)?),
        })
    }
}

/// What cpu.stat says of a cgroup with all below it, since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuTotals {
    /// On-CPU time, µs: `usage_usec`.
    pub usage_us: u64,
    /// Throttling; `None` where the cpu controller is not enabled.
    pub throttling: Option<ThrottleCounters>,
}

impl Cgroup {
    /// The counters; `None` where the cpu controller is not enabled.
    pub fn throttling(&self) -> Result<Option<ThrottleCounters>, CgroupError> {
        let file = File::read(self.path(), "cpu.stat")?;
        Ok(file.as_ref().and_then(throttling))
    }

    /// On-CPU time and throttling in all; `None` when the cgroup was removed.
    pub fn cpu_totals(&self) -> Result<Option<CpuTotals>, CgroupError> {
        let Some(file) = File::read(self.path(), "cpu.stat")? else {
            return Ok(None);
        };
        Ok(Some(CpuTotals {
            usage_us: file
                .keyed("usage_usec")
                .ok_or_else(|| file.lacks(Lack::key("usage_usec")))?,
            throttling: throttling(&file),
        }))
    }
}

fn throttling(file: &File) -> Option<ThrottleCounters> {
    Some(ThrottleCounters {
        periods: file.keyed("nr_throttled")?,
        time_us: file.keyed("throttled_usec")?,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::host::cgroup::CgroupMount;

    fn throttling(cpu_stat: &str) -> Option<ThrottleCounters> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("a/cpu.stat"), cpu_stat).unwrap();
        let cgroup = CgroupMount::at(dir.path()).open(Path::new("a")).unwrap();
        cgroup.throttling().unwrap()
    }

    #[test]
    fn the_difference_covers_the_interval() {
        let stat =
            "usage_usec 9\nuser_usec 5\nsystem_usec 4\nnr_periods 90\nnr_throttled 7\nthrottled_usec 2500\n";
        let later = throttling(stat).unwrap();
        let earlier = ThrottleCounters {
            periods: 5,
            time_us: 1000,
        };
        let throttle = later.since(earlier).unwrap();
        assert_eq!(throttle.periods, 2);
        assert_eq!(throttle.time, Duration::from_micros(1500));
        assert_eq!(earlier.since(later), None, "never negative");
    }

    #[test]
    fn without_the_cpu_controller_there_is_no_figure() {
        assert_eq!(throttling("usage_usec 9\nuser_usec 5\nsystem_usec 4\n"), None);
    }
}
