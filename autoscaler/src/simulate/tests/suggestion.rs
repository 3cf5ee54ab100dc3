//! The search: what it finds keeps to its limit, costs no more, and loads.

use std::time::Duration;

use super::{AMPLE, backdipro, compare, recording, run};
use crate::config::parse;
use crate::simulate::{Demand, Scale, suggest};

/// A day of the taxis: the search replays hundreds of candidates.
fn day() -> Demand {
    let start = 1_404_172_800.0;
    let window = start..start + 86_400.0;
    Demand::new(
        &recording("nyc_taxi.csv"),
        Scale::MeanDemand(2.0),
        Duration::from_mins(2),
        window,
    )
    .unwrap()
}

#[test]
fn it_keeps_to_the_limit_costs_no_more_and_can_be_pasted() {
    let (demand, project) = (day(), backdipro());
    let now = run(&compare(&demand, &project, AMPLE, false), "autoscaler").score;
    let found = suggest(&demand, &project, AMPLE, 1.0).unwrap();
    assert!(
        found.within_limit && found.score.unmet_percent <= 1.0,
        "{found:?}"
    );
    assert!(found.score.worker_hours < now.worker_hours, "{found:?} {now:?}");

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
    assert_eq!(
        suggest(&demand, &project, AMPLE, 1.0).unwrap(),
        found,
        "the same again"
    );
}

#[test]
fn a_tighter_limit_costs_no_fewer_hours() {
    let (demand, project) = (day(), backdipro());
    let hours = |limit| {
        suggest(&demand, &project, AMPLE, limit)
            .unwrap()
            .score
            .worker_hours
    };
    assert!(hours(5.0) <= hours(0.5));
}

#[test]
fn a_limit_below_what_the_maximum_leaves_is_said_to_be_out_of_reach() {
    let mut project = backdipro();
    project.bounds.max = 3;
    let ladder = project.cpu.as_mut().unwrap();
    ladder.up.retain(|n, _| *n <= 3);
    let found = suggest(&day(), &project, AMPLE, 0.0).unwrap();
    assert!(!found.within_limit && found.least_possible_unmet_percent > 0.0);
    assert!(found.score.unmet_percent >= found.least_possible_unmet_percent);
}
