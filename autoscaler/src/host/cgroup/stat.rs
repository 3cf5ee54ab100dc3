//! The figures of a cgroup that somebody reads again and again, thousands of cgroups at a time.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use nix::errno::Errno;

use crate::model::{CgroupError, Lack, SystemFault};

/// One interface file of a cgroup, kept open where there is room for it: one pread(2) a look instead of an open and a close
/// more, of which the open looks a long path up.
///
/// The file belongs to the cgroup and not to its name: of one that was removed it says nothing more, whatever has the name by
/// then (ENODEV, `kernfs_fop_read_iter` in fs/kernfs/file.c).
#[derive(Debug)]
pub struct StatFile {
    name: &'static str,
    open: Option<File>,
}

/// What one look at a file reads into: longer than any of those that are read.
pub type Buffer = [u8; 1024];

/// What cpu.stat says of a cgroup with all below it, since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuStat {
    /// On-CPU time, µs: `usage_usec`.
    pub usage_us: u64,
    /// Its own quota; `None` where the cpu controller is not enabled.
    pub quota: Option<QuotaStat>,
}

/// What became of a cgroup under its own `cpu.max`, since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QuotaStat {
    /// Periods in which it ran and had a quota: `nr_periods`. 0 as long as it never had one.
    pub periods: u64,
    /// Those in which it was held back: `nr_throttled`.
    pub throttled: u64,
    /// For how long, µs: `throttled_usec`.
    pub throttled_us: u64,
}

impl StatFile {
    /// The file of this name, which is not opened yet.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, open: None }
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Closes it. It can still be read.
    pub fn close(&mut self) {
        self.open = None;
    }

    /// What it says now; `None` where there is no such file: its controller is not enabled, or the cgroup was removed.
    /// `keep`: whether it stays open.
    ///
    /// # Errors
    /// When it is there and cannot be read; the error names it.
    pub fn read<'b>(
        &mut self,
        directory: &Path,
        keep: bool,
        buffer: &'b mut Buffer,
    ) -> Result<Option<&'b str>, CgroupError> {
        let read = match &self.open {
            Some(file) => file.read_at(buffer, 0),
            None => File::open(directory.join(self.name)).and_then(|file| {
                let read = file.read_at(buffer, 0);
                self.open = Some(file).filter(|_| keep);
                read
            }),
        };
        match read {
            Ok(read) => Ok(std::str::from_utf8(buffer.get(..read).unwrap_or_default()).ok()),
            Err(error) if is_gone(&error) => {
                self.open = None;
                Ok(None)
            }
            Err(error) => Err(CgroupError::Unreadable {
                path: directory.join(self.name),
                source: SystemFault::from(error),
            }),
        }
    }

    /// The error that says what the file lacks.
    #[must_use]
    pub fn lacks(&self, directory: &Path, what: Lack, text: &str) -> CgroupError {
        CgroupError::Malformed {
            path: directory.join(self.name),
            what,
            text: text.trim_end().to_owned(),
        }
    }
}

impl CpuStat {
    /// Reads the text of a cpu.stat; `None` for another text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut usage_us = None;
        let (mut periods, mut throttled, mut throttled_us) = (None, None, None);
        for line in text.lines() {
            let Some((key, value)) = line.split_once(' ') else {
                continue;
            };
            let into = match key {
                "usage_usec" => &mut usage_us,
                "nr_periods" => &mut periods,
                "nr_throttled" => &mut throttled,
                "throttled_usec" => &mut throttled_us,
                _ => continue,
            };
            *into = value.trim().parse::<u64>().ok();
        }
        let quota = || {
            Some(QuotaStat {
                periods: periods?,
                throttled: throttled?,
                throttled_us: throttled_us?,
            })
        };
        Some(Self {
            usage_us: usage_us?,
            quota: quota(),
        })
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error().map(Errno::from_raw),
        Some(Errno::ENOENT | Errno::ENODEV)
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn quota_and_usage_stand_in_one_file() {
        let text = "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnice_usec 0\nnr_periods 9\nnr_throttled 7\n\
            throttled_usec 2500\nnr_bursts 0\nburst_usec 0\n";
        let quota = QuotaStat {
            periods: 9,
            throttled: 7,
            throttled_us: 2500,
        };
        assert_eq!(
            CpuStat::parse(text),
            Some(CpuStat {
                usage_us: 1500,
                quota: Some(quota)
            })
        );
        let without = CpuStat::parse("usage_usec 1500\nuser_usec 1000\n").unwrap();
        assert_eq!(without.quota, None);
        assert_eq!(CpuStat::parse("nr_periods 9\n"), None);
    }

    #[test]
    fn a_file_that_stays_open_tells_the_present_and_one_that_is_not_there_nothing() {
        let cgroup = tempfile::tempdir().unwrap();
        let mut buffer = [0; 1024];
        let mut file = StatFile::new("memory.current");
        assert_eq!(file.read(cgroup.path(), true, &mut buffer).unwrap(), None);
        fs::write(cgroup.path().join("memory.current"), "1\n").unwrap();
        for keep in [false, true] {
            assert_eq!(file.read(cgroup.path(), keep, &mut buffer).unwrap(), Some("1\n"));
            assert_eq!(file.is_open(), keep);
        }
        fs::write(cgroup.path().join("memory.current"), "27\n").unwrap();
        assert_eq!(file.read(cgroup.path(), true, &mut buffer).unwrap(), Some("27\n"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let cgroup = tempfile::tempdir().unwrap();
        fs::create_dir(cgroup.path().join("cpu.stat")).unwrap();
        let mut buffer = [0; 1024];
        let read = StatFile::new("cpu.stat").read(cgroup.path(), false, &mut buffer);
        assert!(read.unwrap_err().to_string().contains("cpu.stat"));
    }
}
