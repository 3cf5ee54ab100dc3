//! More cgroups than there is room for.

use anyhow::{Result, bail, ensure};
use autoscaler::host::usage::{EbpfSource, UsageSource};
use autoscaler_tests::{Burner, ScratchCgroup, require_root_bpf};

use super::measure::{assert_same, moment};

/// Room for 2 becomes room for 2048 by then.
const READINGS: u32 = 10;

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
    // Each reading doubles the room until it is enough: for these, and for what others on this machine make meanwhile.
    let mut lost = full;
    for _ in 0..READINGS {
        let from = moment(&mut source, unit.path())?;
        for child in &children {
            Burner::script(child, WORK)?.finish()?;
        }
        let to = moment(&mut source, unit.path())?;
        let now = source.health().map_full;
        ensure!(now >= lost, "the count of losses went back");
        if now == lost {
            return assert_same("12 cgroups", from, to, 0.001);
        }
        lost = now;
    }
    bail!("still full after {READINGS} readings: {lost} lost")
}
