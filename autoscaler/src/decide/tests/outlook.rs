//! The view of what comes next agrees with what then comes.

use std::time::Duration;

use crate::decide::outlook;
use crate::decide::tests::bench::{Bench, GIB, backdipro, celery, queue_sample, with_queue};
use crate::model::{Action, CpuBasis, Measure, Next, Outlook, QueueSizing};

fn bench(workers: u32) -> Bench {
    Bench::new(backdipro(CpuBasis::Workers), workers)
}

fn look(bench: &Bench) -> Outlook {
    outlook(&bench.project, &bench.host, &bench.sample(None), &bench.state)
}

#[test]
fn an_idle_project_has_a_step_each_way_with_nothing_held() {
    let mut bench = bench(3);
    bench.check(60.0);
    let outlook = look(&bench);
    assert_eq!(
        outlook.up,
        [Next {
            measure: Measure::Cpu,
            rung: 4,
            to: 4,
            threshold: 80.0,
            held: Duration::ZERO,
            needed: Duration::from_mins(3),
            against: None,
        }]
    );
    let down = &outlook.down[0];
    assert_eq!((down.rung, down.to, down.threshold), (2, 2, 45.0));
    assert_eq!(down.held, Duration::ZERO);
}

#[test]
fn what_it_says_is_held_is_what_the_policy_acts_on() {
    let mut bench = bench(3);
    loop {
        let before = look(&bench).up[0].clone();
        match bench.check(85.0).action {
            Action::Hold => assert_eq!(look(&bench).up[0].held, before.held + bench.interval),
            action => {
                assert!(before.held + bench.interval >= before.needed);
                assert_eq!(
                    action,
                    Action::ScaleUp {
                        from: 3,
                        to: before.to
                    }
                );
                break;
            }
        }
    }
    assert_eq!(look(&bench).up[0].held, Duration::ZERO, "held times start afresh");
}

#[test]
fn of_two_crossed_rungs_below_the_one_that_leads_furthest_is_next() {
    let mut bench = bench(4);
    bench.check(40.0);
    assert_eq!((look(&bench).down[0].rung, look(&bench).down[0].to), (2, 3));
    bench.check(90.0);
    bench.check(10.0);
    assert_eq!((look(&bench).down[0].rung, look(&bench).down[0].to), (1, 1));
}

#[test]
fn the_bounds_end_it() {
    let mut top = bench(6);
    top.check(95.0);
    assert!(look(&top).up.is_empty());
    assert!(look(&bench(1)).down.is_empty());
    assert_eq!(look(&bench(0)), Outlook::default());
}

#[test]
fn what_stands_against_a_step_is_known_before_it_is_due() {
    let mut bench = bench(3);
    bench.host.memory_available_mib = GIB;
    let outlook = look(&bench);
    assert_eq!(
        outlook.up[0].against.as_ref().unwrap().code(),
        "memory_per_worker"
    );
    assert_eq!(
        outlook.down[0].against.as_ref().unwrap().code(),
        "memory_for_scale_down"
    );
}

#[test]
fn a_step_that_is_due_and_not_taken_names_what_its_check_had_against_it() {
    // 2 workers at 34 % are 68 % of one; the rung above one is 65.
    let mut bench = bench(2);
    bench.interval = Duration::from_mins(10);
    let decision = bench.check(34.0);
    let early = look(&bench).explained(&decision.reason);
    assert_eq!((early.down[0].is_due(), &early.down[0].against), (false, &None));
    let decision = bench.check(34.0);
    let due = look(&bench).explained(&decision.reason);
    assert!(due.down[0].is_due());
    let against = due.down[0].against.as_ref().unwrap();
    assert_eq!(against.code(), "would_flap");
    assert_eq!(due.up[0].against, None, "it has nothing against the way up");
}

#[test]
fn tasks_per_worker_has_a_step_each_way_that_leads_straight_to_its_count() {
    let mut bench = celery(4);
    let (up_hold, down_hold) = (Duration::from_mins(4), Duration::from_mins(10));
    let sizing = QueueSizing::tasks_per_worker(25, bench.project.bounds, up_hold, down_hold);
    bench.project.queue.as_mut().unwrap().sizing = sizing;
    let look = |bench: &Bench, waiting| {
        let sample = queue_sample(bench, waiting, Some(0));
        outlook(&bench.project, &bench.host, &sample, &bench.state)
    };
    with_queue(&mut bench, 90, Some(0));
    let calm = look(&bench, 90);
    let steps = |next: &Next| (next.measure, next.rung, next.to, next.threshold, next.held);
    assert_eq!(
        steps(&calm.up[0]),
        (Measure::Queue, 5, 5, 100.0, Duration::ZERO),
        "one more above a hundred"
    );
    assert_eq!(
        steps(&calm.down[0]),
        (Measure::Queue, 3, 3, 76.0, Duration::ZERO),
        "one less below what three take"
    );
    with_queue(&mut bench, 190, Some(0));
    let rising = look(&bench, 190);
    assert_eq!(
        steps(&rising.up[0]),
        (Measure::Queue, 5, 8, 100.0, bench.interval),
        "eight for a hundred and ninety"
    );
    let action = with_queue(&mut bench, 190, Some(0)).action;
    assert_eq!(action, Action::ScaleUp { from: 4, to: 8 }, "and so it comes");
}
