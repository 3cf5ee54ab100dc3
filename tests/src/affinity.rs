//! Which CPUs tests and their loads run on.

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Two CPUs that this process may run on; `None`, with the reason printed, where it may not run on two.
///
/// # Errors
/// When the kernel does not tell which they are.
pub fn two_cpus() -> Result<Option<[usize; 2]>> {
    let cpus = sched_getaffinity(Pid::this())?;
    let mut allowed = (0..CpuSet::count()).filter(|cpu| cpus.is_set(*cpu).unwrap_or(false));
    let (Some(first), Some(second)) = (allowed.next(), allowed.next()) else {
        eprintln!("skipped: this test needs two CPUs, one for its load alone");
        return Ok(None);
    };
    Ok(Some([first, second]))
}

/// Keeps a task to one CPU; with pid 0, the thread that calls (`sched_setaffinity(2)`).
///
/// # Errors
/// When the task has ended or may not run there.
pub fn keep_to(task: Pid, cpu: usize) -> Result<()> {
    let mut cpus = CpuSet::new();
    cpus.set(cpu)?;
    sched_setaffinity(task, &cpus).with_context(|| format!("cannot keep {task} to CPU {cpu}"))
}
