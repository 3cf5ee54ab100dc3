//! What is known of new workers' boots stands against steps.

use std::path::PathBuf;
use std::time::Duration;

use crate::decide::UnreadCode;
use crate::decide::tests::bench::{Bench, backdipro, celery, queue_sample};
use crate::model::{Action, CpuBasis, Order, PoolFault, ProjectSample, QueueFault, Reason};

fn bench(workers: u32) -> Bench {
    let mut bench = Bench::new(backdipro(CpuBasis::Workers), workers);
    bench.project.reload_wait = Duration::from_mins(10);
    bench
}

/// A step up whose worker did not come to serve.
fn failed(bench: &mut Bench, lasts: bool) {
    let before = bench.workers.clone();
    while bench.check(100.0).action != (Action::ScaleUp { from: 2, to: 3 }) {}
    bench.workers.clone_from(&before);
    bench.state.step_left(&before);
    bench.state.boot_failed(lasts);
}

#[test]
fn after_a_failed_boot_no_step_up_is_taken_until_a_restart_or_a_reload() {
    for restart in [true, false] {
        let mut bench = bench(2);
        failed(&mut bench, false);
        for _ in 0..20 {
            let decision = bench.check(100.0);
            assert!(matches!(decision.action, Action::Hold | Action::Blocked));
        }
        assert_eq!(bench.check(100.0).reason, Reason::BootFailed);
        bench.reload(2);
        if restart {
            bench.master.pid += 1;
        }
        let steps = (0..10).map(|_| bench.check(100.0).action);
        assert!(steps.into_iter().any(|action| action.to().is_some()), "{restart}");
    }
}

#[test]
fn a_failed_boot_outlives_the_daemon() {
    let mut bench = bench(2);
    failed(&mut bench, false);
    let text = serde_json::to_string(&bench.state).unwrap();
    bench.state = serde_json::from_str(&text).unwrap();
    for _ in 0..5 {
        bench.check(100.0);
    }
    assert_eq!(bench.check(100.0).reason, Reason::BootFailed);
}

#[test]
fn recycled_workers_prove_what_is_on_disk_once_all_are_new() {
    let mut bench = bench(2);
    failed(&mut bench, false);
    bench.set_workers(1);
    bench.set_workers(2);
    bench.check(100.0);
    assert!(bench.state.failed_boot().is_some(), "one of the two is new");
    bench.set_workers(1);
    bench.set_workers(2);
    bench.check(100.0);
    assert!(bench.state.failed_boot().is_none());
}

#[test]
fn down_is_free_unless_the_worker_that_failed_is_still_counted() {
    for (lasts, expected) in [(false, true), (true, false)] {
        let mut bench = bench(2);
        failed(&mut bench, lasts);
        bench.set_workers(3);
        let stepped = (0..30).any(|_| bench.check(1.0).action.to().is_some());
        assert_eq!(stepped, expected, "lasts: {lasts}");
    }
}

#[test]
fn a_worker_that_serves_after_all_ends_it() {
    let mut bench = bench(2);
    failed(&mut bench, true);
    let serving = bench.sample(Some(0.0));
    assert!(bench.state.still_booting(&serving).is_empty());
    bench.set_workers(3);
    let sample = bench.sample(Some(0.0));
    assert_eq!(bench.state.still_booting(&sample), bench.workers[2..]);
    bench.state.boot_mended();
    assert!(bench.state.failed_boot().is_none());
}

#[test]
fn orders_by_hand_and_the_way_back_inside_the_bounds_are_held_up_too() {
    let mut bench = bench(2);
    failed(&mut bench, false);
    let sample = Ok(bench.sample(Some(0.0)));
    let order = Some(Order::Scale(4));
    let decision = bench.under(order, &sample);
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Blocked, Reason::BootFailed)
    );
    bench.project.bounds.min = 3;
    bench.check(1.0);
    let decision = bench.check(1.0);
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Blocked, Reason::BootFailed)
    );
}

#[test]
fn code_that_no_worker_runs_is_waited_for_and_not_for_ever() {
    for (minutes, blocked) in [(0, true), (9, true), (10, false), (9999, false)] {
        let mut bench = bench(1);
        bench.check(100.0);
        let (path, waited) = (PathBuf::from("/srv/app.py"), Duration::from_mins(minutes));
        let unread = UnreadCode {
            path: path.clone(),
            waited,
        };
        bench.state.code_on_disk(Some(unread));
        let decision = bench.check(100.0);
        if blocked {
            let newer = Reason::CodeNewer {
                path,
                held: waited,
                needed: Duration::from_mins(10),
            };
            assert_eq!((decision.action, decision.reason), (Action::Blocked, newer));
            bench.state.code_on_disk(None);
            assert_eq!(
                bench.check(100.0).action,
                Action::ScaleUp { from: 1, to: 2 },
                "what was held stays"
            );
        } else {
            assert_eq!(decision.action, Action::ScaleUp { from: 1, to: 2 });
        }
    }
}

fn without_workers(bench: &Bench, pool_fault: Option<PoolFault>) -> ProjectSample {
    let mut sample = queue_sample(bench, 60, None);
    sample.workers = Vec::new();
    if let Some(Ok(queue)) = &mut sample.queue {
        queue.pool_fault = pool_fault;
    }
    sample
}

#[test]
fn a_pool_that_has_no_processes_does_not_boot() {
    let mut bench = celery(2);
    let (node, pool) = ("one@host".to_owned(), "threads".to_owned());
    let fault = PoolFault::NoProcesses { node, pool };
    let decision = bench.check_sample(&without_workers(&bench, Some(fault.clone())));
    assert_eq!(decision.action, Action::Blocked);
    assert_eq!(decision.reason, Reason::PoolUnreachable(fault));

    let mut sample = without_workers(&bench, None);
    let fault = QueueFault::Unreachable {
        at: "localhost:6379".into(),
        why: "refused".into(),
    };
    sample.queue = Some(Err(fault.clone()));
    let decision = bench.check_sample(&sample);
    assert_eq!(decision.reason, Reason::QueueUnreadable(fault));

    for starting in [None, Some(PoolFault::NobodyListens)] {
        let decision = bench.check_sample(&without_workers(&bench, starting));
        assert_eq!(
            (decision.action, decision.reason),
            (Action::Hold, Reason::Booting)
        );
    }
}
