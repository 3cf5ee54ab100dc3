use super::*;
use crate::decide::tests::bench::{self, Bench, backdipro};
use crate::decide::{Case, Occasion};
use crate::model::{CpuBasis, Decision, Policy, RequestFault};

/// A project of 1 to 6 workers with the promise that stands by itself.
fn promised(workers: u32) -> Bench {
    let mut bench = Bench::new(backdipro(CpuBasis::Host), workers);
    bench.project.cpu = None;
    bench.project.policy = Policy::Target(Promise::default());
    bench.host.busy_percent = Some(30.0);
    look(&mut bench);
    bench
}

/// A second in which `begun` requests began that take 200 ms each, and `waiting` wait at its end.
fn second(bench: &Bench, begun: u64, waiting: usize) -> Pulse {
    let served = Duration::from_millis(200) * u32::try_from(begun).unwrap();
    let busy = served.as_secs_f64().min(f64::from(bench.count()));
    Pulse {
        host_busy_percent: bench.host.busy_percent,
        ..bench::second(begun, busy, waiting)
    }
}

/// The look at the whole project that a pulse has asked for; its step is done at once.
fn look(bench: &mut Bench) -> Decision {
    let sample = Ok(bench.sample(None));
    let case = Case {
        occasion: Occasion::Between,
        ..Case::new(&bench.project, &bench.host, &sample)
    };
    let decision = case.decide(&mut bench.state);
    if let Some(to) = decision.action.to() {
        bench.set_workers(to);
        bench.state.step_left(&bench.workers);
    }
    decision
}

/// So many such seconds; the decision of each look that they asked for.
fn seconds(bench: &mut Bench, count: u32, seen: impl Fn(&Bench) -> Pulse) -> Vec<Decision> {
    let mut decisions = Vec::new();
    for _ in 0..count {
        let pulse = seen(bench);
        let project = bench.project.clone();
        bench.state.pulse(&project, &pulse, None);
        if bench.state.wants_a_look() {
            decisions.push(look(bench));
        }
    }
    decisions
}

#[test]
fn a_minimum_that_a_schedule_brings_is_there_at_the_next_second_and_none_is_taken_at_its_end() {
    let mut bench = promised(1);
    let office = crate::model::Schedule {
        cron: crate::model::Cron::parse("0 8 * * *").unwrap(),
        until: "18:00".parse().unwrap(),
        min: Some(4),
        max: None,
        zone: crate::model::Zone::of_host(jiff::tz::TimeZone::UTC),
    };
    bench.project.schedules = crate::model::Schedules::new(bench.project.bounds, vec![office]);
    let at = |bench: &mut Bench, time: &str| {
        bench
            .project
            .follow(format!("2026-12-01T{time}Z").parse().unwrap());
    };
    at(&mut bench, "07:59:59");
    let before = seconds(&mut bench, 60, |bench| second(bench, 0, 0));
    assert!(
        before.iter().all(|decision| decision.action == Action::Hold),
        "{before:?}"
    );
    at(&mut bench, "08:00:00");
    let decisions = seconds(&mut bench, 1, |bench| second(bench, 0, 0));
    let [decision] = decisions.as_slice() else {
        panic!("{decisions:?}");
    };
    assert_eq!(decision.action, Action::ScaleUp { from: 1, to: 4 });
    assert_eq!(decision.reason.code(), "outside_schedule");
    seconds(&mut bench, 600, |bench| second(bench, 0, 0));
    assert_eq!(bench.count(), 4);
    at(&mut bench, "18:00:00");
    let after = seconds(&mut bench, 1, |bench| second(bench, 10, 0));
    assert!(
        after
            .iter()
            .all(|decision| decision.reason.code() != "outside_bounds"),
        "{after:?}"
    );
}

#[test]
fn before_anything_is_seen_nothing_is_done() {
    let mut bench = promised(2);
    assert_eq!(look(&mut bench).reason, Reason::NoFiguresYet);
}

#[test]
fn requests_that_wait_bring_several_workers_in_one_step() {
    let mut bench = promised(1);
    bench.project.bounds.max = 20;
    seconds(&mut bench, 60, |bench| second(bench, 1, 0));
    let before = bench.count();
    let decisions = seconds(&mut bench, 1, |bench| second(bench, 15, 60));
    let first = decisions.first().expect("it wants more");
    let several = matches!(first.action, Action::ScaleUp { to, .. } if to >= before + 2);
    assert!(several, "{first:?} from {before}");
    let Reason::Demand(demand) = &first.reason else {
        panic!("{first:?}");
    };
    assert_eq!((demand.by, demand.waiting), (Basis::Requests, 60));
}

#[test]
fn a_check_that_finds_nothing_to_do_does_not_put_the_next_step_off() {
    let mut bench = promised(2);
    bench.project.bounds.max = 20;
    seconds(&mut bench, 600, |bench| second(bench, 3, 0));
    for _ in 0..5 {
        assert_eq!(look(&mut bench).action, Action::Hold);
    }
    let decisions = seconds(&mut bench, 1, |bench| second(bench, 15, 60));
    assert_eq!(decisions.len(), 1, "within a second of the check");
}

#[test]
fn a_calm_project_is_looked_at_by_its_counters_alone_and_told_to_keep_its_promise() {
    let mut bench = promised(2);
    let steps = seconds(&mut bench, 600, |bench| second(bench, 3, 0));
    assert!(steps.len() <= 2, "{steps:?}");
    let told = look(&mut bench);
    assert_eq!(told.action, Action::Hold);
    assert!(matches!(told.reason, Reason::DemandMet(_)), "{told:?}");
}

