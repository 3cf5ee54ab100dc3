//! One test a rule of the policy.

use std::time::Duration;

use crate::decide::tests::bench::{Bench, backdipro, celery, queue_sample, with_queue};
use crate::model::{
    Action, Bounds, CpuBasis, Measure, PoolFault, QueueFault, QueueSample, QueueSizing, Reason, Uncounted,
    Unobservable,
};

fn bench(workers: u32) -> Bench {
    Bench::new(backdipro(CpuBasis::Workers), workers)
}

#[test]
fn a_disabled_project_is_blocked_whatever_its_load() {
    let mut bench = bench(1);
    bench.project.enabled = false;
    for _ in 0..10 {
        let decision = bench.check(100.0);
        assert_eq!(
            (decision.action, decision.reason),
            (Action::Blocked, Reason::Disabled)
        );
    }
}

#[test]
fn an_unobservable_project_is_blocked_and_its_held_times_end() {
    let mut bench = bench(1);
    bench.check(100.0);
    let gone = Unobservable::UnitNotFound {
        unit: "backdipro.service".into(),
    };
    let decision = bench.under(None, &Err(gone.clone()));
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Blocked, Reason::Unobservable(gone))
    );
    assert_eq!(
        bench.check(100.0).action,
        Action::Hold,
        "the time held before does not count"
    );
    assert_eq!(bench.check(100.0).action, Action::ScaleUp { from: 1, to: 2 });
}

#[test]
fn what_was_held_survives_an_upgrade_from_a_daemon_that_did_not_note_the_count() {
    let mut bench = bench(1);
    assert_eq!(bench.check(100.0).action, Action::Hold);
    let mut noted = serde_json::to_value(&bench.state).unwrap();
    let seen = noted["seen"].as_object_mut().unwrap();
    assert!(seen.remove("counted").is_some());
    bench.state = serde_json::from_value(noted).unwrap();
    assert_eq!(bench.check(100.0).action, Action::ScaleUp { from: 1, to: 2 });
}

#[test]
fn a_break_starts_the_held_time_afresh() {
    let mut bench = bench(1);
    for _ in 0..5 {
        assert_eq!(bench.check(100.0).action, Action::Hold);
        assert_eq!(bench.check(60.0).action, Action::Hold);
    }
}

#[test]
fn a_hold_names_the_rung_it_waits_for() {
    let mut bench = bench(1);
    assert_eq!(
        bench.check(70.0).reason,
        Reason::NotHeldYet {
            measure: Measure::Cpu,
            rung: 2,
            threshold: 65.0,
            held: Duration::from_mins(2),
            needed: Duration::from_mins(3),
            up: true
        }
    );
    assert_eq!(bench.check(50.0).reason, Reason::WithinThresholds);
}

#[test]
fn a_long_interval_counts_whole() {
    let mut bench = bench(1);
    bench.interval = Duration::from_mins(10);
    assert_eq!(bench.check(70.0).action, Action::ScaleUp { from: 1, to: 2 });
}

#[test]
fn the_boot_of_a_new_worker_is_no_load() {
    let mut bench = bench(1);
    bench.interval = Duration::from_mins(10);
    bench.check(100.0);
    let decision = bench.check(100.0);
    assert_eq!(decision.action, Action::Hold);
    assert_eq!(bench.check(100.0).action, Action::ScaleUp { from: 2, to: 3 });
}

#[test]
fn rungs_with_gaps_are_climbed_to_the_lowest_above() {
    let mut bench = bench(3);
    bench.interval = Duration::from_mins(3);
    let ladder = bench.project.cpu.as_mut().unwrap();
    ladder.up.remove(&4);
    assert_eq!(bench.check(86.0).action, Action::ScaleUp { from: 3, to: 5 });
}

#[test]
fn at_the_maximum_more_load_is_blocked_with_that_reason() {
    let mut bench = bench(6);
    assert_eq!(bench.check(95.0).action, Action::Hold);
    let decision = bench.check(95.0);
    assert_eq!(
        (decision.action, decision.reason),
        (
            Action::Blocked,
            Reason::AtMaximum {
                max: 6,
                schedule: None
            }
        )
    );
}

