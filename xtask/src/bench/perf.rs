//! `perf bench`: the loads that switch tasks as fast as a machine can.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use autoscaler_tests::until;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::unistd::Pid;

/// One of perf's scheduler benchmarks, with its size.
#[derive(Clone, Copy)]
pub(super) struct Bench {
    pub(super) name: &'static str,
    placement: Placement,
    arguments: &'static [&'static str],
}

/// Where its processes run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Placement {
    /// Where the scheduler puts them.
    Anywhere,
    /// On the first CPU: the scheduler then has no choice of CPU to make, which is what spreads such figures.
    OneCpu,
    /// Of two processes one on the first CPU and one on the second.
    TwoCpus,
}

/// Two processes that wake each other over a pair of pipes.
pub(super) const PIPE: Bench = Bench {
    name: "sched pipe",
    placement: Placement::Anywhere,
    arguments: &["sched", "pipe", "-l", "50000"],
};

/// The same on one CPU: every message is a switch from task to task and nothing else is, the worst case of all.
pub(super) const ONE_CPU_PIPE: Bench = Bench {
    name: "sched pipe, one CPU",
    placement: Placement::OneCpu,
    arguments: &["sched", "pipe", "-l", "200000"],
};

/// The same with each process on a CPU of its own: every switch is from idle or to idle, as most are on a server that
/// is not full.
pub(super) const TWO_CPU_PIPE: Bench = Bench {
    name: "sched pipe, two CPUs",
    placement: Placement::TwoCpus,
    arguments: &["sched", "pipe", "-l", "50000"],
};

/// Groups of processes that all write to each other: hackbench.
pub(super) const MESSAGING: Bench = Bench {
    name: "sched messaging",
    placement: Placement::Anywhere,
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
        let mut perf = if self.placement == Placement::Anywhere {
            Command::new("perf")
        } else {
            let mut taskset = Command::new("taskset");
            taskset.args(["--cpu-list", "0", "perf"]);
            taskset
        };
        perf.args(["bench", "-f", "simple"])
            .args(self.arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let before = children()?;
        let perf = perf
            .spawn()
            .context("cannot run perf: install it (Debian: linux-perf)")?;
        if self.placement == Placement::TwoCpus {
            move_the_second(perf.id())?;
        }
        let output = perf.wait_with_output()?;
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

/// Moves the one child of `perf` to the second CPU (`children` of `proc_tid_children(5)`).
fn move_the_second(perf: u32) -> Result<()> {
    let path = format!("/proc/{perf}/task/{perf}/children");
    let second: i32 = until("perf's second process", Duration::from_secs(10), || {
        fs::read_to_string(&path).ok()?.trim().parse().ok()
    })?;
    let mut cpus = CpuSet::new();
    cpus.set(1)?;
    sched_setaffinity(Pid::from_raw(second), &cpus)
        .context("perf's second process cannot be moved to the second CPU")
}

/// The CPU time of all children that have ended, seconds.
pub(super) fn children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("cannot read the children's CPU time")?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
