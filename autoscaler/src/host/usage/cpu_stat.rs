//! Usage from each cgroup's own `cpu.stat`: on every kernel, without privilege, but CPU only. The fallback
//! where the kernel program cannot run, and the truth it is tested against.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::Result;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::stat::Mode;

use crate::host::usage::{CgroupId, Health, Reading, Usage, UsageSource, monotonic};
use crate::model::{CgroupError, Lack, SourceKind};

/// Reads `usage_usec` of `cpu.stat`: on-CPU time of the cgroup with all below it, removed ones included
/// (Documentation/admin-guide/cgroup-v2.rst, "CPU Interface Files").
///
/// Files stay open from one reading to the next: one pread(2) instead of eight system calls, two of which
/// look up a long path.
#[derive(Debug, Default)]
pub struct CpuStatSource {
    open: HashMap<PathBuf, CpuStat>,
}

/// One cgroup's open file. It belongs to the cgroup, not to its name: when the cgroup is removed the file
/// refuses with ENODEV, even if a new one has the name by then.
#[derive(Debug)]
struct CpuStat {
    id: CgroupId,
    file: File,
}

impl UsageSource for CpuStatSource {
    fn kind(&self) -> SourceKind {
        SourceKind::CpuStat
    }

    fn read(&mut self, cgroups: &[PathBuf]) -> Result<Reading> {
        let most_open = most_open();
        let taken_at = monotonic();
        let usage = cgroups
            .iter()
            .map(|cgroup| self.read_one(cgroup, most_open))
            .collect::<Result<_>>()?;
        if self.open.len() > cgroups.len() {
            let asked: std::collections::HashSet<&PathBuf> = cgroups.iter().collect();
            self.open.retain(|cgroup, _| asked.contains(cgroup));
        }
        Ok(Reading { taken_at, usage })
    }

    fn health(&self) -> Health {
        Health::default()
    }
}

impl CpuStatSource {
    /// One cgroup's figures; `None` when it does not exist (any more).
    fn read_one(&mut self, cgroup: &Path, most_open: usize) -> Result<Option<Usage>> {
        if let Some(stat) = self.open.get(cgroup) {
            match stat.usage(cgroup)? {
                Some(usage) => return Ok(Some(usage)),
                // Removed; perhaps there is a new one under its name.
                None => self.open.remove(cgroup),
            };
        }
        let Some(stat) = CpuStat::open(cgroup)? else {
            return Ok(None);
        };
        let usage = stat.usage(cgroup)?;
        if self.open.len() < most_open {
            self.open.insert(cgroup.to_owned(), stat);
        }
        Ok(usage)
    }
}

impl CpuStat {
    fn open(cgroup: &Path) -> Result<Option<Self>> {
        let directory = match File::open(cgroup) {
            Ok(directory) => directory,
            Err(error) if gone(&error) => return Ok(None),
            Err(error) => return Err(unreadable(cgroup, error).into()),
        };
        let id = directory
            .metadata()
            .map_err(|error| unreadable(cgroup, error))?
            .ino();
        // Opened below the directory just identified: a cgroup made anew under the same name cannot lend its
        // figures to the old one's id.
        match openat(
            &directory,
            "cpu.stat",
            OFlag::O_RDONLY | OFlag::O_CLOEXEC,
            Mode::empty(),
        ) {
            Ok(file) => Ok(Some(Self {
                id,
                file: File::from(file),
            })),
            // A cgroup that is being removed loses its files before its directory.
            Err(Errno::ENOENT | Errno::ENODEV) if !cgroup.exists() => Ok(None),
            Err(errno) => Err(unreadable(&file_of(cgroup), errno.into()).into()),
        }
    }