#[test]
fn at_the_minimum_no_load_is_a_quiet_hold() {
    let mut bench = bench(1);
    for _ in 0..20 {
        let decision = bench.check(0.0);
        assert_eq!(
            (decision.action, decision.reason),
            (Action::Hold, Reason::WithinThresholds)
        );
    }
}

#[test]
fn counts_outside_the_bounds_are_brought_back_at_once() {
    let mut over = bench(9);
    let decision = over.check(50.0);
    assert_eq!(
        (decision.action, decision.reason),
        (Action::ScaleDown { from: 9, to: 6 }, Reason::OutsideBounds)
    );
    let mut under = bench(1);
    under.project.bounds = Bounds { min: 2, max: 6 };
    let decision = under.check(0.0);
    assert_eq!(
        (decision.action, decision.reason),
        (Action::ScaleUp { from: 1, to: 2 }, Reason::OutsideBounds)
    );
}

#[test]
fn a_master_without_workers_is_left_to_fork_its_own() {
    let mut bench = bench(0);
    let decision = bench.check(0.0);
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Hold, Reason::Booting)
    );
}

#[test]
fn a_worker_added_by_hand_starts_the_held_times_afresh() {
    let mut bench = bench(2);
    for _ in 0..7 {
        assert_eq!(bench.check(10.0).action, Action::Hold);
    }
    bench.set_workers(3);
    for _ in 0..7 {
        assert_eq!(
            bench.check(10.0).action,
            Action::Hold,
            "the new count has its own fifteen minutes"
        );
    }
    assert_eq!(bench.check(10.0).action, Action::ScaleDown { from: 3, to: 1 });
}

#[test]
fn a_step_down_that_would_be_taken_back_goes_less_far() {
    // 6 workers at 30 % keep 1.8 CPUs busy: 180 % of one worker, 90 % of two, 60 % of three.
    let mut bench = bench(6);
    bench.interval = Duration::from_mins(15);
    assert_eq!(bench.check(30.0).action, Action::ScaleDown { from: 6, to: 3 });
}

#[test]
fn a_step_down_that_no_count_allows_is_held_and_says_so() {
    let mut bench = bench(2);
    bench.interval = Duration::from_mins(15);
    // 2 workers at 34 % are 68 % of one; the rung above one is 65.
    let decision = bench.check(34.0);
    assert_eq!(decision.action, Action::Hold);
    let Reason::WouldFlap {
        measure: Measure::Cpu,
        to,
        projected,
        threshold,
    } = decision.reason
    else {
        panic!("{decision:?}")
    };
    assert_eq!((to, threshold), (1, 65.0));
    assert!((projected - 68.0).abs() < 1e-6, "{projected}");
}

#[test]
fn the_highest_load_while_it_held_decides_how_far_down() {
    let mut bench = bench(6);
    for _ in 0..7 {
        assert_eq!(bench.check(30.0).action, Action::Hold);
    }
    // The last minutes are calm; the minutes before count all the same.
    assert_eq!(bench.check(1.0).action, Action::ScaleDown { from: 6, to: 3 });
}

#[test]
fn a_load_of_long_ago_does_not_hold_a_worker_for_ever() {
    let mut bench = bench(2);
    // The last of the load: just under the rung, and too much for one worker.
    assert_eq!(bench.check(34.0).action, Action::Hold);
    for _ in 0..6 {
        assert_eq!(bench.check(1.0).action, Action::Hold);
    }
    assert!(matches!(bench.check(1.0).reason, Reason::WouldFlap { .. }));
    assert_eq!(
        bench.check(1.0).action,
        Action::ScaleDown { from: 2, to: 1 },
        "fifteen minutes have passed since then"
    );
}

#[test]
fn workers_over_the_cpus_cost_nothing_to_take_away() {
    let mut bench = bench(6);
    bench.host.cpus = 2;
    bench.interval = Duration::from_mins(15);
    // 34 % of two CPUs are 68 % of one worker: one is too few, two show the same 34 %.
    assert_eq!(bench.check(34.0).action, Action::ScaleDown { from: 6, to: 2 });
}

