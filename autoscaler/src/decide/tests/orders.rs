//! Orders given by hand.

use crate::decide::tests::bench::{Bench, GIB, backdipro};
use crate::model::{Action, CpuBasis, Decision, Order, Reason};

fn ordered(bench: &mut Bench, order: Order, percent: f64) -> Decision {
    let load = percent / 100.0 * f64::from(bench.count());
    let sample = Ok(bench.sample(Some(load)));
    bench.under(Some(order), &sample)
}

fn bench(workers: u32) -> Bench {
    Bench::new(backdipro(CpuBasis::Workers), workers)
}

#[test]
fn a_count_by_hand_is_taken_at_once_and_kept_against_the_load() {
    let mut bench = bench(2);
    let decision = ordered(&mut bench, Order::Scale(4), 1.0);
    assert_eq!(decision.action, Action::ScaleUp { from: 2, to: 4 });
    assert_eq!(decision.reason, Reason::ByHand { workers: 4 });
    bench.set_workers(4);
    for _ in 0..20 {
        assert_eq!(ordered(&mut bench, Order::Scale(4), 100.0).action, Action::Hold);
    }
    let decision = ordered(&mut bench, Order::Scale(1), 100.0);
    assert_eq!(decision.action, Action::ScaleDown { from: 4, to: 1 });
}

#[test]
fn no_order_leads_out_of_the_bounds() {
    let decision = ordered(&mut bench(2), Order::Scale(50), 1.0);
    assert_eq!(decision.action, Action::ScaleUp { from: 2, to: 6 });
    let decision = ordered(&mut bench(2), Order::Scale(0), 1.0);
    assert_eq!(decision.action, Action::ScaleDown { from: 2, to: 1 });
}

#[test]
fn no_order_overrides_the_memory_rule_nor_a_disabled_project() {
    let mut short = bench(2);
    short.host.memory_available_mib = GIB;
    let decision = ordered(&mut short, Order::Scale(4), 1.0);
    assert_eq!(decision.action, Action::Blocked);
    assert_eq!(decision.reason.code(), "memory_per_worker");
    let mut disabled = bench(2);
    disabled.project.enabled = false;
    let decision = ordered(&mut disabled, Order::Scale(4), 1.0);
    assert_eq!(decision.reason, Reason::Disabled);
}

#[test]
fn a_pause_blocks_whatever_the_load_and_nothing_is_held_meanwhile() {
    let mut bench = bench(2);
    for _ in 0..10 {
        let decision = ordered(&mut bench, Order::Pause, 100.0);
        assert_eq!(
            (decision.action, decision.reason),
            (Action::Blocked, Reason::Paused)
        );
    }
    assert_eq!(bench.check(100.0).action, Action::Hold);
    assert_eq!(bench.check(100.0).action, Action::ScaleUp { from: 2, to: 3 });
}

#[test]
fn a_master_without_workers_is_left_to_fork_its_own() {
    let decision = ordered(&mut bench(0), Order::Scale(3), 0.0);
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Hold, Reason::Booting)
    );
}
