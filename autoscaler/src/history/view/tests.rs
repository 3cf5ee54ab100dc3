//! The views over one invented day.

use std::time::{Duration, SystemTime};

use super::*;
use crate::history::from_millis;
use crate::history::view::chart::{Paper, draw};
use crate::history::view::picture::Picture;
use crate::model::{Action, CgroupMemory, EventKind, Figures, Host, Language, Measure, Reason};
use crate::picture::{png, svg};

const MINUTE: Duration = Duration::from_mins(1);

fn start() -> SystemTime {
    from_millis(1_700_006_400_000)
}

fn check(minute: u32, cpu: f64, workers: u32, action: Action) -> PastCheck {
    PastCheck {
        at: start() + MINUTE * minute,
        host: Host {
            cpus: 4,
            memory_total_mib: 18_000,
            memory_available_mib: 12_000,
            busy_percent: Some(50.0),
        },
        figures: Figures {
            workers: Some(workers),
            cpu_percent: Some(cpu),
            memory_available_mib: 12_000,
            ..Figures::default()
        },
        cpu: None,
        memory: CgroupMemory {
            current: Some(u64::from(workers) * (120 << 20)),
            max: Some(u64::from(workers) * (500 << 20)),
        },
        active: None,
        promise: None,
        late: None,
        thresholds: [(Measure::Cpu, Some(75.0), Some(45.0))].into_iter().collect(),
        action: Some(action),
        reason_code: Some("above_rung".into()),
        reason: Some(Reason::AboveRung {
            measure: Measure::Cpu,
            value: None,
            rung: 3,
            threshold: 75.0,
            held: 4 * MINUTE,
        }),
    }
}

/// Two hours with a step up in the middle and half an hour of silence after it.
fn past() -> Past {
    let before = (1..60).map(|minute| check(minute, 80.0, 2, Action::Hold));
    let step = check(60, 82.0, 2, Action::ScaleUp { from: 2, to: 3 });
    let after = (91..120).map(|minute| check(minute, 55.0, 3, Action::Hold));
    Past {
        project: "backdipro".into(),
        since: start(),
        until: start() + 120 * MINUTE,
        checks: before.chain([step]).chain(after).collect(),
        events: Vec::new(),
    }
}

#[test]
fn a_line_breaks_where_nothing_was_recorded() {
    let lines = past().lines(Zone::UTC, |check| check.figures.cpu_percent);
    let [before, after] = &lines[..] else {
        panic!("two lines: {lines:?}");
    };
    let minutes = |line: &crate::picture::Line, point: usize| {
        let since = line[point].0 - Zone::UTC.wall_seconds(start());
        (since / 60.0, line[point].1)
    };
    // A stair: each value over the minute before its check, level stretches as two points.
    assert_eq!(minutes(before, 0), (0.0, 80.0));
    assert_eq!(minutes(before, 1), (59.0, 80.0));
    assert_eq!(minutes(before, 3), (60.0, 82.0));
    assert_eq!(after.len(), 2);
    assert_eq!(minutes(after, 0), (90.0, 55.0));
}

#[test]
fn columns_hold_the_lowest_the_mean_and_the_highest_of_the_checks_in_them() {
    let mut past = past();
    for (check, cpu) in past.checks.iter_mut().zip([10.0, 20.0, 60.0]) {
        check.figures.cpu_percent = Some(cpu);
    }
    // Twelve of ten minutes each; from minute 60 to 90 nothing was recorded.
    let stretches = past.columns(Zone::UTC, 12, |check| check.figures.cpu_percent);
    let [before, after] = &stretches[..] else {
        panic!("two stretches: {stretches:?}");
    };
    assert_eq!((before.len(), after.len()), (6, 3));
    let first = before[0];
    assert_eq!((first.low, first.high), (10.0, 80.0));
    assert!((first.mean - (10.0 + 20.0 + 60.0 + 7.0 * 80.0) / 10.0).abs() < 1e-9);
    assert!((after[2].until - past.wall(Zone::UTC).end).abs() < 1e-6);
}

#[test]
fn a_crowded_picture_shows_a_range_and_its_mean() {
    let crowd = Past {
        until: start() + 2000 * MINUTE,
        checks: (1..=2000)
            .map(|minute| check(minute, f64::from(minute * 37 % 100), 2, Action::Hold))
            .collect(),
        ..past()
    };
    let drawn = |past: &Past| {
        svg(&Picture {
            past,
            zone: Zone::UTC,
        })
        .unwrap()
    };
    assert!(drawn(&crowd).contains("lowest to highest"));
    assert!(!drawn(&past()).contains("lowest to highest"));
}