#[test]
fn calm_takes_workers_away_and_never_below_the_minimum() {
    let mut bench = promised(5);
    bench.project.bounds.min = 2;
    let steps = seconds(&mut bench, 1200, |bench| second(bench, 1, 0));
    assert!(
        steps
            .iter()
            .all(|step| matches!(step.action, Action::ScaleDown { .. }))
    );
    assert_eq!(bench.count(), 2);
}

#[test]
fn where_busy_workers_wait_for_a_cpu_no_more_are_added() {
    let mut bench = promised(2);
    bench.host.busy_percent = Some(99.0);
    let full = |bench: &Bench| Pulse {
        on_cpu: Duration::from_secs(1),
        cpu_wait: Duration::from_millis(900),
        ..second(bench, 12, 9)
    };
    let decisions = seconds(&mut bench, 60, full);
    assert_eq!(bench.count(), 2, "{decisions:?}");
    let told = decisions.last().unwrap();
    assert_eq!(told.action, Action::Blocked);
    assert!(matches!(told.reason, Reason::HostSaturated { .. }), "{told:?}");
    // Something that stays in the way is not looked into every second.
    assert!(decisions.len() < 10, "{}", decisions.len());
    bench.project.scale_up_on_saturated_host = true;
    seconds(&mut bench, 90, full);
    assert!(bench.count() > 2);
}

#[test]
fn a_full_host_does_not_stop_workers_that_wait_for_a_database() {
    let mut bench = promised(2);
    bench.host.busy_percent = Some(99.0);
    seconds(&mut bench, 30, |bench| Pulse {
        on_cpu: Duration::from_millis(100),
        cpu_wait: Duration::from_millis(80),
        ..second(bench, 12, 9)
    });
    assert!(bench.count() > 2);
}

#[test]
fn requests_that_can_no_longer_be_seen_are_told_by_the_cpu_and_take_nothing_away() {
    let mut bench = promised(3);
    seconds(&mut bench, 300, |bench| second(bench, 10, 0));
    let before = bench.count();
    let unseen = |load: f64| {
        move |bench: &Bench| Pulse {
            on_cpu: Duration::from_secs_f64(load / 10.0),
            requests: Err(RequestFault::NotSeen),
            ..second(bench, 0, 0)
        }
    };
    seconds(&mut bench, 900, unseen(0.1));
    assert_eq!(bench.count(), before, "never down");
    bench.project.bounds.max = 12;
    seconds(&mut bench, 60, unseen(3.5));
    let told = look(&mut bench);
    assert!(bench.count() > before, "{told:?}");
    let (Reason::Demand(demand) | Reason::DemandMet(demand) | Reason::DemandPending(demand)) = told.reason
    else {
        panic!("{told:?}");
    };
    assert_eq!(demand.by, Basis::LearnedCpu);
}

#[test]
fn where_tasks_wait_for_memory_none_is_added() {
    let mut bench = promised(2);
    let decisions = seconds(&mut bench, 60, |bench| Pulse {
        memory_pressure_percent: Some(14.0),
        ..second(bench, 12, 9)
    });
    assert_eq!(bench.count(), 2);
    let told = &decisions.last().unwrap().reason;
    assert!(matches!(told, Reason::MemoryPressure { .. }), "{told:?}");
}

#[test]
fn an_event_loop_goes_by_its_cpu() {
    let mut bench = promised(1);
    seconds(&mut bench, 120, |bench| Pulse {
        on_cpu: Duration::from_millis(970),
        concurrency: Concurrency::EventLoop,
        ..second(bench, 3, 0)
    });
    assert!(bench.count() > 1);
}

#[test]
fn a_worker_that_does_not_come_to_serve_is_not_asked_for_again_and_again() {
    let mut bench = promised(1);
    seconds(&mut bench, 60, |bench| second(bench, 2, 0));
    let before = bench.count();
    bench.state.boot_failed(false);
    let decisions = seconds(&mut bench, 300, |bench| second(bench, 5, 12));
    assert!(
        decisions
            .iter()
            .all(|decision| decision.reason == Reason::BootFailed),
        "{decisions:?}"
    );
    assert_eq!(bench.count(), before);
    assert!(decisions.len() < 12, "{}", decisions.len());
}

#[test]
fn a_slow_database_ends_in_its_own_word_and_not_at_the_maximum() {
    let mut bench = promised(2);
    bench.project.bounds.max = 12;
    seconds(&mut bench, 300, |bench| second(bench, 6, 0));
    // Whatever the workers, it answers six a second; all workers wait for it.
    let slow = |bench: &Bench| {
        let mut pulse = second(bench, 6, 8);
        let busy = f64::from(bench.count());
        pulse.requests.as_mut().unwrap().busy = busy;
        pulse
    };
    let mut counts = Vec::new();
    for _ in 0..600 {
        seconds(&mut bench, 1, slow);
        counts.push(bench.count());
    }
    let told = look(&mut bench);
    assert!(matches!(told.reason, Reason::SlowerNotBusier { .. }), "{told:?}");
    let at_most = counts.iter().skip(200).max().unwrap();
    assert!(*at_most <= 8, "{counts:?}");
}

#[test]
fn the_time_a_worker_takes_to_boot_is_learned_and_a_slow_one_is_not_forgotten_at_once() {
    let mut target = Target::default();
    target.booted(Duration::from_secs(3));
    assert_eq!(target.boot, Some(3.0));
    target.booted(Duration::from_secs(20));
    assert_eq!(target.boot, Some(20.0));
    target.booted(Duration::from_secs(10));
    assert_eq!(target.boot, Some(18.0));
}
