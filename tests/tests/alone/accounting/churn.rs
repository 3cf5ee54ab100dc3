//! Processes that come and go faster than anybody could watch: the two figures agree to 0.5 %.

use anyhow::Result;
use autoscaler_tests::{Burner, ScratchCgroup, require_root_bpf};

use super::measure::{assert_same, moment, open};

#[test]
fn many_short_lived_processes() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("short-lived")?;
    let mut source = open()?;
    let from = moment(&mut source, cgroup.path())?;
    Burner::script(
        cgroup.path(),
        "i=0; while [ $i -lt 2000 ]; do /bin/true; i=$((i+1)); done",
    )?
    .finish()?;
    let to = moment(&mut source, cgroup.path())?;
    assert_same("2000 processes", from, to, 0.005)
}

#[test]
fn many_processes_that_wake_each_other() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("pipes")?;
    let mut source = open()?;
    let from = moment(&mut source, cgroup.path())?;
    // Each `dd` sleeps for and wakes its neighbour at every byte.
    let pipe = "dd bs=1 count=200000 if=/dev/zero | dd bs=1 | dd bs=1 | dd bs=1 of=/dev/null";
    let scripts = (0..3)
        .map(|_| Burner::script(cgroup.path(), pipe))
        .collect::<Result<Vec<_>>>()?;
    for script in scripts {
        script.finish()?;
    }
    let to = moment(&mut source, cgroup.path())?;
    assert_same("pipes", from, to, 0.005)
}
