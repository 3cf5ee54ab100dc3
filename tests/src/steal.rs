//! What the hypervisor takes from this machine.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::unistd::{SysconfVar, sysconf};

/// How long CPUs wanted to run and were not let by the hypervisor, since the machine started; the sum over these CPUs.
/// Counted in ticks of 10 ms (`steal` in `proc_stat(5)`); 0 on a machine of metal.
///
/// # Errors
/// When the kernel does not tell.
pub fn stolen(cpus: &[usize]) -> Result<Duration> {
    let stat = fs::read_to_string("/proc/stat").context("/proc/stat")?;
    let ticks_per_second = sysconf(SysconfVar::CLK_TCK)?.context("no ticks are counted here")?;
    let mut ticks = 0;
    for cpu in cpus {
        let line = stat
            .lines()
            .find_map(|line| line.strip_prefix(&format!("cpu{cpu} ")));
        let steal = line.and_then(|line| line.split(' ').nth(7));
        ticks += steal
            .with_context(|| format!("/proc/stat tells no steal of CPU {cpu}"))?
            .parse::<u64>()?;
    }
    Ok(Duration::from_secs_f64(ticks as f64 / ticks_per_second as f64))
}
