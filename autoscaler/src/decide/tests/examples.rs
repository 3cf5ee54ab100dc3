//! The user's two worked examples, to the letter, on the basis they were written in.

use std::time::Duration;

use crate::decide::tests::bench::{Bench, GIB, backdipro};
use crate::model::{Action, CpuBasis, Reason};

const UP: Duration = Duration::from_mins(3);
const DOWN: Duration = Duration::from_mins(15);

/// Checks every second, so that "after 3 minutes" means what it says.
fn every_second(workers: u32) -> Bench {
    let mut bench = Bench::new(backdipro(CpuBasis::Host), workers);
    bench.interval = Duration::from_secs(1);
    bench
}

#[test]
fn several_users_arrive_and_leave() {
    let mut bench = every_second(1);
    assert_eq!(bench.check(20.0).action, Action::Hold);

    for (percent, workers) in [(70.0, 2), (75.1, 3), (80.1, 4), (85.1, 5), (90.1, 6)] {
        let (took, now) = bench.until_change(percent);
        assert_eq!(now, workers, "with the CPU at {percent} %");
        // One more check than the three minutes where the new worker's boot is in the first figures.
        let boot = if workers == 2 {
            Duration::ZERO
        } else {
            bench.interval
        };
        assert_eq!(took, UP + boot, "to {workers} workers");
    }
    assert!(
        matches!(bench.check(99.0).action, Action::Hold),
        "the boot of the sixth"
    );

    bench.host.memory_available_mib = 12 * GIB;
    assert_eq!(bench.until_change(44.9), (DOWN, 5), "under 45 %: one less");
    assert_eq!(bench.until_change(34.9), (DOWN, 1), "under 35 %: the minimum");
}

#[test]
fn fifty_users_leave() {
    let mut bench = every_second(4);
    bench.host.memory_available_mib = 13 * GIB;
    assert_eq!(bench.until_change(42.0), (DOWN, 3));
    bench.host.memory_available_mib = 14 * GIB;
    assert_eq!(bench.until_change(30.0), (DOWN, 1));
}

#[test]
fn fifty_users_arrive_at_the_documented_interval() {
    let mut bench = Bench::new(backdipro(CpuBasis::Host), 1);
    assert_eq!(bench.check(25.0).action, Action::Hold);
    for (percent, workers) in [(68.0, 2), (78.0, 3), (82.0, 4)] {
        let (took, now) = bench.until_change(percent);
        assert_eq!(now, workers);
        assert!(
            took >= UP && took <= UP + 2 * bench.interval,
            "{workers} workers took {took:?}"
        );
    }
}

#[test]
fn a_threshold_is_crossed_not_touched() {
    let mut bench = every_second(1);
    for _ in 0..400 {
        assert_eq!(bench.check(65.0).action, Action::Hold, "65 is not over 65");
    }
    let mut bench = every_second(2);
    for _ in 0..2000 {
        assert_eq!(bench.check(35.0).action, Action::Hold, "35 is not under 35");
    }
}

#[test]
fn memory_of_the_example_is_enough_and_a_tenth_of_it_is_not() {
    let mut bench = every_second(5);
    bench.host.memory_available_mib = 2999;
    let decision = (0..200).map(|_| bench.check(95.0)).last().unwrap();
    assert_eq!(decision.action, Action::Blocked);
    assert_eq!(
        decision.reason,
        Reason::MemoryPerWorker {
            workers: 6,
            per_worker_mib: 499,
            needed_mib: 500
        }
    );
    bench.host.memory_available_mib = 3000;
    assert_eq!(
        bench.check(95.0).action,
        Action::ScaleUp { from: 5, to: 6 },
        "the time held is not lost"
    );
}

#[test]
fn scaling_down_wants_over_eight_of_eighteen_gib() {
    let mut bench = every_second(6);
    bench.host.memory_available_mib = 8 * GIB;
    let decision = (0..901).map(|_| bench.check(10.0)).last().unwrap();
    assert_eq!(decision.action, Action::Blocked);
    assert_eq!(
        decision.reason,
        Reason::MemoryForScaleDown { needed_mib: 8 * GIB }
    );
    bench.host.memory_available_mib = 8 * GIB + 1;
    assert_eq!(bench.check(10.0).action, Action::ScaleDown { from: 6, to: 1 });
}
