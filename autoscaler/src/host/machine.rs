//! The host as a whole: CPUs online and busy, memory.

use crate::host::cpu_list::CpuList;
use crate::host::kernel_file;
use crate::host::process::Procfs;
use crate::model::{Host, HostError, Lack};

/// Reads the host's figures; the busy share is that since its last reading.
#[derive(Debug)]
pub struct HostReader {
    procfs: Procfs,
    previous: Option<CpuTimes>,
}

impl HostReader {
    /// A reader that has not read yet.
    #[must_use]
    pub fn new(procfs: Procfs) -> Self {
        Self {
            procfs,
            previous: None,
        }
    }

    /// The host's figures, and which CPUs are online.
    pub fn read(&mut self) -> Result<(Host, CpuList), HostError> {
        let stat = self.file("stat")?;
        let lacks = |name, what| HostError::Malformed {
            path: self.procfs.root().join(name),
            what,
        };
        let times = CpuTimes::parse(&stat).ok_or_else(|| lacks("stat", Lack::line("`cpu`")))?;
        let online = online(&stat);
        if online.is_empty() {
            return Err(lacks("stat", Lack::CpuLine));
        }
        let meminfo = self.file("meminfo")?;
        let memory = |key| mebibytes(&meminfo, key).ok_or_else(|| lacks("meminfo", Lack::line(key)));
        let host = Host {
            cpus: u32::try_from(online.len()).unwrap_or(u32::MAX),
            memory_total_mib: memory("MemTotal")?,
            memory_available_mib: memory("MemAvailable")?,
            busy_percent: self.previous.and_then(|previous| times.busy_since(previous)),
        };
        self.previous = Some(times);
        Ok((host, online))
    }

    /// Share of the last 10 s in which some task waited for memory, percent: `some avg10` of /proc/pressure/memory
    /// (Documentation/accounting/psi.rst). `None` on a kernel that does not tell.
    #[must_use]
    pub fn memory_pressure_percent(&self) -> Option<f64> {
        let text = self.file("pressure/memory").ok()?;
        let some = text.lines().find_map(|line| line.strip_prefix("some "))?;
        let mut fields = some.split_ascii_whitespace();
        fields
            .find_map(|field| field.strip_prefix("avg10="))?
            .parse()
            .ok()
    }

    fn file(&self, name: &str) -> Result<String, HostError> {
        let path = self.procfs.root().join(name);
        kernel_file::text(&path).map_err(|source| HostError::Unreadable { path, source })
    }
}

/// The first line of /proc/stat (`proc_stat(5)`), in clock ticks of all CPUs together.
#[derive(Debug, Clone, Copy)]
struct CpuTimes {
    total: u64,
    idle: u64,
}

impl CpuTimes {
    fn parse(stat: &str) -> Option<Self> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        // user, nice, system, idle, iowait, irq, softirq, steal. The guest columns after them are already
        // part of user and nice.
        let columns: Vec<u64> = line
            .split_ascii_whitespace()
            .take(8)
            .map(str::parse)
            .collect::<Result<_, _>>()
            .ok()?;
        let sum = |columns: &[u64]| {
            columns
                .iter()
                .try_fold(0_u64, |sum, ticks| sum.checked_add(*ticks))
        };
        Some(Self {
            total: sum(&columns)?,
            idle: sum(columns.get(3..5)?)?,
        })
    }

    /// Busy share in percent; `None` if no tick has passed or a counter went back. Time that a hypervisor
    /// took away (steal) was wanted, hence busy.
    fn busy_since(self, earlier: Self) -> Option<f64> {
        let total = self.total.checked_sub(earlier.total).filter(|ticks| *ticks > 0)?;
        // iowait may go back (`proc_stat(5)`): then the idle time is that much too small, never negative.
        let idle = self.idle.saturating_sub(earlier.idle).min(total);
        Some((total - idle) as f64 * 100.0 / total as f64)
    }
}

