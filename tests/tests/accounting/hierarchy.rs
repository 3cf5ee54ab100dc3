//! Cgroups that are made, removed, made anew and exchange their tasks.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use autoscaler::observe::usage::UsageSource;
use autoscaler_tests::{Burner, ScratchCgroup, require_root_bpf};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

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

/// A move is told of after it was made, and a switch may come between the two. The mover is on another CPU, and an
/// alarm on the loop's own goes off while it moves the loop back: sooner or later right in between.
///
/// `cpu.stat` then charges what ran since the last tick (4 ms at most) to where the task was moved to, and ours to
/// where it was: with some hits in the 2 s of a side, that is within 1 %. A whole stay (20 ms) at each hit is not.
#[test]
fn a_switch_in_the_middle_of_a_move_is_charged_where_it_was() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let cpus = sched_getaffinity(Pid::this())?;
    let mut allowed = (0..CpuSet::count()).filter(|cpu| cpus.is_set(*cpu).unwrap_or(false));
    let (Some(of_loop), Some(of_mover)) = (allowed.next(), allowed.next()) else {
        eprintln!("skipped: a mover and a loop need two CPUs");
        return Ok(());
    };
    let parent = ScratchCgroup::new("alarm")?;
    let sides: [PathBuf; 2] = [parent.child("a")?, parent.child("b")?];
    let mut source = open()?;
    let _loop = Burner::busy(&sides[0])?;
    run_for(&sides[0], Duration::from_millis(50))?;
    let pids = fs::read_to_string(sides[0].join("cgroup.procs"))?;
    let pid = pids.lines().max_by_key(|pid| pid.parse::<u32>().ok());
    let pid = pid.context("the loop is gone")?;
    // Of the two, the later one is the loop: the other only waits for it.
    keep_to(Pid::from_raw(pid.parse()?), of_loop)?;
    keep_to(Pid::from_raw(0), of_mover)?;
    let from = [moment(&mut source, &sides[0])?, moment(&mut source, &sides[1])?];
    for round in 0..100 {
        let now = Instant::now();
        let (away, back) = (now + Duration::from_millis(20), now + Duration::from_millis(40));
        let alarm = thread::spawn(move || {
            keep_to(Pid::from_raw(0), of_loop)?;
            sleep_until(back + Duration::from_nanos(2_000 * round));
            anyhow::Ok(())
        });
        sleep_until(away);
        fs::write(sides[1].join("cgroup.procs"), pid)?;
        // A move takes about 0.1 ms. The alarm is as late as the mover, or up to twice as much later.
        sleep_until(back);
        fs::write(sides[0].join("cgroup.procs"), pid)?;
        alarm.join().map_err(|_| anyhow!("the alarm panicked"))??;
    }
    let to = [moment(&mut source, &sides[0])?, moment(&mut source, &sides[1])?];
    assert_same("the first cgroup", from[0], to[0], 0.01)?;
    assert_same("the second cgroup", from[1], to[1], 0.01)
}

fn keep_to(task: Pid, cpu: usize) -> Result<()> {
    let mut cpus = CpuSet::new();
    cpus.set(cpu)?;
    sched_setaffinity(task, &cpus).with_context(|| format!("cannot keep {task} to CPU {cpu}"))
}

fn sleep_until(when: Instant) {
    thread::sleep(when.saturating_duration_since(Instant::now()));
}
