use super::*;
use crate::control::{OrderStatus, ScheduleStatus};
use crate::report::PromiseStatus;

fn status() -> Status {
    let told = |action: &str, words: &str, at| DecisionStatus {
        at,
        action: action.into(),
        workers_to: None,
        reason: "not_held_yet".into(),
        words: words.into(),
    };
    Status {
        program: "0.1.0".into(),
        pid: 7,
        language: "en".into(),
        checked_at: Some(990),
        check_interval_seconds: 120.0,
        source: "ebpf".into(),
        cpus: 8,
        busy_percent: Some(41.6),
        memory_available_mib: 12_000,
        projects: vec![
            ProjectStatus {
                name: "backdipro".into(),
                unit: "backdipro.service".into(),
                enabled: true,
                workers: Some(3),
                min_workers: 1,
                max_workers: 6,
                cpu_percent: Some(82.25),
                wait_percent: Some(4.0),
                memory_current_mib: Some(700),
                memory_limit_mib: Some(1500),
                decision: Some(told("hold", "CPU > 80% (scale_up_4) for 2m00s of 3m00s", 990)),
                up: vec![NextStep {
                    measure: "cpu".into(),
                    rung: 4,
                    workers_to: 4,
                    threshold: 80.0,
                    held_seconds: 120.0,
                    needed_seconds: 180.0,
                    against: None,
                    words: "up to 4: CPU > 80% (scale_up_4) for another 1m00s".into(),
                }],
                down: vec![NextStep {
                    measure: "cpu".into(),
                    threshold: 45.0,
                    needed_seconds: 900.0,
                    ..NextStep::default()
                }],
                ..ProjectStatus::default()
            },
            ProjectStatus {
                name: "idle".into(),
                min_workers: 1,
                max_workers: 2,
                order: Some(OrderStatus {
                    workers: None,
                    until: None,
                    by: "root (uid 0, pid 9)".into(),
                }),
                ..ProjectStatus::default()
            },
        ],
        ..Status::default()
    }
}

#[test]
fn a_figure_stands_between_its_thresholds_and_the_columns_in_line() {
    let text = render(&status(), 1000);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "autoscaler 0.1.0 (pid 7), eBPF, checked 10s ago / 120s, 8 CPU (42%), 12000 MB available"
    );
    assert_eq!(
        lines[2],
        "PROJECT    WORKERS   CPU              WAIT  MEMORY     QUEUE  HELD             DECISION"
    );
    assert_eq!(
        lines[3],
        "backdipro  3 [1..6]  45 < 82.2% < 80  4.0%  700/1500M  -      ↑ 2m00s / 3m00s  hold"
    );
    assert_eq!(
        lines[4],
        "idle       - [1..2]  -                -     -          -      -                disabled"
    );
}

#[test]
fn a_paragraph_says_what_would_have_to_change() {
    let text = render(&status(), 1000);
    assert!(
        text.contains("next        up to 4: CPU > 80% (scale_up_4) for another 1m00s\n"),
        "{text}"
    );
    assert!(text.contains("by hand  paused, root (uid 0, pid 9)"), "{text}");
}

#[test]
fn a_promise_has_a_line_of_its_own() {
    let mut status = status();
    status.projects[0].promise = Some(PromiseStatus {
        words: "over 100 ms: 0.6 % today, 0.9 % in 7 days of 1 % promised".into(),
        ..PromiseStatus::default()
    });
    let line = "  promise     over 100 ms: 0.6 % today, 0.9 % in 7 days of 1 % promised\n";
    let text = render(&status, 1000);
    assert_eq!(text.matches(line).count(), 1, "{text}");
    status.language = "es".into();
    let text = render(&status, 1000);
    assert!(text.contains("\n  promesa  "), "{text}");
}

#[test]
fn each_schedule_has_a_line_that_says_what_holds_and_when_it_begins() {
    let mut status = status();
    let words = "min 4 until 18:00 (schedule \"0 8 * * 1-5\"), again from 2026-12-01 08:00";
    status.projects[0].schedules = vec![ScheduleStatus {
        words: words.into(),
        in_force: true,
        ..ScheduleStatus::default()
    }];
    let text = render(&status, 1000);
    assert_eq!(
        text.matches(&format!("  schedule    {words}\n")).count(),
        1,
        "{text}"
    );
    status.language = "es".into();
    let text = render(&status, 1000);
    assert!(text.contains("\n  horario  "), "{text}");
}

#[test]
fn spanish_has_its_own_words_in_line_too() {
    let mut status = status();
    status.language = "es".into();
    let text = render(&status, 1000);
    let heading = text.lines().nth(2).unwrap();
    assert!(heading.starts_with("PROYECTO   WORKERS"), "{text}");
    assert!(text.contains("comprobado hace 10s / 120s"), "{text}");
    assert!(
        text.contains("última comprobación") && text.contains(" (hace 10s) hold: "),
        "{text}"
    );
}