#[test]
fn a_reload_under_load_is_made_good_step_by_step() {
    let mut bench = bench(4);
    bench.check(70.0);
    bench.reload(1);
    assert_eq!(bench.check(100.0).action, Action::Hold, "the new worker boots");
    assert_eq!(bench.state.count_to_restore(), Some(4));
    for to in 2..=4 {
        let decision = bench.check(100.0);
        assert_eq!(decision.action, Action::ScaleUp { from: to - 1, to });
        assert_eq!(decision.reason, Reason::Restore { held_before: 4 });
        assert_eq!(bench.check(100.0).action, Action::Hold, "and the next one boots");
    }
    assert_eq!(bench.state.count_to_restore(), None);
}

#[test]
fn a_reload_without_load_is_left_as_it_is() {
    let mut bench = bench(4);
    bench.check(70.0);
    bench.reload(1);
    bench.check(100.0);
    assert_eq!(bench.check(20.0).action, Action::Hold);
    assert_eq!(bench.state.count_to_restore(), None);
    assert_eq!(
        bench.check(100.0).action,
        Action::Hold,
        "from here on the usual held time"
    );
}

#[test]
fn a_restart_is_noticed_by_its_master() {
    let mut bench = bench(3);
    bench.check(60.0);
    bench.master.start_ticks += 1;
    bench.reload(1);
    bench.check(100.0);
    assert_eq!(bench.state.count_to_restore(), Some(3));
}

#[test]
fn workers_that_recycle_themselves_are_no_reload() {
    let mut bench = bench(1);
    for _ in 0..2 {
        bench.reload(1);
        assert_eq!(bench.state.count_to_restore(), None);
        bench.check(100.0);
    }
    assert_eq!(
        bench.count(),
        2,
        "max_requests does not keep a project from growing"
    );
}

#[test]
fn tasks_per_worker_leads_straight_to_the_count() {
    let mut bench = celery(2);
    let (up_hold, down_hold) = (Duration::from_mins(2), Duration::from_mins(10));
    let sizing = QueueSizing::tasks_per_worker(25, bench.project.bounds, up_hold, down_hold);
    bench.project.queue.as_mut().unwrap().sizing = sizing;
    let to = |decision: crate::model::Decision| decision.action;
    assert_eq!(
        to(with_queue(&mut bench, 50, None)),
        Action::Hold,
        "two workers for fifty"
    );
    assert_eq!(
        to(with_queue(&mut bench, 176, None)),
        Action::ScaleUp { from: 2, to: 8 }
    );
    assert_eq!(
        to(with_queue(&mut bench, 5000, None)),
        Action::ScaleUp { from: 8, to: 12 }
    );
    assert_eq!(to(with_queue(&mut bench, 301, None)), Action::Blocked);
    bench.interval = Duration::from_mins(10);
    assert_eq!(
        to(with_queue(&mut bench, 300, Some(3))),
        Action::Hold,
        "twelve workers for three hundred"
    );
    assert_eq!(
        to(with_queue(&mut bench, 75, Some(3))),
        Action::ScaleDown { from: 12, to: 3 }
    );
    assert_eq!(
        to(with_queue(&mut bench, 0, Some(3))),
        Action::Hold,
        "no process is idle"
    );
    assert_eq!(
        to(with_queue(&mut bench, 0, Some(2))),
        Action::ScaleDown { from: 3, to: 2 }
    );
}

#[test]
fn a_pool_that_cannot_be_commanded_blocks_and_says_why() {
    let mut bench = celery(2);
    let mut sample = bench.sample(Some(0.1));
    sample.queue = Some(Ok(QueueSample {
        covered: bench.interval,
        waiting: 500,
        reserved: None,
        ahead: 0,
        active: None,
        unacknowledged: None,
        unacknowledged_fault: None,
        oldest_waiting: None,
        pool_fault: Some(PoolFault::NobodyListens),
        node: None,
        uncounted: Vec::new(),
    }));
    let decision = bench.check_sample(&sample);
    assert_eq!(decision.figures.queue, Some(500));
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Blocked, Reason::PoolUnreachable(PoolFault::NobodyListens))
    );
}

#[test]
fn a_queue_climbs_its_rungs_one_at_a_time() {
    let mut bench = celery(2);
    assert_eq!(
        with_queue(&mut bench, 500, None).action,
        Action::ScaleUp { from: 2, to: 4 }
    );
    assert_eq!(
        with_queue(&mut bench, 500, None).action,
        Action::ScaleUp { from: 4, to: 6 }
    );
}

