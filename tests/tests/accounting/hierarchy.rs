//! Cgroups that are made, removed, made anew and exchange their tasks.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use autoscaler::observe::usage::UsageSource;
use autoscaler_tests::{Burner, ScratchCgroup, require_root_bpf};

use crate::measure::{assert_same, moment, open, run_for};

const SOME_WORK: &str = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; /bin/true; /bin/true";

#[test]
fn cgroups_made_and_removed_between_two_readings_lose_nothing() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let unit = ScratchCgroup::new("unit")?;
    let mut source = open()?;
    let from = moment(&mut source, unit.path())?;
    for round in 0..60 {
        let child = unit.child("request")?;
        let grandchild = child.join("deep");
        fs::create_dir(&grandchild)?;
        Burner::script(&grandchild, SOME_WORK)?.finish()?;
        fs::remove_dir(&grandchild).context("cannot remove the grandchild")?;
        fs::remove_dir(&child).context("cannot remove the child")?;
        if round == 30 {
            // Some are swept half-way: what they used must stay.
            source.read(&[unit.path().to_path_buf()])?;
        }
    }
    let to = moment(&mut source, unit.path())?;
    assert_same("60 cgroups that are gone", from, to, 0.005)?;
    let again = moment(&mut source, unit.path())?;
    ensure!(
        again.ours.cpu_ns >= to.ours.cpu_ns,
        "went back from {} to {}",
        to.ours.cpu_ns,
        again.ours.cpu_ns
    );
    Ok(())
}

#[test]
fn a_cgroup_made_anew_under_the_same_name_begins_at_nothing() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let parent = ScratchCgroup::new("anew")?;
    let mut source = open()?;
    let unit = parent.child("unit")?;
    Burner::script(&unit, SOME_WORK)?.finish()?;
    let first = source.read(std::slice::from_ref(&unit))?.usage[0].context("no usage")?;
    ensure!(first.cpu_ns > 0);
    fs::remove_dir(&unit)?;
    ensure!(source.read(std::slice::from_ref(&unit))?.usage[0].is_none());
    fs::create_dir(&unit)?;
    let second = source.read(std::slice::from_ref(&unit))?.usage[0].context("no usage")?;
    ensure!(second.id != first.id, "the id {} came back", first.id);
    ensure!(second.cpu_ns == 0, "{second:?}");
    Ok(())
}

#[test]
fn a_task_that_moves_is_charged_where_it_was() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let parent = ScratchCgroup::new("moves")?;
    let sides: [PathBuf; 2] = [parent.child("a")?, parent.child("b")?];
    let mut source = open()?;
    let _loop = Burner::busy(&sides[0])?;
    run_for(&sides[0], Duration::from_millis(50))?;
    let from = [moment(&mut source, &sides[0])?, moment(&mut source, &sides[1])?];
    let whole_from = moment(&mut source, parent.path())?;
    for round in 0..24 {
        let here = &sides[round % 2];
        let there = &sides[(round + 1) % 2];
        run_for(here, Duration::from_millis(200))?;
        for pid in fs::read_to_string(here.join("cgroup.procs"))?.lines() {
            fs::write(there.join("cgroup.procs"), pid)?;
        }
    }
    let whole_to = moment(&mut source, parent.path())?;
    let to = [moment(&mut source, &sides[0])?, moment(&mut source, &sides[1])?];
    assert_same("both cgroups", whole_from, whole_to, 0.001)?;
    assert_same("the first cgroup", from[0], to[0], 0.005)?;
    assert_same("the second cgroup", from[1], to[1], 0.005)
}
