//! Reloads with requests in flight: the old workers live on beside the new ones until these have ended.

use std::time::Duration;

use crate::decide::tests::bench::{Bench, backdipro};
use crate::model::{Action, Bounds, CpuBasis, Order, ProcessId, Reason};

fn bench(workers: u32) -> Bench {
    Bench::new(backdipro(CpuBasis::Workers), workers)
}

/// A check of ten seconds has just led one worker up from `workers`.
fn just_scaled_up(workers: u32) -> Bench {
    let mut bench = bench(workers);
    bench.interval = Duration::from_secs(10);
    bench.project.cpu.as_mut().unwrap().up_hold = Duration::from_secs(10);
    let (from, to) = (workers, workers + 1);
    assert_eq!(bench.check(100.0).action, Action::ScaleUp { from, to });
    bench
}

/// One check under full load that leaves everything as it is, since a reload may be under way.
fn holds_unsettled(bench: &mut Bench) {
    let decision = bench.check(100.0);
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Hold, Reason::Unsettled)
    );
}

/// HUP while every worker is busy: `count` new ones beside the old ones, which are returned.
fn reload_busy(bench: &mut Bench, count: u32) -> Vec<ProcessId> {
    let old = bench.workers.clone();
    bench.set_workers(bench.count() + count);
    old
}

/// Some of the old workers end, the oldest first.
fn end(bench: &mut Bench, old: &[ProcessId]) {
    bench.workers.retain(|worker| !old.contains(worker));
}

#[test]
fn a_reload_whose_old_workers_still_serve_is_seen_once_they_have_gone() {
    let mut bench = bench(4);
    bench.check(70.0);
    let old = reload_busy(&mut bench, 1);
    assert_eq!(bench.check(100.0).action, Action::Hold);
    end(&mut bench, &old);
    assert_eq!(bench.check(100.0).action, Action::Hold);
    assert_eq!(bench.state.count_to_restore(), Some(4));
    assert_eq!(bench.check(100.0).reason, Reason::Restore { held_before: 4 });
}

#[test]
fn a_reload_is_seen_though_no_more_workers_than_before_were_ever_counted() {
    // The idle ones of the old workers had gone when the overlap was looked at.
    for still_busy in 1..=3 {
        let mut bench = bench(4);
        bench.check(70.0);
        let old = reload_busy(&mut bench, 1);
        end(&mut bench, &old[still_busy..]);
        assert_eq!(bench.check(100.0).action, Action::Hold);
        end(&mut bench, &old);
        bench.check(100.0);
        assert_eq!(
            bench.state.count_to_restore(),
            Some(4),
            "{still_busy} were still busy"
        );
    }
}

#[test]
fn old_workers_over_the_maximum_are_left_to_end_by_themselves() {
    let mut bench = bench(6);
    bench.project.bounds = Bounds { min: 2, max: 6 };
    bench.check(50.0);
    let old = reload_busy(&mut bench, 2);
    let decision = bench.check(100.0);
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Hold, Reason::Unsettled)
    );
    end(&mut bench, &old);
    assert_eq!(bench.check(100.0).action, Action::Hold);
    assert_eq!(bench.state.count_to_restore(), Some(6));
}

#[test]
fn short_intervals_wait_as_long_as_a_worker_may_take_to_end() {
    let mut bench = bench(6);
    bench.interval = Duration::from_secs(10);
    bench.check(50.0);
    let old = reload_busy(&mut bench, 1);
    // Up to 30 s, gunicorn's own limits.
    for ended in [0, 1, 1, 4] {
        end(&mut bench, &old[..ended]);
        let decision = bench.check(5.0);
        assert_eq!(decision.action, Action::Hold, "{decision:?}");
    }
    end(&mut bench, &old);
    bench.check(100.0);
    assert_eq!(bench.state.count_to_restore(), Some(6));
}

#[test]
fn workers_that_somebody_added_over_the_maximum_go_at_the_next_check() {
    let mut bench = bench(6);
    bench.check(50.0);
    bench.set_workers(8);
    assert_eq!(bench.check(50.0).reason, Reason::Unsettled);
    let decision = bench.check(50.0);
    assert_eq!(
        (decision.action, decision.reason),
        (Action::ScaleDown { from: 8, to: 6 }, Reason::OutsideBounds)
    );
}

