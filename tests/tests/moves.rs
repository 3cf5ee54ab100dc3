//! A switch in the middle of a move. In a program of its own, so that no other test's load is beside it: each switch
//! that comes between leaves `cpu.stat` up to a tick to err by.

#[allow(dead_code, reason = "what tasks waited is of no matter here")]
#[path = "accounting/measure.rs"]
mod measure;

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use autoscaler_tests::affinity::{keep_to, two_cpus};
use autoscaler_tests::{Burner, ScratchCgroup, require_root_bpf};
use nix::unistd::Pid;

use measure::{assert_same, cpu_stat, moment, open, run_for};

/// How much each side has to use, ns.
const ENOUGH: u64 = 1_800_000_000;

/// Each takes 40 ms, of which a free CPU gives each side half.
const MOST_ROUNDS: u64 = 1000;

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
    let Some([of_loop, of_mover]) = two_cpus()? else {
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
    let mut round = 0;
    while used(&sides)? < ENOUGH {
        ensure!(round < MOST_ROUNDS, "the loop gets too little of its CPU");
        let now = Instant::now();
        let (away, back) = (now + Duration::from_millis(20), now + Duration::from_millis(40));
        let alarm = thread::spawn(move || {
            keep_to(Pid::from_raw(0), of_loop)?;
            sleep_until(back + Duration::from_nanos(2_000 * (round % 100)));
            anyhow::Ok(())
        });
        sleep_until(away);
        fs::write(sides[1].join("cgroup.procs"), pid)?;
        // A move takes about 0.1 ms. The alarm is as late as the mover, or up to twice as much later.
        sleep_until(back);
        fs::write(sides[0].join("cgroup.procs"), pid)?;
        alarm.join().map_err(|_| anyhow!("the alarm panicked"))??;
        round += 1;
    }
    let to = [moment(&mut source, &sides[0])?, moment(&mut source, &sides[1])?];
    assert_same("the first cgroup", from[0], to[0], 0.01)?;
    assert_same("the second cgroup", from[1], to[1], 0.01)
}

/// What the side that used less has used, ns.
fn used(sides: &[PathBuf; 2]) -> Result<u64> {
    let [a, b] = sides.each_ref().map(|side| cpu_stat(std::slice::from_ref(side)));
    Ok(a?.min(b?))
}

fn sleep_until(when: Instant) {
    thread::sleep(when.saturating_duration_since(Instant::now()));
}