#[test]
fn the_chart_fits_its_paper_and_tells_the_steps() {
    for width in [40, 100, 200] {
        let text = draw(
            &past(),
            Zone::UTC,
            Paper {
                width,
                colours: false,
            },
        );
        let panels = text.lines().skip(1).filter(|line| line.contains('│'));
        let widest = panels.map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(
            (usize::from(width) / 2..=usize::from(width)).contains(&widest),
            "{text}"
        );
        assert!(!text.contains('\x1b'), "{text}");
        assert!(
            text.contains("11-15 01:00:00  2 -> 3  CPU 82.0%, CPU > 75% (scale_up_3) for 4m00s"),
            "{text}"
        );
        for caption in ["CPU of its workers, %", "workers", "memory, MiB"] {
            assert!(text.contains(caption), "{text}");
        }
        assert!(!text.contains("waiting tasks"), "{text}");
    }
}

#[test]
fn the_label_in_the_middle_is_half_of_the_one_at_the_top() {
    for (workers, cpu) in [(1, 20.0), (2, 100.9), (3, 111.0), (4, 113.5), (7, 99.0)] {
        let past = Past {
            checks: (1..60)
                .map(|minute| check(minute, cpu, workers, Action::Hold))
                .collect(),
            ..past()
        };
        let paper = Paper {
            width: 60,
            colours: false,
        };
        let text = draw(&past, Zone::UTC, paper);
        let labels: Vec<f64> = text
            .lines()
            .filter_map(|line| line.split_once('│')?.0.trim().parse().ok())
            .collect();
        // A panel's labels from the top down, panel after panel.
        assert_eq!(labels.len(), 9, "{text}");
        for panel in labels.chunks(3) {
            assert_eq!((panel[1] * 2.0, panel[2]), (panel[0], 0.0), "{text}");
        }
        assert!(labels[3] > f64::from(workers), "{text}");
    }
}

#[test]
fn without_checks_the_chart_says_so() {
    let empty = Past {
        checks: Vec::new(),
        ..past()
    };
    let text = draw(
        &empty,
        Zone::UTC,
        Paper {
            width: 80,
            colours: true,
        },
    );
    assert!(text.contains("No check was recorded"), "{text}");
    svg(&Picture {
        past: &empty,
        zone: Zone::UTC,
    })
    .unwrap();
}

#[test]
fn both_pictures_are_drawn_with_their_axes() {
    let past = past();
    let picture = Picture {
        past: &past,
        zone: Zone::UTC,
    };
    let text = svg(&picture).unwrap();
    for label in ["CPU, %", "workers", "MiB", "time, UTC", "backdipro"] {
        assert!(text.contains(label), "{label}");
    }
    assert!(!text.contains("tasks"), "no panel for a queue that is not there");
    assert!(png(&picture).unwrap().starts_with(b"\x89PNG\r\n"));
}

#[test]
fn the_table_and_the_object_hold_every_check() {
    let past = past();
    let mut out = Vec::new();
    export::csv(&past, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), past.checks.len() + 1);
    assert!(
        text.lines()
            .nth(60)
            .unwrap()
            .starts_with("2023-11-15T01:00:00Z,2,82.0,"),
        "{text}"
    );
    assert!(text.contains(",scale_up,3,above_rung,"), "{text}");

    let mut out = Vec::new();
    export::json(&past, &mut out).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(value["checks"].as_array().unwrap().len(), past.checks.len());
    assert_eq!(value["checks"][59]["workers_to"], 3);
}

#[test]
fn the_past_is_told_as_a_running_daemon_tells_its_own() {
    let mut past = past();
    let event = |minute, kind: EventKind, text: &str| PastEvent {
        at: start() + MINUTE * minute + Duration::from_secs(1),
        kind: Some(kind),
        code: kind.code().into(),
        text: text.into(),
    };
    past.events = vec![
        event(60, EventKind::Scaled, "3"),
        event(119, EventKind::ByHand, "paused"),
    ];
    // A reason that this version does not know says nothing, and parts nothing.
    past.checks[20].reason = None;
    let told = past.chronicle().episodes(start(), Language::En);
    let told: Vec<_> = told
        .iter()
        .map(|episode| (episode.action.as_str(), episode.checks, episode.events.join("; ")))
        .collect();
    assert_eq!(
        told,
        [
            ("hold", 58, String::new()),
            ("scale_up", 1, "✅ scaled to 3 workers".to_owned()),
            ("hold", 29, "paused".to_owned()),
        ]
    );
}
