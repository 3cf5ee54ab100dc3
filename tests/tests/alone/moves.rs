//! A switch in the middle of a move. It runs alone, so that no other test's load is beside it: each switch
//! that comes between leaves `cpu.stat` up to a tick to err by.

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, anyhow, ensure};
use autoscaler::host::usage::EbpfSource;
use autoscaler_tests::affinity::{keep_to, two_cpus};
use autoscaler_tests::steal::stolen;
use autoscaler_tests::{Burner, ScratchCgroup, require_root_bpf};
use nix::unistd::Pid;

use crate::accounting::measure::{Moment, assert_same, cpu_stat, moment, open, run_for};

/// How much each side has to use, ns.
const ENOUGH: u64 = 1_800_000_000;

/// Each takes 40 ms, of which a free CPU gives each side half.
const MOST_ROUNDS: u64 = 1000;

/// How far the two accounts may be apart: see the test.
const MOST_APART: f64 = 0.03;

/// Of each run, what the hypervisor may have kept the two CPUs away for: a twentieth.
const MOST_STOLEN: u32 = 20;

/// Runs of 5 s each, until one tells.
const MOST_RUNS: u32 = 8;

/// A move is told of after it was made, and a switch may come between the two. The mover is on another CPU, and an
/// alarm on the loop's own goes off while it moves the loop back: sooner or later right in between.
///
/// `cpu.stat` then charges what ran since the last tick (4 ms at most, 2 ms in the mean) to where the task was moved to,
/// and ours to where it was. Of the 45 rounds or more of a side every fifth is such a hit: the two are 1 % apart, more by
/// chance (1.4 % was seen). A whole stay (20 ms) at each hit would be a tenth.
///
/// Where a hypervisor takes the CPUs away for tens of ms at a time, ticks are that late: neither account is then to be
/// held to the other.
#[test]
fn a_switch_in_the_middle_of_a_move_is_charged_where_it_was() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let Some(cpus) = two_cpus()? else {
        return Ok(());
    };
    let parent = ScratchCgroup::new("alarm")?;
    let sides: [PathBuf; 2] = [parent.child("a")?, parent.child("b")?];
    let mut source = open()?;
    let _loop = Burner::busy(&sides[0])?;
    run_for(&sides[0], Duration::from_millis(50))?;
    let pids = fs::read_to_string(sides[0].join("cgroup.procs"))?;
    let pid = pids.lines().max_by_key(|pid| pid.parse::<u32>().ok());
    // Of the two, the later one is the loop: the other only waits for it.
    let pid = pid.context("the loop is gone")?;
    for _ in 0..MOST_RUNS {
        let (began, stolen_before) = (Instant::now(), stolen(&cpus)?);
        let run = move_to_and_fro(&mut source, &sides, pid, cpus)?;
        let Err(apart) = run.assert_same() else {
            return Ok(());
        };
        let stolen = stolen(&cpus)?.saturating_sub(stolen_before);
        ensure!(stolen > began.elapsed() / MOST_STOLEN, "{apart}");
        println!("{stolen:.1?} stolen by the hypervisor: once more");
    }
    eprintln!("skipped: the hypervisor kept the CPUs away in every run");
    Ok(())
}

/// What both accounts said of each side before and after.
struct Run {
    from: [Moment; 2],
    to: [Moment; 2],
}

impl Run {
    fn assert_same(&self) -> Result<()> {
        assert_same("the first cgroup", self.from[0], self.to[0], MOST_APART)?;
        assert_same("the second cgroup", self.from[1], self.to[1], MOST_APART)
    }
}

/// Moves the loop between the sides until each has used [`ENOUGH`]; it is back at the first then.
fn move_to_and_fro(
    source: &mut EbpfSource,
    sides: &[PathBuf; 2],
    pid: &str,
    [of_loop, of_mover]: [usize; 2],
) -> Result<Run> {
    keep_to(Pid::from_raw(pid.parse()?), of_loop)?;
    keep_to(Pid::from_raw(0), of_mover)?;
    let from = [moment(source, &sides[0])?, moment(source, &sides[1])?];
    let before = used(sides)?;
    let mut round = 0;
    while used(sides)?
        .iter()
        .zip(before)
        .any(|(now, before)| now - before < ENOUGH)
    {
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
        // The alarm is as late as the mover, or up to 0.2 ms later: a hit in every fifth round or so.
        sleep_until(back);
        fs::write(sides[0].join("cgroup.procs"), pid)?;
        alarm.join().map_err(|_| anyhow!("the alarm panicked"))??;
        round += 1;
    }
    let to = [moment(source, &sides[0])?, moment(source, &sides[1])?];
    Ok(Run { from, to })
}

/// What each side has used, ns.
fn used(sides: &[PathBuf; 2]) -> Result<[u64; 2]> {
    let [a, b] = sides.each_ref().map(|side| cpu_stat(std::slice::from_ref(side)));
    Ok([a?, b?])
}

fn sleep_until(when: Instant) {
    thread::sleep(when.saturating_duration_since(Instant::now()));
}