#[test]
fn a_busy_pool_is_not_taken_from() {
    let mut bench = celery(6);
    bench.interval = Duration::from_mins(10);
    let decision = with_queue(&mut bench, 0, Some(6));
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Hold, Reason::PoolBusy)
    );
    assert_eq!(
        with_queue(&mut bench, 0, Some(1)).action,
        Action::ScaleDown { from: 6, to: 2 }
    );
}

#[test]
fn a_broker_that_is_away_blocks_and_says_why() {
    let mut bench = celery(2);
    let mut sample = bench.sample(Some(0.1));
    sample.queue = Some(Err(unreachable_broker()));
    let decision = bench.check_sample(&sample);
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Blocked, Reason::QueueUnreadable(unreachable_broker()))
    );
}

fn unreachable_broker() -> QueueFault {
    QueueFault::Unreachable {
        at: "localhost:6379".into(),
        why: "connection refused".into(),
    }
}

#[test]
fn beside_a_cpu_ladder_a_missing_queue_forbids_only_the_way_down() {
    let mut bench = celery(4);
    bench.project.cpu = backdipro(CpuBasis::Workers).cpu;
    bench.interval = Duration::from_mins(15);
    let mut idle = bench.sample(Some(0.0));
    idle.queue = Some(Err(unreachable_broker()));
    let decision = bench.check_sample(&idle);
    assert_eq!(
        (decision.action, decision.reason),
        (Action::Blocked, Reason::QueueUnreadable(unreachable_broker())),
        "what stands against the step down is said"
    );
    let mut busy = bench.sample(Some(4.0));
    busy.queue = idle.queue;
    assert_eq!(
        bench.check_sample(&busy).action,
        Action::ScaleUp { from: 4, to: 5 }
    );
}

#[test]
fn what_nobody_saw_of_a_queue_is_not_held() {
    let mut bench = celery(6);
    bench.interval = Duration::from_mins(4);
    for _ in 0..2 {
        assert_eq!(with_queue(&mut bench, 0, Some(0)).action, Action::Hold);
    }
    let mut away = bench.sample(Some(0.1));
    away.queue = Some(Err(unreachable_broker()));
    for _ in 0..30 {
        assert_eq!(bench.check_sample(&away).action, Action::Blocked);
    }
    for _ in 0..2 {
        assert_eq!(
            with_queue(&mut bench, 0, Some(0)).action,
            Action::Hold,
            "ten minutes from here on"
        );
    }
    assert_eq!(
        with_queue(&mut bench, 0, Some(0)).action,
        Action::ScaleDown { from: 6, to: 2 }
    );
}

#[test]
fn while_a_pool_cannot_be_commanded_a_load_that_falls_ends_what_was_held() {
    let mut bench = celery(4);
    bench.project.cpu = backdipro(CpuBasis::Workers).cpu;
    let mute = |bench: &Bench, cpus: f64| {
        let mut sample = queue_sample(bench, 7, None);
        sample.cpu = bench.sample(Some(cpus)).cpu;
        if let Some(Ok(queue)) = &mut sample.queue {
            queue.pool_fault = Some(PoolFault::NobodyListens);
        }
        sample
    };
    let heard = |bench: &Bench, cpus: f64| {
        let mut sample = queue_sample(bench, 7, Some(1));
        sample.cpu = bench.sample(Some(cpus)).cpu;
        sample
    };
    let sample = heard(&bench, 4.0);
    assert_eq!(bench.check_sample(&sample).action, Action::Hold);
    let sample = mute(&bench, 2.4);
    assert_eq!(bench.check_sample(&sample).action, Action::Blocked);
    let sample = heard(&bench, 4.0);
    assert_eq!(
        bench.check_sample(&sample).action,
        Action::Hold,
        "two minutes, not the four of before and after"
    );
    // And one that stays is held, so that the step comes with the pool's first answer.
    let sample = mute(&bench, 4.0);
    assert_eq!(bench.check_sample(&sample).action, Action::Blocked);
    let sample = heard(&bench, 4.0);
    assert_eq!(
        bench.check_sample(&sample).action,
        Action::ScaleUp { from: 4, to: 5 }
    );
}

