//! The host as a whole: /proc/stat (`proc_stat(5)`), /proc/meminfo (`proc_meminfo(5)`), /proc/loadavg.

use anyhow::{Context as _, Result};

use super::HostSample;
use crate::host::process::Procfs;

impl HostSample {
    /// Reads the three files.
    ///
    /// # Errors
    /// Names the file that cannot be read or lacks what it should hold.
    pub fn read(procfs: &Procfs) -> Result<Self> {
        let read = |name: &str| {
            let path = procfs.root().join(name);
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let mut host = Self::default();
        host.take_stat(&read("stat")?)
            .context("no `cpu` or `ctxt` line in /proc/stat")?;
        let meminfo = read("meminfo")?;
        host.memory_total = kib(&meminfo, "MemTotal:").context("no `MemTotal` in /proc/meminfo")?;
        host.memory_available =
            kib(&meminfo, "MemAvailable:").context("no `MemAvailable` in /proc/meminfo")?;
        host.tasks = read("loadavg")?
            .split_once('/')
            .and_then(|(_, rest)| rest.split_ascii_whitespace().next()?.parse().ok())
            .context("no number of tasks in /proc/loadavg")?;
        Ok(host)
    }

    fn take_stat(&mut self, text: &str) -> Option<()> {
        let mut lines = text.lines();
        let ticks: Vec<u64> = lines
            .next()?
            .strip_prefix("cpu ")?
            .split_ascii_whitespace()
            .map_while(|field| field.parse().ok())
            .collect();
        // user nice system idle iowait irq softirq steal; guest time is part of user time already.
        let busy: u64 = [0, 1, 2, 5, 6, 7]
            .into_iter()
            .filter_map(|index| ticks.get(index))
            .sum();
        self.busy_ns = busy * (1_000_000_000 / rustix::param::clock_ticks_per_second().max(1));
        let mut online = Vec::new();
        for line in lines {
            if let Some(rest) = line.strip_prefix("cpu") {
                online.push(rest.split(' ').next()?);
            } else if let Some(count) = line.strip_prefix("ctxt ") {
                self.switches = count.trim().parse().ok()?;
                self.online = online.join(",").parse().ok()?;
                return Some(());
            }
        }
        None
    }
}

fn kib(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn reads_the_three_files() {
        let proc = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(proc.path().join(name), text).unwrap();
        write(
            "stat",
            "cpu  100 1 50 900 7 2 3 4 60 0\ncpu0 1 1\ncpu1 1 1\nintr 5 0\nctxt 987\nbtime 1\n",
        );
        write(
            "meminfo",
            "MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:   1024 kB\n",
        );
        write("loadavg", "0.10 0.20 0.30 2/345 999\n");
        let host = HostSample::read(&Procfs::at(proc.path())).unwrap();
        let tick = 1_000_000_000 / rustix::param::clock_ticks_per_second();
        assert_eq!(
            host,
            HostSample {
                online: "0-1".parse().unwrap(),
                memory_total: 2048 << 10,
                memory_available: 1024 << 10,
                switches: 987,
                busy_ns: 160 * tick,
                tasks: 345,
            }
        );
        write("stat", "cpu  100 1 50 900\n");
        assert!(HostSample::read(&Procfs::at(proc.path())).is_err());
    }
}