#[test]
fn without_cpu_figures_too_many_workers_go_all_the_same() {
    let mut bench = bench(6);
    bench.check(50.0);
    bench.set_workers(8);
    let went = (0..5).any(|_| {
        let sample = bench.sample(None);
        bench.check_sample(&sample).action == Action::ScaleDown { from: 8, to: 6 }
    });
    assert!(went);
}

#[test]
fn an_order_takes_no_worker_away_beside_those_that_a_reload_ends() {
    let mut bench = bench(6);
    bench.project.bounds = Bounds { min: 2, max: 6 };
    bench.check(50.0);
    reload_busy(&mut bench, 2);
    let order = Some(Order::Scale(6));
    let sample = Ok(bench.sample(Some(1.0)));
    let decision = bench.under(order, &sample);
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Blocked, Reason::Unsettled)
    );
}

#[test]
fn what_is_taken_away_after_a_worker_was_recycled_is_no_reload() {
    let mut bench = bench(6);
    bench.interval = Duration::from_mins(15);
    bench.check(60.0);
    // max_requests: one worker is new, and the check takes most of them away, the oldest first.
    bench.set_workers(5);
    bench.set_workers(6);
    assert_eq!(bench.check(1.0).action, Action::ScaleDown { from: 6, to: 1 });
    assert_eq!(bench.check(1.0).action, Action::Hold);
    assert_eq!(bench.state.count_to_restore(), None);
}

#[test]
fn a_reload_to_the_same_count_is_over_at_once() {
    let mut bench = bench(4);
    bench.check(70.0);
    bench.reload(4);
    bench.check(70.0);
    // Somebody's hand: one worker less.
    bench.set_workers(3);
    bench.check(70.0);
    assert_eq!(bench.state.count_to_restore(), None);
}

#[test]
fn a_worker_that_was_just_added_is_one_of_the_old_ones() {
    for checked_between in [true, false] {
        let mut bench = just_scaled_up(2);
        if checked_between {
            bench.check(50.0);
        }
        let old = reload_busy(&mut bench, 1);
        for ended in 0..3 {
            end(&mut bench, &old[..ended]);
            holds_unsettled(&mut bench);
        }
        end(&mut bench, &old);
        bench.check(100.0);
        assert_eq!(bench.state.count_to_restore(), Some(3));
    }
}

#[test]
fn the_worker_that_was_just_added_may_be_the_last_of_the_old_ones() {
    for configured in 1..=2 {
        let mut bench = just_scaled_up(3);
        // Those that the check saw had gone when the overlap was looked at.
        let old = reload_busy(&mut bench, configured);
        end(&mut bench, &old[..3]);
        for _ in 0..2 {
            holds_unsettled(&mut bench);
        }
        end(&mut bench, &old);
        bench.check(100.0);
        assert_eq!(bench.state.count_to_restore(), Some(4), "{configured}");
    }
}

#[test]
fn the_oldest_instance_of_a_template_may_end_alone() {
    let mut bench = bench(3);
    bench.master = bench.workers[0];
    for _ in 0..7 {
        assert_eq!(bench.check(10.0).action, Action::Hold);
    }
    // Somebody stopped it, or it recycles itself: the next one stands for the master.
    bench.set_workers(2);
    bench.master = bench.workers[0];
    assert_eq!(bench.check(10.0).action, Action::ScaleDown { from: 2, to: 1 });
    assert_eq!(bench.state.count_to_restore(), None);
}

/// uvicorn's workers all reach `--limit-max-requests` at about the same time.
#[test]
fn workers_that_have_all_ended_by_themselves_are_no_reload() {
    let mut bench = bench(2);
    bench.check(50.0);
    bench.workers.clear();
    assert_eq!(bench.check(0.0).reason, Reason::Booting);
    assert_eq!(bench.state.count_to_restore(), None);
    bench.set_workers(2);
    bench.check(50.0);
    assert_eq!(bench.state.count_to_restore(), None);
}
