//! Schedules over recordings, with and without a queue.

use std::time::Duration;

use super::{AMPLE, backdipro, compare, run};
use crate::config::parse;
use crate::model::{Language, Project, Promise};
use crate::simulate::seconds::{self, Policy, Rate, Setting, Traffic};
use crate::simulate::{Demand, Scale, Trace, follows_schedules, words};

const ALL: std::ops::Range<f64> = f64::NEG_INFINITY..f64::INFINITY;

/// At least four workers from eight to six, every day.
fn scheduled() -> Project {
    let text = r#"{ "global": { "time_zone": "UTC" }, "projects": { "web": { "enabled": true, "max_workers": 6,
        "cpu_thresholds": { "scale_up_2": 65, "scale_up_3": 75, "scale_down_1": 35, "scale_down_2": 45 },
        "at": [{ "cron": "0 8 * * *", "until": "18:00", "min_workers": 4 }] } } }"#;
    let mut config = parse("config.json", text).unwrap().config;
    config.projects.remove("web").unwrap()
}

/// A day with hardly any load.
fn calm(midnight: u32) -> Trace {
    let hours = (0..=24).map(|hour| (f64::from(midnight + 3600 * hour), 0.1));
    Trace::new(hours).unwrap()
}

/// 1 December 2026, seconds since 1970.
const DAY: u32 = 1_796_083_200;

#[test]
fn the_fluid_model_has_the_workers_of_the_hour() {
    let (trace, project) = (calm(DAY), scheduled());
    let demand = Demand::new(&trace, Scale::BusyWorkers, Duration::from_mins(2), ALL).unwrap();
    let comparison = compare(&demand, &project, AMPLE, true);
    let ours = run(&comparison, "autoscaler");
    let counts: Vec<u32> = ours.checks.iter().map(|check| check.workers).collect();
    let at = |hour: usize, minute: usize| counts[hour * 30 + minute / 2];
    assert_eq!((at(7, 58), at(8, 0), at(17, 58)), (1, 4, 4));
    // The rungs bring it down, when what they ask for has held.
    assert_eq!(at(18, 40), 1);
    let told = words("day.csv", &demand, &project, AMPLE, &comparison, None);
    let line = "schedules are followed, by the daemon's own rules alone: min 4 until 18:00";
    assert!(told.contains(line), "{told}");
    assert!(run(&comparison, "fixed_min").score.worker_hours < ours.score.worker_hours);
}

#[test]
fn a_recording_that_counts_from_its_own_beginning_follows_none_and_says_so() {
    let (trace, project) = (calm(0), scheduled());
    let demand = Demand::new(&trace, Scale::BusyWorkers, Duration::from_mins(2), ALL).unwrap();
    let comparison = compare(&demand, &project, AMPLE, true);
    assert!(
        run(&comparison, "autoscaler")
            .checks
            .iter()
            .all(|check| check.workers == 1)
    );
    let told = words("day.csv", &demand, &project, AMPLE, &comparison, None);
    assert!(told.contains("schedules (\"at\") are not followed\n"), "{told}");
    assert_eq!(follows_schedules(&project, demand.start), Some(false));
    assert_eq!(follows_schedules(&backdipro(), f64::from(DAY)), None);
}

#[test]
fn each_request_meets_the_workers_of_the_hour_under_both_rules_of_ours() {
    let project = scheduled();
    let rate = Rate::new(
        &calm(DAY),
        Scale::BusyWorkers,
        None,
        f64::from(DAY + 7 * 3600)..f64::from(DAY + 9 * 3600),
    )
    .unwrap();
    let setting = Setting {
        traffic: Traffic {
            service: Duration::from_millis(200),
            variation: 1.0,
            burst: 0.0,
            cpu_share: 1.0,
        },
        boot: Duration::from_secs(4),
        promise: Promise::default(),
        check_interval: Duration::from_mins(2),
        seed: 1,
    };
    let policies = [Policy::Target, Policy::Ladder, Policy::Fixed(1)];
    let hours = |project: &Project| -> Vec<f64> {
        let runs = seconds::replay(&rate, &setting, project, &policies);
        runs.iter()
            .map(|run| run.score.worker_hours_a_day / 12.0)
            .collect()
    };
    let mut without = project.clone();
    without.schedules.entries.clear();
    // An hour of at least one worker, and one of at least four.
    for (with, without) in hours(&project)[..2].iter().zip(hours(&without)) {
        assert!(*with > 4.9 && *with > without + 1.9, "{with} {without}");
    }
    assert!((hours(&project)[2] - 2.0).abs() < 0.01);
    let runs = seconds::replay(&rate, &setting, &project, &policies);
    let told = seconds::told(Language::Es, "day.csv", &rate, &setting, &project, &runs);
    let line = "se siguen los horarios, solo en las reglas del propio demonio: min 4 hasta las 18:00";
    assert!(told.contains(line), "{told}");
}
