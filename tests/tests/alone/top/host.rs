//! Four cgroups under known loads, and the program that looks at them.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler_tests::daemon::program;
use autoscaler_tests::{ScratchCgroup, Terminal};

/// Figures need two samples; a busy machine may take its time.
pub(crate) const SOON: Duration = Duration::from_mins(1);

/// One CPU half of the time.
const HALF: &str = "import time
while True:
    end = time.monotonic() + 0.01
    while time.monotonic() < end: pass
    time.sleep(0.01)";

/// A process every 50 ms: far less than half a CPU.
const CHURN: &str = "while :; do /bin/true; sleep 0.05; done";

/// The four cgroups, by the CPU they use: `pair` has two busy processes for every CPU, `half` uses half a CPU,
/// `churn` forks, `idle` sleeps.
pub(crate) struct Host {
    loads: Vec<Child>,
    cgroup: ScratchCgroup,
    _alone: MutexGuard<'static, ()>,
}

/// Two such hosts at once would take each other's CPU.
static ALONE: Mutex<()> = Mutex::new(());

impl Host {
    pub(crate) fn start() -> Result<Self> {
        let mut host = Self {
            loads: Vec::new(),
            cgroup: ScratchCgroup::new("top")?,
            _alone: ALONE.lock().unwrap_or_else(PoisonError::into_inner),
        };
        host.load("idle", Command::new("sleep").arg("600"))?;
        host.load("churn", Command::new("sh").args(["-c", CHURN]))?;
        host.load("half", Command::new("python3").args(["-c", HALF]))?;
        let cpus = std::thread::available_parallelism()?.get();
        let pair = host.cgroup.child("pair")?;
        for _ in 0..2 * cpus {
            host.spawn(&pair, Command::new("sh").args(["-c", "while :; do :; done"]))?;
        }
        Ok(host)
    }

    fn load(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let directory = self.cgroup.child(name)?;
        self.spawn(&directory, command)
    }

    /// Starts it inside the cgroup: it joins before it becomes the program.
    fn spawn(&mut self, directory: &std::path::Path, command: &mut Command) -> Result<()> {
        let procs = directory.join("cgroup.procs");
        // SAFETY: writes one file and touches nothing that another thread of this process could hold.
        unsafe {
            command.pre_exec(move || std::fs::write(&procs, "0"));
        }
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        self.loads.push(child);
        Ok(())
    }

    /// The last component of the path of the cgroup that holds the four.
    pub(crate) fn name(&self) -> String {
        self.cgroup.relative().display().to_string()
    }

    /// The directory that holds the four.
    pub(crate) fn directory(&self) -> PathBuf {
        self.cgroup.path().to_owned()
    }

    /// `autoscaler top` on the four, in a terminal.
    pub(crate) fn terminal(&self, columns: u16, lines: u16) -> Result<Terminal> {
        Terminal::start(columns, lines, &self.command_line())
    }

    /// `autoscaler top` on the four, for a shell.
    pub(crate) fn command_line(&self) -> String {
        format!(
            "exec {} top --cgroup {}",
            program().display(),
            self.directory().display()
        )
    }

    /// `autoscaler top` on the four, without a terminal.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(program());
        command.arg("top").arg("--cgroup").arg(self.directory());
        command
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for load in &mut self.loads {
            let _ = load.kill();
            let _ = load.wait();
        }
    }
}

/// One row of the tree on the screen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// The cells after the name.
    pub(crate) cells: Vec<String>,
}

impl Row {
    pub(crate) fn figure(&self, column: usize) -> Option<f64> {
        self.cells.get(column)?.parse().ok()
    }
}

/// The heading's columns and the rows below it, as they stand on a screen.
pub(crate) fn table(screen: &[String]) -> (Vec<String>, Vec<Row>) {
    let words = |line: &str| -> Vec<String> { line.split_whitespace().map(str::to_owned).collect() };
    let mut lines = screen.iter().skip_while(|line| !line.starts_with("CGROUP"));
    let heading = lines.next().map(|line| words(line)).unwrap_or_default();
    let rows = lines
        .take_while(|line| !line.is_empty() && !line.starts_with("source"))
        .map(|line| {
            let mut cells = words(line.trim_start_matches([' ', '▾', '▸']));
            let name = if cells.is_empty() {
                String::new()
            } else {
                cells.remove(0)
            };
            Row { name, cells }
        })
        .collect();
    (heading.into_iter().skip(1).collect(), rows)
}

/// The names of the rows, from top to bottom.
pub(crate) fn names(screen: &[String]) -> Vec<String> {
    table(screen).1.into_iter().map(|row| row.name).collect()
}

/// Rows by CPU: the whole, then the loads from the largest to the smallest.
const BY_CPU: [&str; 4] = ["pair", "half", "churn", "idle"];

/// Whether the rows are in the order of their CPU, by the kernel program's account.
pub(crate) fn is_sorted(screen: &[String], host: &Host) -> bool {
    // The first figures are cpu.stat's: without the wait, which is the second column.
    let has_wait = table(screen).1.iter().all(|row| row.figure(1).is_some());
    if !has_wait || !screen.iter().any(|line| line.starts_with("source eBPF")) {
        return false;
    }
    let names = names(screen);
    // A narrow screen cuts the name of the whole.
    let is_whole = |name: &String| host.name().starts_with(name.trim_end_matches('…'));
    names.first().is_some_and(is_whole) && names.get(1..) == Some(&BY_CPU.map(str::to_owned))
}
