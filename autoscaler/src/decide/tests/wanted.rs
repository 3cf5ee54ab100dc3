//! What the load asks for, beyond the bounds and within them.

use crate::decide::outlook;
use crate::decide::tests::bench::{Bench, backdipro, celery, queue_sample, second};
use crate::model::{Action, Bounds, CpuBasis, Policy, ProjectSample, Promise, QueueSizing, Reason};

fn bench(workers: u32) -> Bench {
    Bench::new(backdipro(CpuBasis::Workers), workers)
}

fn wanted(bench: &Bench, sample: &ProjectSample) -> Option<u32> {
    outlook(&bench.project, &bench.host, sample, &bench.state).wanted
}

#[test]
fn within_the_bounds_it_is_where_the_ladder_leads() {
    for (workers, cpus, count) in [
        (3, 1.8, 3),
        (1, 0.9, 2),
        // 2.9 of 3 CPUs: of 4 they are 73 %, under the 85 % of the fifth.
        (3, 2.9, 4),
        (6, 0.6, 1),
        // 20 % lead as far down as two can bear.
        (6, 1.2, 2),
    ] {
        let bench = bench(workers);
        assert_eq!(
            wanted(&bench, &bench.sample(Some(cpus))),
            Some(count),
            "{cpus} CPUs, {workers} workers"
        );
    }
}

#[test]
fn beyond_the_maximum_it_goes_on_and_counts_who_waits_for_a_cpu() {
    let mut bench = bench(6);
    bench.host.cpus = 2;
    let mut sample = bench.sample(Some(2.0));
    let cpu = sample.cpu.as_mut().unwrap();
    cpu.wait = Some(bench.interval.mul_f64(5.2));
    // 7.2 workers have something to do, and each may be busy for 90 %.
    assert_eq!(wanted(&bench, &sample), Some(8));
    assert_eq!(wanted(&bench, &bench.sample(None)), None, "nothing tells");
}

#[test]
fn it_is_never_less_than_a_step_up_leads_to() {
    for sparse in [false, true] {
        for workers in 1..6 {
            for percent in 1..=100 {
                let mut bench = bench(workers);
                if sparse {
                    let ladder = bench.project.cpu.as_mut().unwrap();
                    ladder.up = [(3, 60.0), (6, 80.0)].into();
                }
                let load = f64::from(percent) / 100.0 * f64::from(workers);
                let asked = wanted(&bench, &bench.sample(Some(load))).unwrap();
                let reached = (0..3).find_map(|_| match bench.check_load(load).action {
                    Action::ScaleUp { to, .. } => Some(to),
                    _ => None,
                });
                let reached = reached.unwrap_or(workers);
                assert!(
                    asked >= reached && (asked > workers) == (reached > workers) || asked < workers,
                    "{workers} workers at {percent} %: {asked}, a step to {reached}"
                );
            }
        }
    }
}

#[test]
fn a_queue_asks_for_what_its_rungs_say_and_in_proportion_beyond_them() {
    let mut bench = celery(4);
    for (waiting, count) in [(0, 2), (7, 4), (25, 6), (51, 12), (100, 24)] {
        assert_eq!(
            wanted(&bench, &queue_sample(&bench, waiting, None)),
            Some(count),
            "{waiting}"
        );
    }
    let rule = bench.project.queue.as_mut().unwrap();
    let hold = std::time::Duration::from_mins(2);
    rule.sizing = QueueSizing::tasks_per_worker(10, Bounds { min: 2, max: 12 }, hold, hold);
    for (waiting, count) in [(0, 2), (35, 4), (1005, 101)] {
        assert_eq!(
            wanted(&bench, &queue_sample(&bench, waiting, None)),
            Some(count),
            "{waiting}"
        );
    }
}

#[test]
fn running_tasks_count_where_they_are_to() {
    let mut bench = celery(4);
    let rule = bench.project.queue.as_mut().unwrap();
    let hold = std::time::Duration::from_mins(2);
    rule.sizing = QueueSizing::tasks_per_worker(2, Bounds { min: 2, max: 12 }, hold, hold);
    rule.count_running = true;
    assert_eq!(
        wanted(&bench, &queue_sample(&bench, 7, Some(4))),
        Some(6),
        "eleven tasks"
    );
    let decision = (0..3)
        .map(|_| bench.check_sample(&queue_sample(&bench, 7, Some(4))))
        .find(|decision| decision.action.to().is_some());
    let decision = decision.unwrap();
    assert_eq!(decision.action, Action::ScaleUp { from: 4, to: 6 });
    assert!(
        matches!(
            decision.reason,
            Reason::AboveRung {
                value: Some(11.0),
                ..
            }
        ),
        "{decision:?}"
    );
    // Nobody tells what runs: none is taken away for a queue that is empty.
    for _ in 0..20 {
        let action = bench.check_sample(&queue_sample(&bench, 0, None)).action;
        assert!(action.to().is_none(), "{action:?}");
    }
}

#[test]
fn a_promise_asks_for_more_than_it_may_have() {
    let mut bench = bench(2);
    bench.project.cpu = None;
    bench.project.policy = Policy::Target(Promise::default());
    bench.project.bounds = Bounds { min: 1, max: 2 };
    bench.state.found(&bench.sample(None));
    // Eight workers' worth of requests.
    for _ in 0..300 {
        let project = bench.project.clone();
        bench.state.pulse(&project, &second(80, 8.0, 0), None);
    }
    let asked = wanted(&bench, &bench.sample(Some(0.5))).unwrap();
    assert!((9..=20).contains(&asked), "{asked}");
}
