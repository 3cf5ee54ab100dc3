//! The same moment read twice: by the kernel programs and in `cpu.stat`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use autoscaler::host::usage::{CpuStatSource, EbpfSource, Usage, UsageSource};
use autoscaler_tests::burner::run_delay;
use autoscaler_tests::until;

/// One moment of one cgroup.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) ours: Usage,
    /// `cpu.stat` just before and just after, ns.
    before: u64,
    after: u64,
    /// What schedstat says the cgroup's tasks have waited, ns.
    pub(crate) waited: u64,
}

/// Reads both. On a loaded host the test may itself lose the CPU between the two: then it reads again.
pub(crate) fn moment(source: &mut EbpfSource, cgroup: &Path) -> Result<Moment> {
    let paths = [PathBuf::from(cgroup)];
    let started = Instant::now();
    let mut best: Option<Moment> = None;
    loop {
        let before = cpu_stat(&paths)?;
        let ours = source.read(&paths)?.usage[0].context("the cgroup is gone")?;
        let after = cpu_stat(&paths)?;
        let waited = run_delay(cgroup)?;
        let moment = Moment {
            ours,
            before,
            after,
            waited,
        };
        if best.is_none_or(|best| moment.spread() < best.spread()) {
            best = Some(moment);
        }
        if best.is_some_and(|best| best.spread() < SPREAD) || started.elapsed() > Duration::from_secs(2) {
            return best.context("never read");
        }
    }
}

/// Two readings of `cpu.stat` this close (ns) are one moment: 0.01 % of the shortest test.
const SPREAD: u64 = 200_000;

impl Moment {
    fn spread(&self) -> u64 {
        self.after - self.before
    }
}

/// What `cpu.stat` says that the first of these cgroups has used, ns.
pub(crate) fn cpu_stat(paths: &[PathBuf]) -> Result<u64> {
    Ok(CpuStatSource::default().read(paths)?.usage[0]
        .context("the cgroup is gone")?
        .cpu_ns)
}

/// Fails unless what both saw between two moments is the same to within `tolerance` (0.001 = 0.1 %), and
/// was at least half a second.
pub(crate) fn assert_same(what: &str, from: Moment, to: Moment, tolerance: f64) -> Result<()> {
    let ours = (to.ours.cpu_ns - from.ours.cpu_ns) as f64;
    let (least, most) = ((to.before - from.after) as f64, (to.after - from.before) as f64);
    println!(
        "{what}: {:.3} ms against {:.3} ms, ratio {:.5}",
        ours / 1e6,
        f64::midpoint(least, most) / 1e6,
        ours / f64::midpoint(least, most)
    );
    ensure!(least > 5e8, "{what}: only {least} ns of load: nothing to compare");
    ensure!(
        (least * (1.0 - tolerance)..=most * (1.0 + tolerance)).contains(&ours),
        "{what}: {ours} ns against {least} to {most} ns of cpu.stat: more than {tolerance} apart"
    );
    Ok(())
}

/// Lets the load run until the cgroup has used this much more CPU.
pub(crate) fn run_for(cgroup: &Path, cpu: Duration) -> Result<()> {
    let paths = [PathBuf::from(cgroup)];
    let start = cpu_stat(&paths)?;
    let wanted = start + u64::try_from(cpu.as_nanos())?;
    until("the load to run", Duration::from_secs(50), || {
        cpu_stat(&paths).is_ok_and(|now| now >= wanted).then_some(())
    })
}

pub(crate) fn open() -> Result<EbpfSource> {
    EbpfSource::open().map_err(|why| anyhow::anyhow!("{why}"))
}
