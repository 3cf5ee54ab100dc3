//! A schedule changes the bounds: the count follows by the rules that there are.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::decide::tests::bench::{Bench, backdipro};
use crate::model::{Action, Asked, Bounds, CpuBasis, Cron, Reason, Schedule, Schedules, Zone};

/// Working hours with these bounds (0: the project's own), of a project with `workers` workers.
fn scheduled(workers: u32, min: u32, max: u32) -> Bench {
    let mut project = backdipro(CpuBasis::Workers);
    let office = Schedule {
        cron: Cron::parse("0 8 * * 1-5").unwrap(),
        until: "18:00".parse().unwrap(),
        min: (min > 0).then_some(min),
        max: (max > 0).then_some(max),
        zone: Zone::of_host(TimeZone::UTC),
    };
    project.schedules = Schedules::new(project.bounds, vec![office]);
    Bench::new(project, workers)
}

fn at(bench: &mut Bench, time: &str) {
    // A Tuesday.
    let now: Timestamp = format!("2026-12-01T{time}:00Z").parse().unwrap();
    bench.project.follow(now);
}

fn asked() -> Asked {
    Asked {
        cron: "0 8 * * 1-5".into(),
        until: "18:00".into(),
    }
}

#[test]
fn a_project_below_a_minimum_that_begins_is_brought_up_and_told_why() {
    let mut bench = scheduled(1, 4, 0);
    at(&mut bench, "07:59");
    assert_eq!(bench.check(50.0).action, Action::Hold);
    at(&mut bench, "08:00");
    let decision = bench.check(50.0);
    assert_eq!(decision.action, Action::ScaleUp { from: 1, to: 4 });
    let reason = Reason::OutsideSchedule {
        bound: 4,
        below: true,
        schedule: asked(),
    };
    assert_eq!(decision.reason, reason);
}

#[test]
fn a_minimum_that_has_ended_takes_no_worker_away_by_itself() {
    let mut bench = scheduled(4, 4, 0);
    at(&mut bench, "17:59");
    // Idle as it is, it stays at the minimum.
    for _ in 0..20 {
        assert_eq!(bench.check(1.0).action, Action::Hold);
    }
    at(&mut bench, "18:00");
    assert_eq!(bench.project.bounds, Bounds { min: 1, max: 6 });
    // Between the thresholds nothing happens; under them, what the rungs say.
    for _ in 0..20 {
        assert_eq!(bench.check(60.0).action, Action::Hold);
    }
    let steps: Vec<_> = (0..9).map(|_| bench.check(1.0)).collect();
    let step = steps.iter().find(|step| step.action != Action::Hold).unwrap();
    assert_eq!(step.action, Action::ScaleDown { from: 4, to: 1 });
    assert!(
        matches!(step.reason, Reason::BelowRung { rung: 1, .. }),
        "{step:?}"
    );
}

#[test]
fn a_rung_below_the_minimum_of_a_schedule_leads_to_the_minimum_and_no_lower() {
    let mut bench = scheduled(6, 4, 0);
    at(&mut bench, "09:00");
    let steps: Vec<_> = (0..30).map(|_| bench.check(1.0).action).collect();
    let steps: Vec<_> = steps
        .into_iter()
        .filter(|action| *action != Action::Hold)
        .collect();
    assert_eq!(steps, [Action::ScaleDown { from: 6, to: 4 }]);
}

#[test]
fn a_maximum_that_falls_brings_the_count_down_and_holds_the_load_back() {
    let mut bench = scheduled(5, 0, 2);
    at(&mut bench, "08:00");
    let decision = bench.check(50.0);
    assert_eq!(decision.action, Action::ScaleDown { from: 5, to: 2 });
    let reason = Reason::OutsideSchedule {
        bound: 2,
        below: false,
        schedule: asked(),
    };
    assert_eq!(decision.reason, reason);
    let blocked = (0..5).map(|_| bench.check(95.0)).last().unwrap();
    assert_eq!(
        (blocked.action, blocked.reason),
        (
            Action::Blocked,
            Reason::AtMaximum {
                max: 2,
                schedule: Some(asked())
            }
        )
    );
    at(&mut bench, "18:00");
    bench.interval = Duration::from_mins(4);
    let decision = bench.check(95.0);
    assert_eq!(decision.action, Action::ScaleUp { from: 2, to: 3 });
}

#[test]
fn a_maximum_of_its_own_is_outside_without_a_schedule() {
    let mut bench = scheduled(9, 4, 0);
    at(&mut bench, "09:00");
    assert_eq!(bench.check(50.0).reason, Reason::OutsideBounds);
}
