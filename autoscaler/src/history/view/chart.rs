//! The history as a chart of text: the same on a terminal, in a pipe and in a mail.

use crate::model::{EventKind, Language, Measure};
use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::Line as TextLine;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget as _};

use crate::history::PastCheck;
use crate::history::view::{Past, Zone, figure, mib};
use crate::picture::Line;
use crate::words;

/// How wide it is, and whether it may have colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paper {
    /// Columns.
    pub width: u16,
    /// Whether the reader understands ANSI colours.
    pub colours: bool,
}

/// Columns left of the figures: the labels of the vertical axis, and the axis.
const MARGIN: usize = 6;

/// Fewest columns that anything can be seen in.
const NARROWEST: u16 = 40;

/// Steps that are listed below the chart: the newest.
const LISTED: usize = 12;

/// The colour of each kind of line.
const FIGURE: Color = Color::Cyan;
const UP: Color = Color::Yellow;
const DOWN: Color = Color::Green;

/// One panel: a figure over the time of the window.
struct Panel {
    caption: String,
    height: u16,
    top: f64,
    lines: Vec<(Vec<Line>, Marker, Color)>,
}

/// Draws it.
#[must_use]
pub fn draw(past: &Past, zone: Zone, paper: Paper) -> String {
    let width = paper.width.max(NARROWEST);
    let mut text = format!(
        "{}, {} to {} ({}): {} checks, {} steps\n",
        past.project,
        zone.minutes(past.since),
        zone.minutes(past.until),
        zone.name(),
        past.checks.len(),
        past.steps().count()
    );
    if let Some(kept) = &past.kept {
        text += &words::promise(Language::En, kept);
        text.push('\n');
    }
    if past.checks.is_empty() {
        text += "No check was recorded in that time.\n";
        return text;
    }
    for panel in panels(past, zone) {
        let _ = writeln!(text, "\n{}", panel.caption);
        text += &panel.draw(past, zone, Paper { width, ..paper });
    }
    text += &times(past, zone, usize::from(width));
    text += &steps(past, zone);
    text
}

fn panels(past: &Past, zone: Zone) -> Vec<Panel> {
    let cpu = |check: &PastCheck| check.figures.cpu_percent;
    let workers = |check: &PastCheck| check.figures.workers.map(f64::from);
    let memory = |check: &PastCheck| check.memory.current.map(mib);
    let limit = |check: &PastCheck| check.memory.max.map(mib);
    let queue = |check: &PastCheck| check.figures.queue.map(|waiting| waiting as f64);
    let line = |value: &dyn Fn(&PastCheck) -> Option<f64>, colour| {
        (past.lines(zone, value), Marker::Braille, colour)
    };
    // Dots: a threshold is told from a figure without colours too.
    let threshold =
        |value: &dyn Fn(&PastCheck) -> Option<f64>, colour| (past.lines(zone, value), Marker::Dot, colour);
    let mut panels = vec![Panel {
        caption: "CPU of its workers, %   (dots: the thresholds of the next step up and down)".into(),
        height: 11,
        top: past.highest(cpu).max(100.0),
        lines: vec![
            threshold(&|check| check.thresholds.up(Measure::Cpu), UP),
            threshold(&|check| check.thresholds.down(Measure::Cpu), DOWN),
            line(&cpu, FIGURE),
        ],
    }];
    if past.has_queue() {
        panels.push(Panel {
            caption: "waiting tasks   (dots: the thresholds of the next step up and down)".into(),
            height: 8,
            top: past.highest(queue).max(10.0),
            lines: vec![
                threshold(&|check| check.thresholds.up(Measure::Queue), UP),
                threshold(&|check| check.thresholds.down(Measure::Queue), DOWN),
                line(&queue, FIGURE),
            ],
        });
    }
    if past.has_requests() {
        panels.extend(requests(past, zone));
    }
    if past.has_promise() {
        panels.push(late(past, zone));
    }
    panels.push(Panel {
        caption: "workers".into(),
        height: 7,
        top: past.highest(workers) + 1.0,
        lines: vec![line(&workers, FIGURE)],
    });
    if past.has_memory() {
        let top = past.highest(limit).max(past.highest(memory));
        panels.push(Panel {
            caption: "memory, MiB   (dots: its limit)".into(),
            height: 7,
            top: (1.1 * top).max(1.0),
            lines: vec![threshold(&limit, UP), line(&memory, FIGURE)],
        });
    }
    panels
}

/// Busy slots of all, and the wait of 95 of 100 requests.
fn requests(past: &Past, zone: Zone) -> [Panel; 2] {
    let line = |value: fn(&PastCheck) -> Option<f64>| (past.lines(zone, value), Marker::Braille, FIGURE);
    let dots =
        |value: &dyn Fn(&PastCheck) -> Option<f64>, colour| (past.lines(zone, value), Marker::Dot, colour);
    let busy = Panel {
        caption: "busy slots   (dots: all of them)".into(),
        height: 8,
        top: past
            .highest(figure::slots)
            .max(past.highest(figure::busy))
            .max(1.0),
        lines: vec![dots(&figure::slots, UP), line(figure::busy)],
    };
    let wait = Panel {
        caption: "p95 wait, ms   (dots: the thresholds of the next step up and down)".into(),
        height: 8,
        top: past.highest(figure::wait).max(10.0),
        lines: vec![
            dots(&|check| check.thresholds.up(Measure::Wait), UP),
            dots(&|check| check.thresholds.down(Measure::Wait), DOWN),
            line(figure::wait),
        ],
    };
    [busy, wait]
}

