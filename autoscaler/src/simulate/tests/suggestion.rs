//! The search: what it finds keeps to its limit, and loads.

use std::time::Duration;

use super::{AMPLE, backdipro, compare, run};
use crate::config::parse;
use crate::model::{Project, Promise};
use crate::simulate::seconds::{Rate, Setting, Traffic};
use crate::simulate::{Demand, Scale, Suggestion, Trace, suggest};

/// Two waves of two hours and a half, from half a busy worker to three and a half: the search replays hundreds of candidates over
/// the first.
fn waves() -> (Demand, Rate) {
    let five_minutes = (0_u32..60).map(|at| {
        let turns = f64::from(at) / 30.0;
        (
            f64::from(at) * 300.0,
            2.0 - 1.5 * (turns * std::f64::consts::TAU).cos(),
        )
    });
    let (trace, scale) = (Trace::new(five_minutes).unwrap(), Scale::BusyWorkers);
    let all = f64::NEG_INFINITY..f64::INFINITY;
    let demand = Demand::new(&trace, scale, Duration::from_mins(2), all.clone()).unwrap();
    (demand, Rate::new(&trace, scale, None, all).unwrap())
}

/// Requests so long that there are few of them.
fn setting() -> Setting {
    Setting {
        traffic: Traffic {
            service: Duration::from_secs(1),
            variation: 1.0,
            burst: 0.0,
            cpu_share: 1.0,
        },
        boot: Duration::from_secs(4),
        promise: Promise {
            wait: Duration::from_secs(1),
            percent: 1.0,
        },
        check_interval: Duration::from_mins(2),
        seed: 1,
    }
}

fn suggested(project: &Project, max_late: f64) -> Suggestion {
    let (demand, rate) = waves();
    suggest(&demand, &rate, project, AMPLE, &setting(), max_late).unwrap()
}

#[test]
fn it_keeps_to_the_limit_on_both_halves_costs_less_than_the_most_and_can_be_pasted() {
    let ((demand, _), project) = (waves(), backdipro());
    let most = run(&compare(&demand, &project, AMPLE, false), "fixed_max").score;
    let found = suggested(&project, 10.0);
    assert!(found.within_limit, "{found:?}");
    assert!(found.late_percent.iter().all(|late| *late <= 10.0), "{found:?}");
    assert!(
        found.score.worker_hours < 0.8 * most.worker_hours,
        "{found:?} {most:?}"
    );

    let ladder = found.project.cpu.as_ref().unwrap();
    assert!(
        ladder.up.values().all(|percent| *percent < 100.0),
        "nothing is over 100 %: {ladder:?}"
    );
    let text = format!(
        "{{ \"backdipro\": {{ \"enabled\": true, \"max_workers\": 6, {} }} }}",
        found.config_lines
    );
    let pasted = parse("pasted", &text)
        .unwrap()
        .config
        .projects
        .remove("backdipro")
        .unwrap();
    assert_eq!(pasted.cpu, found.project.cpu);
    assert_eq!(
        run(&compare(&demand, &pasted, AMPLE, false), "autoscaler").score,
        found.score
    );
    assert_eq!(suggested(&project, 10.0), found, "the same again");
}

#[test]
fn a_tighter_limit_costs_no_fewer_hours() {
    let hours = |limit| suggested(&backdipro(), limit).score.worker_hours;
    assert!(hours(20.0) <= hours(2.0));
}

#[test]
fn a_limit_below_what_the_maximum_leaves_is_said_to_be_out_of_reach() {
    let mut project = backdipro();
    project.bounds.max = 3;
    let ladder = project.cpu.as_mut().unwrap();
    ladder.up.retain(|n, _| *n <= 3);
    let found = suggested(&project, 0.0);
    assert!(!found.within_limit && found.least_possible_unmet_percent > 0.0);
    assert!(found.least_possible_late_percent > 0.0);
    assert!(found.score.unmet_percent >= found.least_possible_unmet_percent);
}
