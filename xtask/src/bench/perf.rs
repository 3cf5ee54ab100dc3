//! `perf bench`: the loads that switch tasks as fast as a machine can.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// One of perf's scheduler benchmarks, with its size.
#[derive(Clone, Copy)]
pub(super) struct Bench {
    pub(super) name: &'static str,
    /// Kept on the first CPU: the scheduler then has no choice of CPU to make, which is what spreads such figures.
    pinned: bool,
    arguments: &'static [&'static str],
}

/// Two processes that wake each other over a pair of pipes.
pub(super) const PIPE: Bench = Bench {
    name: "sched pipe",
    pinned: false,
    arguments: &["sched", "pipe", "-l", "50000"],
};

/// The same on one CPU: every message is a switch and nothing else is, the worst case of all.
pub(super) const PINNED_PIPE: Bench = Bench {
    name: "sched pipe, one CPU",
    pinned: true,
    arguments: &["sched", "pipe", "-l", "200000"],
};

/// Groups of processes that all write to each other: hackbench.
pub(super) const MESSAGING: Bench = Bench {
    name: "sched messaging",
    pinned: false,
    arguments: &["sched", "messaging", "-g", "5", "-l", "100"],
};

/// What one run took, in seconds.
#[derive(Clone, Copy)]
pub(super) struct Took {
    /// By the clock.
    pub(super) wall: f64,
    /// Of all CPUs, of perf's own processes alone: what else the machine does hardly shows in it.
    pub(super) cpu: f64,
}

impl Bench {
    /// Runs it to its end.
    pub(super) fn run(self) -> Result<Took> {
        let mut perf = if self.pinned {
            let mut taskset = Command::new("taskset");
            taskset.args(["--cpu-list", "0", "perf"]);
            taskset
        } else {
            Command::new("perf")
        };
        perf.args(["bench", "-f", "simple"]).args(self.arguments);
        let before = children()?;
        let output = perf
            .output()
            .context("cannot run perf: install it (Debian: linux-perf)")?;
        let cpu = children()? - before;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success(),
            "perf bench {} ended with {}: {}",
            self.name,
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let wall = text.split_whitespace().find_map(|word| word.parse().ok());
        let wall = wall.with_context(|| format!("perf bench {} printed no seconds: {text:?}", self.name))?;
        Ok(Took { wall, cpu })
    }
}

/// The CPU time of all children that have ended, seconds.
fn children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("cannot read the children's CPU time")?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
