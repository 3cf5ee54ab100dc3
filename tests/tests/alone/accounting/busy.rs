//! Loops that burn CPU, without churn: the two figures agree to 0.1 %.

use std::time::Duration;

use anyhow::{Result, ensure};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Burner, ScratchCgroup, require_root_bpf};

use super::measure::{assert_same, moment, open, run_for};

#[test]
fn one_busy_loop() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("one-loop")?;
    let mut source = open()?;
    let _loop = Burner::busy(cgroup.path())?;
    run_for(cgroup.path(), Duration::from_millis(100))?;
    let from = moment(&mut source, cgroup.path())?;
    run_for(cgroup.path(), Duration::from_secs(5))?;
    let to = moment(&mut source, cgroup.path())?;
    assert_same("one busy loop", from, to, 0.001)
}

#[test]
fn twice_as_many_busy_loops_as_cpus_wait_as_long_as_schedstat_says() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("loops")?;
    let mut source = open()?;
    let cpus = std::thread::available_parallelism()?.get();
    let loops = (0..2 * cpus)
        .map(|_| Burner::busy(cgroup.path()))
        .collect::<Result<Vec<_>>>()?;
    run_for(cgroup.path(), Duration::from_millis(500))?;
    let from = moment(&mut source, cgroup.path())?;
    run_for(cgroup.path(), Duration::from_secs(5))?;
    let to = moment(&mut source, cgroup.path())?;
    drop(loops);
    assert_same("busy loops on too few CPUs", from, to, 0.001)?;

    let wait = (to.ours.wait_ns.unwrap_or(0) - from.ours.wait_ns.unwrap_or(0)) as f64;
    let truth = (to.waited - from.waited) as f64;
    println!("wait: {:.1} ms against {:.1} ms", wait / 1e6, truth / 1e6);
    // A wait is charged when it has ended, and schedstat is read a moment later.
    ensure!(truth > 1e9, "the loops hardly waited: {truth} ns");
    ensure!(
        (wait / truth - 1.0).abs() < 0.03,
        "waited {wait} ns, schedstat says {truth} ns"
    );
    Ok(())
}

/// The scheduler's own mark of when a task came, which a switch that is never reported is made up from, is kept for
/// ordinary tasks only.
#[test]
fn real_time_tasks_that_come_and_go() -> Result<()> {
    const LOAD: &str = "chrt --fifo -p 1 $$; n=0; while [ $n -lt 150 ]; do n=$((n+1)); \
        i=0; while [ $i -lt 10000 ]; do i=$((i+1)); done; sleep 0.005; done";
    if !require_root_bpf() || !require(&[Tool::UtilLinux]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("real-time")?;
    let mut source = open()?;
    let from = moment(&mut source, cgroup.path())?;
    Burner::script(cgroup.path(), LOAD)?.finish()?;
    let to = moment(&mut source, cgroup.path())?;
    assert_same("a real-time loop", from, to, 0.005)
}
