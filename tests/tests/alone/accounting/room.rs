//! More cgroups than there is room for.

use anyhow::{Result, ensure};
use autoscaler::host::usage::{EbpfSource, UsageSource};
use autoscaler_tests::{Burner, ScratchCgroup, require_root_bpf};

use super::measure::{assert_same, moment};

const WORK: &str = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";

#[test]
fn a_full_table_is_counted_then_grows_and_counts_all() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let unit = ScratchCgroup::new("crowd")?;
    let children = (0..12)
        .map(|number| unit.child(&format!("c{number}")))
        .collect::<Result<Vec<_>>>()?;
    let mut source = EbpfSource::with_room_for(2).map_err(|why| anyhow::anyhow!("{why}"))?;
    for child in &children {
        Burner::script(child, WORK)?.finish()?;
    }
    let full = source.health().map_full;
    ensure!(full > 0, "12 cgroups found room for 2");
    // Each reading doubles the room until it is enough.
    for _ in 0..6 {
        source.read(&[unit.path().to_path_buf()])?;
        for child in &children {
            Burner::script(child, "exit 0")?.finish()?;
        }
    }
    let settled = source.health().map_full;
    ensure!(settled >= full, "the count of losses went back");
    let from = moment(&mut source, unit.path())?;
    for child in &children {
        Burner::script(child, WORK)?.finish()?;
    }
    let to = moment(&mut source, unit.path())?;
    assert_same("12 cgroups", from, to, 0.001)?;
    ensure!(source.health().map_full == settled, "still full");
    Ok(())
}
