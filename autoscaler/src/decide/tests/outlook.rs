//! The view of what comes next agrees with what then comes.

use std::time::Duration;

use super::bench::{Bench, GIB, backdipro};
use crate::config::CpuBasis;
use crate::decide::{Action, Measure, Next, Outlook, outlook};

fn bench(workers: u32) -> Bench {
    Bench::new(backdipro(CpuBasis::Workers), workers)
}

fn look(bench: &Bench) -> Outlook {
    outlook(&bench.project, &bench.host, &bench.sample(None), &bench.history)
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