    fn usage(&self, cgroup: &Path) -> Result<Option<Usage>> {
        // The kernel writes `usage_usec` first, in all versions (kernel/cgroup/rstat.c, cgroup_base_stat_cputime_show).
        let mut buffer = [0_u8; 512];
        let read = match self.file.read_at(&mut buffer, 0) {
            Ok(read) => read,
            Err(error) if gone(&error) => return Ok(None),
            Err(error) => return Err(unreadable(&file_of(cgroup), error).into()),
        };
        let text = String::from_utf8_lossy(buffer.get(..read).unwrap_or_default());
        let usec = usage_usec(&text).ok_or_else(|| CgroupError::Malformed {
            path: file_of(cgroup),
            what: Lack::key("usage_usec"),
            text: text.trim_end().to_owned(),
        })?;
        Ok(Some(Usage {
            id: self.id,
            cpu_ns: usec.saturating_mul(1_000),
            wait_ns: None,
        }))
    }
}

/// Files that may stay open: half of what the process may have, the other half is for everything else.
fn most_open() -> usize {
    getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| usize::try_from(soft / 2).unwrap_or(usize::MAX))
}

fn file_of(cgroup: &Path) -> PathBuf {
    cgroup.join("cpu.stat")
}

fn unreadable(path: &Path, source: io::Error) -> CgroupError {
    CgroupError::Unreadable {
        path: path.to_owned(),
        source: source.into(),
    }
}

/// The directory is not there, or its cgroup was removed while its file was open.
fn gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(Errno::ENODEV as i32)
}

fn usage_usec(text: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix("usage_usec ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cgroup(stat: &str) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("cpu.stat"), stat).unwrap();
        directory
    }

    fn read(path: &Path) -> Result<Option<Usage>> {
        let mut reading = CpuStatSource::default().read(&[path.to_path_buf()])?;
        Ok(reading.usage.remove(0))
    }

    #[test]
    fn usage_is_in_nanoseconds_under_the_directory_s_inode() {
        let cgroup = cgroup("usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n");
        let id = std::fs::metadata(cgroup.path()).unwrap().ino();
        assert_eq!(
            read(cgroup.path()).unwrap(),
            Some(Usage {
                id,
                cpu_ns: 1_500_000,
                wait_ns: None
            })
        );
    }

    #[test]
    fn a_missing_directory_is_no_error() {
        assert_eq!(read(Path::new("/nonexistent/cgroup")).unwrap(), None);
    }

    #[test]
    fn a_directory_that_is_no_cgroup_is_an_error_that_names_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let error = format!("{:#}", read(directory.path()).unwrap_err());
        assert!(error.contains("cpu.stat"), "{error}");
    }

    #[test]
    fn a_file_without_the_key_is_an_error_that_names_the_key() {
        let cgroup = cgroup("nr_periods 0\n");
        let error = format!("{:#}", read(cgroup.path()).unwrap_err());
        assert!(error.contains("usage_usec"), "{error}");
    }

    #[test]
    fn the_answers_stand_in_the_order_of_the_question() {
        let (one, two) = (cgroup("usage_usec 1\n"), cgroup("usage_usec 2\n"));
        let paths = [
            two.path().into(),
            PathBuf::from("/nonexistent"),
            one.path().into(),
        ];
        let reading = CpuStatSource::default().read(&paths).unwrap();
        let cpu: Vec<_> = reading
            .usage
            .iter()
            .map(|usage| usage.map(|usage| usage.cpu_ns))
            .collect();
        assert_eq!(cpu, [Some(2_000), None, Some(1_000)]);
    }

    #[test]
    fn a_file_stays_open_and_still_tells_the_present() {
        let cgroup = cgroup("usage_usec 1\n");
        let paths = [cgroup.path().to_path_buf()];
        let mut source = CpuStatSource::default();
        let mut cpu_ns = || source.read(&paths).unwrap().usage[0].map(|usage| usage.cpu_ns);
        assert_eq!(cpu_ns(), Some(1_000));
        std::fs::write(cgroup.path().join("cpu.stat"), "usage_usec 7\n").unwrap();
        assert_eq!(cpu_ns(), Some(7_000));
        source.read(&[]).unwrap();
        assert!(
            source.open.is_empty(),
            "what nobody asks about any more is closed"
        );
    }
}