#[test]
fn after_a_restart_a_calm_queue_does_not_speak_for_a_cpu_that_is_not_known_yet() {
    let mut bench = celery(6);
    bench.project.cpu = backdipro(CpuBasis::Workers).cpu;
    let sample = |bench: &Bench, cpus: f64| {
        let mut sample = queue_sample(bench, 7, Some(1));
        sample.cpu = bench.sample(Some(cpus)).cpu;
        sample
    };
    let loaded = sample(&bench, 4.5);
    bench.check_sample(&loaded);
    bench.master.start_ticks += 1;
    bench.reload(2);
    let booting = sample(&bench, 2.0);
    assert_eq!(bench.check_sample(&booting).action, Action::Hold);
    assert_eq!(bench.state.count_to_restore(), Some(6));
    let loaded = sample(&bench, 2.0);
    assert_eq!(
        bench.check_sample(&loaded).action,
        Action::ScaleUp { from: 2, to: 3 },
        "the load still asks for them"
    );
}

/// A project of one worker that gets half of the CPU it wants.
fn starving(bench: &Bench, throttled: Duration) -> crate::model::ProjectSample {
    let mut sample = bench.sample(Some(0.8));
    let cpu = sample.cpu.as_mut().unwrap();
    cpu.wait = Some(cpu.on_cpu);
    cpu.throttle = Some(crate::model::Throttle {
        periods: 1,
        time: throttled,
    });
    sample
}

#[test]
fn on_a_full_host_another_worker_is_blocked() {
    let mut bench = bench(1);
    bench.host.busy_percent = Some(99.0);
    let sample = starving(&bench, Duration::ZERO);
    assert_eq!(bench.check_sample(&sample).action, Action::Hold);
    let decision = bench.check_sample(&sample);
    assert_eq!(decision.action, Action::Blocked);
    assert_eq!(
        decision.reason,
        Reason::HostSaturated {
            wait_percent: 50.0,
            busy_percent: 99.0
        }
    );
}

#[test]
fn the_operator_may_have_workers_added_on_a_full_host_all_the_same() {
    let mut bench = bench(1);
    bench.project.scale_up_on_saturated_host = true;
    bench.host.busy_percent = Some(99.0);
    let sample = starving(&bench, Duration::ZERO);
    bench.check_sample(&sample);
    assert_eq!(
        bench.check_sample(&sample).action,
        Action::ScaleUp { from: 1, to: 2 }
    );
}

#[test]
fn a_host_that_had_room_for_part_of_the_time_is_not_full() {
    let mut bench = bench(1);
    let sample = starving(&bench, Duration::ZERO);
    bench.host.busy_percent = Some(60.0);
    bench.check_sample(&sample);
    bench.host.busy_percent = Some(99.0);
    assert_eq!(
        bench.check_sample(&sample).action,
        Action::ScaleUp { from: 1, to: 2 }
    );
}

#[test]
fn a_project_held_back_by_its_own_quota_is_blocked_with_that_reason() {
    let mut bench = bench(1);
    bench.host.busy_percent = Some(99.0);
    let sample = starving(&bench, bench.interval / 2);
    bench.check_sample(&sample);
    let decision = bench.check_sample(&sample);
    assert_eq!(decision.action, Action::Blocked);
    assert_eq!(
        decision.reason,
        Reason::Quota {
            throttled_percent: 50.0
        }
    );
}

/// Such as where the worker has fetched more tasks ahead than it can be asked to list.
#[test]
fn a_queue_of_which_only_the_least_is_known_leads_up_and_never_down() {
    let checked = |bench: &mut Bench, waiting| {
        let mut sample = queue_sample(bench, waiting, Some(0));
        if let Some(Ok(queue)) = &mut sample.queue {
            let node = "celery@h".to_owned();
            queue.uncounted = vec![Uncounted::Prefetched { node }];
        }
        bench.check_sample(&sample).action
    };
    let mut bench = celery(4);
    for _ in 0..20 {
        assert_eq!(checked(&mut bench, 0), Action::Hold);
    }
    assert_eq!(checked(&mut bench, 500), Action::ScaleUp { from: 4, to: 6 });
}
