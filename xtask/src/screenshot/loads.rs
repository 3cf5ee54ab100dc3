//! Services to look at: what a small host with two Python projects might run.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, Result};
use autoscaler_tests::ScratchCgroup;

/// Busy for a share of each 40 ms that rises and falls between two bounds (percent) in so many seconds.
const WAVE: &str = "import math, sys, time
low, high, period = map(float, sys.argv[1:])
while True:
    phase = math.sin(2 * math.pi * time.monotonic() / period)
    busy = 0.04 * (low + (high - low) * (1 + phase) / 2) / 100
    end = time.monotonic() + busy
    while time.monotonic() < end: pass
    time.sleep(0.04 - busy)";

/// Cgroup, processes, least and most load of each in percent, period in seconds.
const SERVICES: &[(&str, usize, [&str; 3])] = &[
    ("system.slice/backdipro.service", 3, ["10", "70", "60"]),
    ("system.slice/celerycore.service", 2, ["5", "60", "37"]),
    ("system.slice/postgresql.service", 1, ["5", "20", "23"]),
    ("system.slice/redis.service", 1, ["1", "3", "11"]),
    ("system.slice/nginx.service", 1, ["1", "6", "60"]),
    ("user.slice/user-1000.slice", 1, ["0", "15", "90"]),
];

pub(super) struct Loads {
    processes: Vec<Child>,
    cgroup: ScratchCgroup,
}

impl Loads {
    pub(super) fn start() -> Result<Self> {
        let mut loads = Self {
            processes: Vec::new(),
            cgroup: ScratchCgroup::new("screenshot")?,
        };
        for (name, count, wave) in SERVICES {
            let directory = loads.root().join(name);
            std::fs::create_dir_all(&directory)
                .with_context(|| format!("cannot make the cgroup {}", directory.display()))?;
            for _ in 0..*count {
                let process = spawn(&directory, wave)?;
                loads.processes.push(process);
            }
        }
        Ok(loads)
    }

    /// The cgroup that holds them all.
    pub(super) fn root(&self) -> PathBuf {
        self.cgroup.path().join("host")
    }
}

impl Drop for Loads {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn spawn(directory: &Path, wave: &[&str]) -> Result<Child> {
    let procs = directory.join("cgroup.procs");
    let mut command = Command::new("python3");
    command.args(["-c", WAVE]).args(wave);
    // SAFETY: writes one file and touches nothing that another thread of this process could hold.
    unsafe {
        command.pre_exec(move || std::fs::write(&procs, "0"));
    }
    command.spawn().context("cannot start python3")
}