/// Late requests, and how many may be.
fn late(past: &Past, zone: Zone) -> Panel {
    let top = past.highest(figure::late).max(past.highest(figure::promised));
    Panel {
        caption: "late requests, %   (dots: as many as are promised)".into(),
        height: 8,
        top: top.max(2.0),
        lines: vec![
            (past.lines(zone, figure::promised), Marker::Dot, UP),
            (past.lines(zone, figure::late), Marker::Braille, FIGURE),
        ],
    }
}

impl Panel {
    fn draw(&self, past: &Past, zone: Zone, paper: Paper) -> String {
        let datasets = self
            .lines
            .iter()
            .flat_map(|(lines, marker, colour)| lines.iter().map(move |line| (line, *marker, *colour)))
            .map(|(line, marker, colour)| {
                Dataset::default()
                    .data(line)
                    .marker(marker)
                    .style(Style::new().fg(colour))
                    .graph_type(GraphType::Line)
            })
            .collect();
        let wall = past.wall(zone);
        let x = Axis::default().bounds([wall.start, wall.end]);
        let y_label = |value: f64| TextLine::from(format!("{value:>5.0}"));
        let top = even(self.top);
        let labels = [0.0, top / 2.0, top].map(y_label);
        let y = Axis::default().bounds([0.0, top]).labels(labels);
        let chart = Chart::new(datasets).legend_position(None).x_axis(x).y_axis(y);
        let area = Rect::new(0, 0, paper.width, self.height);
        let mut buffer = Buffer::empty(area);
        chart.render(area, &mut buffer);
        rows(&buffer, paper.colours)
    }
}

/// The even number at or above `top`: the label in the middle then says the very value that it stands at.
fn even(top: f64) -> f64 {
    2.0 * (top / 2.0).ceil()
}

/// The axis of time, below the last panel.
fn times(past: &Past, zone: Zone, width: usize) -> String {
    let width = width.saturating_sub(MARGIN);
    let span = past.until.duration_since(past.since).unwrap_or_default();
    let [first, middle, last] = [past.since, past.since + span / 2, past.until].map(|at| zone.minutes(at));
    let rule = "─".repeat(width);
    let labels = if first.len() + middle.len() + last.len() + 4 <= width {
        format!("{first}{middle:^0$}{last}", width - first.len() - last.len())
    } else {
        format!("{first}{last:>0$}", width.saturating_sub(first.len()))
    };
    let margin = MARGIN - 1;
    format!("{:margin$}└{rule}\n{:margin$} {labels}\n", "", "")
}

/// The rows of a buffer, without the blanks at their ends.
fn rows(buffer: &Buffer, colours: bool) -> String {
    let mut text = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width)) {
        let mut line = String::new();
        let mut colour = Color::Reset;
        let end = row.iter().rposition(|cell| cell.symbol() != " ");
        for cell in row.iter().take(end.map_or(0, |end| end + 1)) {
            if colours && cell.fg != colour {
                colour = cell.fg;
                line += ansi(colour);
            }
            line += cell.symbol();
        }
        if colour != Color::Reset {
            line += ansi(Color::Reset);
        }
        text += &line;
        text.push('\n');
    }
    text
}

fn ansi(colour: Color) -> &'static str {
    match colour {
        FIGURE => "\x1b[36m",
        UP => "\x1b[33m",
        DOWN => "\x1b[32m",
        _ => "\x1b[0m",
    }
}

/// The newest steps and failures in words.
fn steps(past: &Past, zone: Zone) -> String {
    let mut told: Vec<_> = past
        .steps()
        .map(|(check, from, to)| {
            let figures = check
                .figures
                .cpu_percent
                .map_or_else(String::new, |percent| format!("CPU {percent:.1}%, "));
            let why = match (&check.reason, &check.reason_code) {
                (Some(reason), _) => words::reason(Language::En, reason),
                (None, code) => code.clone().unwrap_or_default(),
            };
            (check.at, format!("{from} -> {to}  {figures}{why}"))
        })
        .collect();
    let failures = past
        .events
        .iter()
        .filter(|event| matches!(event.kind, Some(EventKind::StepFailed | EventKind::ByHand)));
    told.extend(failures.map(|event| {
        (
            event.at,
            format!("{}: {}", event.code, event.text.within(Language::En)),
        )
    }));
    told.sort_by_key(|(at, _)| *at);
    if told.is_empty() {
        return String::new();
    }
    let hidden = told.len().saturating_sub(LISTED);
    let mut text = String::from("\nsteps\n");
    if hidden > 0 {
        let _ = writeln!(text, "  … {hidden} before; `--json` lists them all");
    }
    for (at, what) in &told[hidden..] {
        let _ = writeln!(text, "  {}  {what}", zone.clock(*at));
    }
    text
}
