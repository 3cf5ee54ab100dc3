//! `cpu.pressure`: the share of time in which tasks of the cgroup waited for a CPU
//! (Linux Documentation/accounting/psi.rst).

use std::time::Duration;

use nix::errno::Errno;

use crate::host::cgroup::Cgroup;
use crate::host::cgroup::file::File;
use crate::model::{CgroupError, Lack};

/// One cgroup's CPU pressure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pressure {
    /// At least one task waited.
    pub some: Stalled,
    /// Every task that was not idle waited; `None` before Linux 5.13, which had no such line.
    pub full: Option<Stalled>,
}

/// One line of a pressure file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stalled {
    /// Share of the last 10, 60 and 300 s, percent.
    pub average_percent: [f64; 3],
    /// In total since the cgroup was made.
    pub total: Duration,
}

impl Cgroup {
    /// The CPU pressure; `None` where the kernel keeps none (psi=0, or cgroup.pressure is 0).
    pub fn cpu_pressure(&self) -> Result<Option<Pressure>, CgroupError> {
        let file = match File::read(self.path(), "cpu.pressure") {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(None),
            // The file exists, yet refuses when pressure accounting was not enabled at boot.
            Err(CgroupError::Unreadable { source, .. }) if source.errno() == Some(Errno::EOPNOTSUPP) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let line = |kind| {
            file.text()
                .lines()
                .find_map(|line| line.strip_prefix(kind))
                .map(|rest| stalled(rest).ok_or_else(|| file.lacks(Lack::Averages)))
                .transpose()
        };
        Ok(Some(Pressure {
            some: line("some ")?.ok_or_else(|| file.lacks(Lack::line("`some`")))?,
            full: line("full ")?,
        }))
    }
}

fn stalled(line: &str) -> Option<Stalled> {
    let value = |key: &str| {
        line.split_ascii_whitespace()
            .find_map(|field| field.strip_prefix(key)?.strip_prefix('='))
    };
    let average = |key| value(key)?.parse().ok();
    Some(Stalled {
        average_percent: [average("avg10")?, average("avg60")?, average("avg300")?],
        total: Duration::from_micros(value("total")?.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::host::cgroup::CgroupMount;

    fn pressure(text: Option<&str>) -> Result<Option<Pressure>, CgroupError> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        if let Some(text) = text {
            fs::write(dir.path().join("a/cpu.pressure"), text).unwrap();
        }
        let cgroup = CgroupMount::at(dir.path()).open(Path::new("a"))?;
        cgroup.cpu_pressure()
    }

    #[test]
    fn averages_are_percent_and_the_total_is_microseconds() {
        let text = "some avg10=12.50 avg60=3.00 avg300=0.10 total=1500000\n\
            full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";
        let pressure = pressure(Some(text)).unwrap().unwrap();
        assert!((pressure.some.average_percent[0] - 12.5).abs() < f64::EPSILON);
        assert_eq!(pressure.some.total, Duration::from_millis(1500));
        assert_eq!(pressure.full.unwrap().total, Duration::from_micros(7));
    }

    #[test]
    fn an_old_kernel_has_no_second_line() {
        let text = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        assert!(pressure(Some(text)).unwrap().unwrap().full.is_none());
    }

    #[test]
    fn a_kernel_without_it_gives_no_figure() {
        assert!(pressure(None).unwrap().is_none());
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(pressure(Some("some avg10=x\n")).is_err());
    }
}