/// /proc/stat has one line for each CPU that is online (`for_each_online_cpu` in fs/proc/stat.c).
fn online(stat: &str) -> CpuList {
    stat.lines()
        .filter_map(|line| line.strip_prefix("cpu")?.split(' ').next()?.parse().ok())
        .collect()
}

fn mebibytes(meminfo: &str, key: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn fixture() -> (tempfile::TempDir, HostReader) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(
            dir.path().join("meminfo"),
            "MemTotal:       18874368 kB\nMemFree:  1 kB\nMemAvailable:   12582912 kB\n",
        )
        .unwrap();
        let reader = HostReader::new(Procfs::at(dir.path()));
        (dir, reader)
    }

    fn stat(dir: &tempfile::TempDir, cpu: &str) {
        let text = format!("cpu  {cpu}\ncpu0 1 1 1 1\ncpu2 1 1 1 1\nintr 5\n");
        fs::write(dir.path().join("stat"), text).unwrap();
    }

    #[test]
    fn memory_is_in_mib_and_cpus_are_those_online() {
        let (dir, mut reader) = fixture();
        stat(&dir, "10 0 10 80 0 0 0 0 0 0");
        let (host, online) = reader.read().unwrap();
        assert_eq!(host.memory_total_mib, 18 * 1024);
        assert_eq!(host.memory_available_mib, 12 * 1024);
        assert_eq!(host.cpus, 2);
        assert_eq!(online.iter().collect::<Vec<_>>(), [0, 2]);
        assert_eq!(host.busy_percent, None, "nothing to compare with");
    }

    #[test]
    fn the_busy_share_is_that_since_the_last_reading() {
        let (dir, mut reader) = fixture();
        stat(&dir, "100 0 100 800 0 0 0 0 50 0");
        reader.read().unwrap();
        // 100 ticks: 20 user, 5 steal, 60 idle, 15 iowait; the guest's 20 are the user's.
        stat(&dir, "120 0 100 860 15 0 0 5 70 0");
        let busy = reader.read().unwrap().0.busy_percent.unwrap();
        assert!((busy - 25.0).abs() < 1e-9, "{busy}");
    }

    #[test]
    fn a_counter_that_went_back_never_gives_a_figure_outside_the_percents() {
        let (dir, mut reader) = fixture();
        stat(&dir, "100 0 100 800 100 0 0 0 0 0");
        reader.read().unwrap();
        stat(&dir, "150 0 100 800 60 0 0 0 0 0");
        assert!((reader.read().unwrap().0.busy_percent.unwrap() - 100.0).abs() < 1e-9);
        stat(&dir, "1 0 1 8 1 0 0 0 0 0");
        assert_eq!(reader.read().unwrap().0.busy_percent, None);
    }

    #[test]
    fn memory_pressure_is_that_of_the_last_ten_seconds() {
        let (dir, reader) = fixture();
        assert_eq!(reader.memory_pressure_percent(), None);
        fs::create_dir(dir.path().join("pressure")).unwrap();
        let text = "some avg10=12.34 avg60=1.00 avg300=0.00 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        fs::write(dir.path().join("pressure/memory"), text).unwrap();
        assert_eq!(reader.memory_pressure_percent(), Some(12.34));
    }

    #[test]
    fn a_missing_line_names_its_file() {
        let (dir, mut reader) = fixture();
        let error = reader.read().unwrap_err();
        assert!(
            matches!(&error, HostError::Unreadable { path, .. } if path.ends_with("stat")),
            "{error}"
        );
        stat(&dir, "1 0 1 8 1 0 0 0 0 0");
        fs::write(dir.path().join("meminfo"), "MemTotal: 1 kB\n").unwrap();
        let error = reader.read().unwrap_err();
        let of = |path: &Path, what: &Lack| path.ends_with("meminfo") && *what == Lack::line("MemAvailable");
        assert!(
            matches!(&error, HostError::Malformed { path, what } if of(path, what)),
            "{error}"
        );
    }

    #[test]
    fn this_host_can_be_read() {
        let (host, _) = HostReader::new(Procfs::default()).read().unwrap();
        assert!(host.cpus > 0 && host.memory_available_mib <= host.memory_total_mib);
    }
}
