use std::time::Duration;

use insta::assert_snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use super::*;
use crate::model::ProcessId;
use crate::top::fixture::{HOST, Load, model, sample, with_daemon};
use crate::top::model::SortKey;
use crate::top::sample::{Events, Focus, Limits, ProcessSample};
use crate::top::screen::Action;

fn screen() -> Screen {
    Screen::new(SortKey::Cpu, false, None, Duration::from_secs(1))
}

fn frame(model: &Model, screen: &mut Screen, width: u16, height: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let regions = Regions::of(terminal.size().unwrap().into(), model.projects.len());
    screen.settle(model, regions.page());
    terminal
        .draw(|frame| draw(frame, model, screen, Theme::new(true)))
        .unwrap();
    terminal.backend().clone()
}

#[test]
fn the_tree_at_80_columns() {
    assert_snapshot!(frame(&model(HOST, 60), &mut screen(), 80, 24));
}

#[test]
fn the_tree_at_200_columns() {
    assert_snapshot!(frame(&model(HOST, 60), &mut screen(), 200, 12));
}

#[test]
fn before_the_first_figures() {
    assert_snapshot!(frame(&model(HOST, 0), &mut screen(), 80, 10));
}

#[test]
fn without_privilege() {
    let loads: Vec<Load> = HOST.iter().map(|(path, cpu, _)| (*path, *cpu, None)).collect();
    let mut model = model(&loads, 5);
    let source = model.source.as_mut().unwrap();
    source.why_not_ebpf = Some("root would add run-queue wait (CAP_BPF, CAP_PERFMON)".to_owned());
    assert_snapshot!(frame(&model, &mut screen(), 120, 10));
}

#[test]
fn wide_names_and_huge_values_keep_the_columns_straight() {
    let loads: &[Load] = &[
        ("/", 256_000, Some(9_999_999)),
        (
            "/服务器服务器服务器服务器服务器.service",
            200_000,
            Some(5_000_000),
        ),
        ("/e\u{301}tude-\u{202e}-\u{1b}[31m.service", 12_345, Some(0)),
        ("/emoji-👩‍👩‍👧-family.service", 999, Some(99)),
        ("/plain", 0, Some(0)),
    ];
    let backend = frame(&model(loads, 3), &mut screen(), 80, 12);
    assert_snapshot!(backend);
}

#[test]
fn tiny_terminals_show_what_fits() {
    for (width, height) in [(1, 1), (3, 2), (10, 3), (20, 4), (30, 6), (40, 8)] {
        for action in [
            None,
            Some(Action::Help),
            Some(Action::SortMenu),
            Some(Action::Open),
        ] {
            let model = model(HOST, 2);
            let mut screen = screen();
            screen.settle(&model, 1);
            if let Some(action) = action {
                screen.apply(action, &model);
            }
            let shown = frame(&model, &mut screen, width, height).to_string();
            let has_text = shown.chars().any(|c| !c.is_whitespace() && c != '"');
            assert!(has_text, "{action:?} at {width}x{height}:\n{shown}");
        }
    }
    assert_snapshot!(frame(&model(HOST, 2), &mut screen(), 30, 6));
}

#[test]
fn the_help_fits_a_terminal_of_24_lines() {
    let model = model(HOST, 2);
    let mut screen = screen();
    screen.apply(Action::Help, &model);
    assert_snapshot!(frame(&model, &mut screen, 80, 24));
}

#[test]
fn one_cgroup_opened() {
    let mut model = model(HOST, 60);
    let mut screen = screen();
    screen.settle(&model, 10);
    for action in [Action::Down, Action::Down, Action::Open] {
        screen.apply(action, &model);
    }
    let process = |pid, cpu_ns, wait_ns, command: &str| ProcessSample {
        id: ProcessId { pid, start_ticks: 1 },
        command: command.to_owned(),
        state: 'S',
        threads: 2,
        cpu_ns,
        wait_ns,
    };
    for second in 61..=62 {
        let mut sample = sample(HOST, second);
        sample.focus = Some(Focus {
            id: 4,
            read_at: sample.taken_at,
            processes: vec![
                process(101, second, Some(0), "gunicorn: master [web]"),
                process(
                    202,
                    second * 400_000_000,
                    Some(second * 1_500_000),
                    "python worker.py",
                ),
            ],
            left_out: 0,
            limits: Limits {
                cpu_quota: Some(1.5),
                cpu_weight: Some(100),
                cpus: Some(4),
                memory_high: Some(u64::MAX),
                memory_max: Some(2 << 30),
                tasks_max: Some(4_000),
            },
            events: Events {
                oom: Some(1),
                oom_kill: Some(1),
                memory_high: Some(0),
            },
        });
        model.apply(sample);
    }
    assert_snapshot!(frame(&model, &mut screen, 100, 30));
}

#[test]
fn what_a_running_daemon_says_stands_first() {
    let mut model = model(HOST, 59);
    model.apply(with_daemon(60));
    let mut screen = screen();
    screen.settle(&model, 10);
    assert_snapshot!("a_daemon_at_80_columns", frame(&model, &mut screen, 80, 24));
    assert_snapshot!("a_daemon_at_200_columns", frame(&model, &mut screen, 200, 16));
    for action in [Action::First, Action::Down, Action::Down, Action::Open] {
        screen.apply(action, &model);
    }
    assert_snapshot!("a_project_opened", frame(&model, &mut screen, 110, 24));
}

#[test]
fn a_daemon_that_goes_takes_its_columns_with_it() {
    let mut model = model(HOST, 59);
    model.apply(with_daemon(60));
    let mut sample = with_daemon(61);
    sample.daemon = None;
    sample.projects.clear();
    model.apply(sample);
    let text = frame(&model, &mut screen(), 120, 24).to_string();
    assert!(
        !text.contains("LAST DECISION") && !text.contains("HELD"),
        "{text}"
    );
}

#[test]
fn more_projects_than_fit_can_be_scrolled_through() {
    let mut model = model(HOST, 59);
    let mut sample = with_daemon(60);
    let web = sample.projects[2].clone();
    for number in 0..20 {
        let mut project = web.clone();
        project.name = format!("web{number}");
        sample.projects.push(project);
    }
    model.apply(sample);
    let mut screen = screen();
    let top = frame(&model, &mut screen, 100, 24).to_string();
    assert!(top.contains("8 OF 23") && !top.contains("web19"), "{top}");
    for _ in 0..30 {
        screen.apply(Action::Up, &model);
    }
    for _ in 0..22 {
        screen.apply(Action::Down, &model);
    }
    let bottom = frame(&model, &mut screen, 100, 24).to_string();
    assert!(bottom.contains("web19"), "{bottom}");
}

#[test]
fn no_colour_means_no_colour() {
    let model = model(HOST, 5);
    let mut screen = screen();
    screen.settle(&model, 10);
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal
        .draw(|frame| draw(frame, &model, &screen, Theme::new(false)))
        .unwrap();
    let cells = &terminal.backend().buffer().content;
    assert!(
        cells
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    let coloured = frame(&model, &mut screen, 80, 24);
    assert!(
        coloured
            .buffer()
            .content
            .iter()
            .any(|cell| cell.fg != Color::Reset)
    );
}
