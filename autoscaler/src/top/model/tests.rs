use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::*;
use crate::top::fixture::{HOST, Load, model, sample};

fn names(rows: &[Row<'_>]) -> Vec<String> {
    rows.iter()
        .map(|row| format!("{}{}", "  ".repeat(row.depth), row.entry.name))
        .collect()
}

#[test]
fn busiest_first_at_every_level() {
    let model = model(HOST, 1);
    assert_eq!(
        names(&Arrangement::default().rows(&model)),
        [
            "/",
            "  system.slice",
            "    web.service",
            "    db.service",
            "  user.slice",
            "    session-1.scope"
        ]
    );
}

#[test]
fn figures_need_two_samples_and_cover_the_time_between_them() {
    let mut model = model(HOST, 0);
    assert!(model.entry(4).unwrap().figures.is_none());
    assert_eq!(model.covered(), None);
    // The next one comes three seconds later.
    model.apply(sample(HOST, 3));
    let figures = model.entry(4).unwrap().figures.unwrap();
    assert_eq!(figures.covered, Duration::from_secs(3));
    assert!((figures.cpu_percent() - 60.0).abs() < 1e-9);
    assert!((figures.wait_ms_per_s().unwrap() - 1500.0).abs() < 1e-9);
}

#[test]
fn the_host_and_the_own_cost() {
    let host = model(HOST, 2).host.unwrap();
    assert_eq!(host.cpus, 4);
    assert!((host.cpu_percent.unwrap() - 90.0).abs() < 1e-9);
    assert!((host.switches_per_s.unwrap() - 5_000.0).abs() < 1e-9);
    assert!((host.own_cpu_percent.unwrap() - 0.4).abs() < 1e-9);
    // 130 ns at each of 5 000 switches a second.
    assert!((host.switching_percent.unwrap() - 0.065).abs() < 1e-9);
}

#[test]
fn other_orders_and_the_other_way_around() {
    let model = model(HOST, 1);
    let by = |sort, reversed| {
        let arrangement = Arrangement {
            sort,
            reversed,
            ..Arrangement::default()
        };
        names(&arrangement.rows(&model))[2].trim().to_owned()
    };
    assert_eq!(by(SortKey::Name, false), "db.service");
    assert_eq!(by(SortKey::Wait, false), "web.service");
    let arrangement = Arrangement {
        reversed: true,
        ..Arrangement::default()
    };
    assert_eq!(names(&arrangement.rows(&model))[1], "  user.slice");
}

#[test]
fn what_is_not_known_comes_last_in_either_order() {
    let loads: &[Load] = &[
        ("/", 100, None),
        ("/a", 0, None),
        ("/b", 50, Some(7)),
        ("/c", 50, Some(9)),
    ];
    let model = model(loads, 1);
    for reversed in [false, true] {
        let arrangement = Arrangement {
            sort: SortKey::Wait,
            reversed,
            ..Arrangement::default()
        };
        assert_eq!(names(&arrangement.rows(&model)).last().unwrap(), "  a");
    }
}

#[test]
fn a_filter_keeps_the_way_to_what_it_lets_through() {
    let model = model(HOST, 1);
    let arrangement = Arrangement {
        filter: "WEB".to_owned(),
        ..Arrangement::default()
    };
    assert_eq!(
        names(&arrangement.rows(&model)),
        ["/", "  system.slice", "    web.service"]
    );
}

#[test]
fn a_folded_cgroup_hides_what_is_below() {
    let model = model(HOST, 1);
    let arrangement = Arrangement {
        folded: HashSet::from([2]),
        ..Arrangement::default()
    };
    let rows = arrangement.rows(&model);
    assert_eq!(
        names(&rows),
        ["/", "  system.slice", "  user.slice", "    session-1.scope"]
    );
    assert_eq!(rows[1].mark, FoldMark::Folded);
    assert_eq!(rows[3].mark, FoldMark::Leaf);
}

#[test]
fn a_cgroup_that_went_is_forgotten_and_one_made_anew_starts_afresh() {
    let mut model = model(HOST, 3);
    assert_eq!(model.entry(3).unwrap().trail.points().len(), 3);
    model.apply(sample(&HOST[..2], 4));
    assert!(model.entry(3).is_none());
    model.apply(sample(HOST, 5));
    assert_eq!(model.entry(3).unwrap().trail.points().len(), 0);
    assert_eq!(model.entry(2).unwrap().trail.points().len(), 5);
}

#[test]
fn throttling_is_measured_between_the_looks_at_it() {
    use crate::top::sample::Throttled;
    let mut model = model(HOST, 0);
    for (second, time_ns) in [(1, 0), (3, 500_000_000)] {
        let mut sample = sample(HOST, second);
        let detail = sample.cgroups[3].detail.as_mut().unwrap();
        detail.throttled = Some(Throttled {
            periods: second,
            time_ns,
        });
        model.apply(sample);
    }
    let throttled = model.entry(4).unwrap().throttled.unwrap();
    assert_eq!(throttled.periods, 2);
    assert!((throttled.ms_per_s() - 250.0).abs() < 1e-9);
}

#[test]
fn another_source_begins_anew_and_keeps_the_last_figures_until_then() {
    let without_wait: Vec<Load> = HOST.iter().map(|(path, cpu, _)| (*path, *cpu, None)).collect();
    let mut model = model(&without_wait, 9);
    let cpu = |model: &Model| model.entry(4).unwrap().figures.unwrap().cpu_percent();
    assert!((cpu(&model) - 60.0).abs() < 1e-9);

    // The counters of the kernel program begin at nothing when it is loaded.
    let mut first = sample(HOST, 10);
    let mut second = sample(HOST, 11);
    for sample in [&mut first, &mut second] {
        for cgroup in &mut sample.cgroups {
            let usage = cgroup.usage.as_mut().unwrap();
            usage.cpu_ns /= 1_000;
        }
    }
    model.apply(first);
    assert!((cpu(&model) - 60.0).abs() < 1e-9, "neither nothing nor nonsense");
    assert_eq!(model.entry(4).unwrap().trail.points().len(), 9);
    model.apply(second);
    assert!((cpu(&model) - 0.06).abs() < 1e-9);
    assert!(model.entry(4).unwrap().figures.unwrap().wait_ns.is_some());
}

#[test]
fn requests_that_are_asked_for_have_columns_before_any_has_come() {
    let mut model = model(HOST, 1);
    assert!(!Column::Requests.is_known(&model));
    let mut asked = sample(HOST, 2);
    asked.requests = Some(HashMap::new());
    model.apply(asked);
    assert!(Column::Requests.is_known(&model) && Column::P95.is_known(&model));
}
