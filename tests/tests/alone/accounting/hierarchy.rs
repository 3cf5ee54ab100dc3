//! Cgroups that are made, removed, made anew and exchange their tasks.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use autoscaler::host::usage::UsageSource;
use autoscaler_tests::{Burner, ScratchCgroup, require_root_bpf};

use super::measure::{assert_same, moment, open, run_for};

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

/// The kernel gives a cgroup the memory that a removed one had, and each CPU remembers cgroups by their addresses.
#[test]
fn a_cgroup_at_the_address_of_a_removed_one_is_charged_apart() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let units = [ScratchCgroup::new("first")?, ScratchCgroup::new("second")?];
    let mut source = open()?;
    let from = units
        .iter()
        .map(|unit| moment(&mut source, unit.path()))
        .collect::<Result<Vec<_>>>()?;
    for _ in 0..60 {
        for (number, unit) in units.iter().enumerate() {
            let child = unit.child("request")?;
            for _ in 0..=2 * number {
                Burner::script(&child, SOME_WORK)?.finish()?;
            }
            fs::remove_dir(&child).context("cannot remove the child")?;
        }
    }
    for (unit, from) in units.iter().zip(from) {
        let to = moment(&mut source, unit.path())?;
        assert_same("60 cgroups in turns with others", from, to, 0.005)?;
    }
    Ok(())
}

#[test]
fn who_keeps_a_list_hears_of_the_cgroups_that_went() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let parent = ScratchCgroup::new("listed")?;
    let mut source = open()?;
    let dirs = [parent.child("stays")?, parent.child("goes")?];
    let id = |dir: &PathBuf| fs::metadata(dir).map(|found| found.ino());
    let mut ids = [id(&dirs[0])?, id(&dirs[1])?];
    for dir in &dirs {
        Burner::script(dir, SOME_WORK)?.finish()?;
    }
    let usage = source.read_listed(&dirs, &ids)?.usage;
    ensure!(
        usage
            .iter()
            .flatten()
            .map(|usage| usage.id)
            .eq(ids.iter().copied()),
        "{usage:?} of {ids:?}"
    );
    ensure!(usage.iter().flatten().all(|usage| usage.cpu_ns > 0), "{usage:?}");

    fs::remove_dir(&dirs[1])?;
    // Its index is given back at the first reading; it is told until the list is another one.
    for _ in 0..3 {
        let usage = source.read_listed(&dirs, &ids)?.usage;
        ensure!(usage[0].is_some() && usage[1].is_none(), "{usage:?}");
    }
    fs::create_dir(&dirs[1])?;
    ids[1] = id(&dirs[1])?;
    let anew = source.read_listed(&dirs, &ids)?.usage[1].context("no usage")?;
    ensure!((anew.id, anew.cpu_ns) == (ids[1], 0), "{anew:?}");
    Burner::script(&dirs[1], SOME_WORK)?.finish()?;
    let later = source.read_listed(&dirs, &ids)?.usage[1].context("no usage")?;
    ensure!(later.cpu_ns > 0, "{later:?}");
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
