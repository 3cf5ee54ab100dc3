//! Usage from each cgroup's own `cpu.stat`: on every kernel, without privilege, but CPU only. The fallback
//! where the kernel program cannot run, and the truth it is tested against.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use super::{Health, Reading, SourceKind, Usage, UsageSource, monotonic};

/// Reads `usage_usec` of `cpu.stat`: on-CPU time of the cgroup with all below it, removed ones included
/// (Documentation/admin-guide/cgroup-v2.rst, "CPU Interface Files").
#[derive(Debug, Default)]
pub struct CpuStatSource;

impl UsageSource for CpuStatSource {
    fn kind(&self) -> SourceKind {
        SourceKind::CpuStat
    }

    fn read(&mut self, cgroups: &[PathBuf]) -> Result<Reading> {
        let taken_at = monotonic();
        let usage = cgroups
            .iter()
            .map(|cgroup| read_one(cgroup))
            .collect::<Result<_>>()?;
        Ok(Reading { taken_at, usage })
    }

    fn health(&self) -> Health {
        Health::default()
    }
}

/// One cgroup's figures; `None` when it does not exist (any more).
fn read_one(cgroup: &Path) -> Result<Option<Usage>> {
    let directory = match File::open(cgroup) {
        Ok(directory) => directory,
        Err(error) if gone(&error) => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot open {}", cgroup.display())),
    };
    let file = || cgroup.join("cpu.stat").display().to_string();
    let id = directory
        .metadata()
        .with_context(|| format!("cannot stat {}", cgroup.display()))?
        .ino();
    // Opened below the directory just identified: a cgroup made anew under the same name cannot lend its
    // figures to the old one's id.
    let stat = match openat(
        &directory,
        "cpu.stat",
        OFlag::O_RDONLY | OFlag::O_CLOEXEC,
        Mode::empty(),
    ) {
        Ok(stat) => stat,
        // A cgroup that is being removed loses its files before its directory.
        Err(Errno::ENOENT | Errno::ENODEV) if !cgroup.exists() => return Ok(None),
        Err(errno) => return Err(errno).with_context(|| format!("cannot open {}", file())),
    };
    let mut text = String::new();
    match File::from(stat).read_to_string(&mut text) {
        Ok(_) => {}
        Err(error) if gone(&error) => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file())),
    }
    let usec = usage_usec(&text).with_context(|| format!("no `usage_usec` in {}", file()))?;
    Ok(Some(Usage {
        id,
        cpu_ns: usec.saturating_mul(1_000),
        wait_ns: None,
    }))
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
        let mut reading = CpuStatSource.read(&[path.to_path_buf()])?;
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
        let reading = CpuStatSource.read(&paths).unwrap();
        let cpu: Vec<_> = reading
            .usage
            .iter()
            .map(|usage| usage.map(|usage| usage.cpu_ns))
            .collect();
        assert_eq!(cpu, [Some(2_000), None, Some(1_000)]);
    }
}
