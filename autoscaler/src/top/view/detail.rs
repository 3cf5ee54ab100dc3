//! One cgroup looked at closely: figures, limits, events, charts and processes.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};

use super::chart::{self, Series};
use super::{Theme, project};
use crate::host::usage::CgroupId;
use crate::top::model::{Column, Entry, FocusView, Model, ProcessRow, text};
use crate::top::screen::Screen;

pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    model: &Model,
    id: CgroupId,
    screen: &Screen,
    theme: Theme,
) {
    let Some(entry) = model.entry(id) else {
        frame.render_widget("this cgroup has gone", area);
        return;
    };
    let focus = model.focus.as_ref().filter(|focus| focus.id == id);
    let charts = match area.height {
        0..16 => 0,
        height => (height / 3).min(16),
    };
    let mut lines = vec![
        figures_line(entry, model, screen),
        limits_line(entry, focus),
        events_line(entry, focus, theme),
    ];
    let project = model.projects.iter().find(|project| project.cgroup == Some(id));
    lines.extend(
        project
            .into_iter()
            .flat_map(|project| project::lines(project, model)),
    );
    lines.extend(entry.requests.iter().flat_map(project::waits));
    let figures = match area.height {
        0..6 => 0,
        height => u16::try_from(lines.len()).unwrap_or(u16::MAX).min(height / 2),
    };
    let [title, figures, charts, processes] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(figures),
        Constraint::Length(charts),
        Constraint::Fill(1),
    ])
    .areas(area);
    let path = text::fit(&text::clean(&entry.place.path), usize::from(title.width));
    frame.render_widget(Line::styled(path, theme.heading()), title);
    frame.render_widget(Text::from(lines), figures);
    draw_charts(frame, charts, entry, theme);
    draw_processes(frame, processes, focus, screen, theme);
}

pub(super) fn labelled(pairs: Vec<(&'static str, String)>) -> Line<'static> {
    let mut spans = Vec::new();
    for (label, value) in pairs {
        spans.push(Span::styled(format!("{label} "), Theme::faint()));
        spans.push(Span::raw(format!("{value}  ")));
    }
    Line::from(spans)
}

fn figures_line(entry: &Entry, model: &Model, screen: &Screen) -> Line<'static> {
    let pairs = Column::ALL
        .into_iter()
        .filter_map(|column| {
            let value = column.text(entry, screen.unit, model.host.as_ref())?;
            Some((column.title(screen.unit), value))
        })
        .collect();
    labelled(pairs)
}

fn limits_line(entry: &Entry, focus: Option<&FocusView>) -> Line<'static> {
    let Some(limits) = focus.map(|focus| &focus.limits) else {
        return Line::default();
    };
    let mut pairs = Vec::new();
    let no_limit = || "no limit".to_owned();
    if entry.detail.is_some_and(|detail| detail.throttled.is_some()) || limits.cpu_quota.is_some() {
        let quota = limits
            .cpu_quota
            .map_or_else(no_limit, |cpus| format!("{cpus:.2} CPUs"));
        pairs.push(("cpu.max", quota));
    }
    pairs.extend(limits.cpu_weight.map(|weight| ("weight", weight.to_string())));
    pairs.extend(limits.cpus.map(|cpus| ("cpuset", format!("{cpus} CPUs"))));
    pairs.extend(
        limits
            .memory_high
            .map(|bytes| ("memory.high", text::bytes(bytes))),
    );
    pairs.extend(limits.memory_max.map(|bytes| ("memory.max", text::bytes(bytes))));
    pairs.extend(limits.tasks_max.map(|tasks| {
        let tasks = if tasks == u64::MAX {
            no_limit()
        } else {
            text::count(tasks)
        };
        ("tasks", tasks)
    }));
    if pairs.is_empty() {
        return Line::styled("no controller sets a limit here", Theme::faint());
    }
    labelled(pairs)
}

fn events_line(entry: &Entry, focus: Option<&FocusView>, theme: Theme) -> Line<'static> {
    let mut spans = Vec::new();
    let mut push = |label: &str, count: u64| {
        let style = if count > 0 { theme.alarm() } else { Style::new() };
        spans.push(Span::styled(format!("{label} "), Theme::faint()));
        spans.push(Span::styled(format!("{}  ", text::count(count)), style));
    };
    if let Some(throttled) = entry.detail.and_then(|detail| detail.throttled) {
        push("events: throttled periods", throttled.periods);
    }
    if let Some(events) = focus.map(|focus| focus.events) {
        for (label, count) in [
            ("over memory.high", events.memory_high),
            ("out of memory", events.oom),
            ("killed", events.oom_kill),
        ] {
            if let Some(count) = count {
                push(label, count);
            }
        }
    }
    Line::from(spans)
}

fn draw_charts(frame: &mut Frame<'_>, area: Rect, entry: &Entry, theme: Theme) {
    if area.height == 0 {
        return;
    }
    let cpu = Series {
        title: "CPU, % of one",
        short: "CPU%",
        values: entry.trail.points().map(|point| f64::from(point.cpu)).collect(),
        summary: entry.trail.cpu_summary(),
        floor: 10.0,
        style: theme.cpu(),
    };
    let waits: Vec<f64> = entry
        .trail
        .points()
        .filter_map(|point| point.wait.map(f64::from))
        .collect();
    if waits.is_empty() {
        chart::draw(frame, area, &cpu);
        return;
    }
    let wait = Series {
        title: "wait, ms/s",
        short: "wait",
        values: waits,
        summary: entry.trail.wait_summary(),
        floor: 10.0,
        style: theme.wait(),
    };
    let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(area);
    chart::draw(frame, left, &cpu);
    chart::draw(frame, right, &wait);
}

fn draw_processes(
    frame: &mut Frame<'_>,
    area: Rect,
    focus: Option<&FocusView>,
    screen: &Screen,
    theme: Theme,
) {
    let Some(focus) = focus else {
        let line = if screen.frozen.is_some() {
            "the processes of this cgroup were not read when the picture was held: p goes on"
        } else {
            "reading its processes …"
        };
        frame.render_widget(Line::styled(line, Theme::faint()), area);
        return;
    };
    let width = usize::from(area.width);
    let heading = format!("{:>8} {:>6} {:>6} S {:>4} COMMAND", "PID", "CPU%", "WAIT", "THR");
    let mut lines = vec![Line::styled(heading, theme.heading())];
    let room = usize::from(area.height.saturating_sub(1));
    for process in focus.processes.iter().skip(screen.process_offset).take(room) {
        lines.push(Line::raw(process_line(process, width)));
    }
    if focus.processes.is_empty() {
        lines.push(Line::styled("no process", Theme::faint()));
    }
    if focus.left_out > 0 {
        lines.push(Line::styled(
            format!("and {} more that were not read", focus.left_out),
            Theme::faint(),
        ));
    }
    frame.render_widget(Text::from(lines), area);
}

fn process_line(process: &ProcessRow, width: usize) -> String {
    let figure = |figure: Option<f64>| figure.map_or_else(|| "–".to_owned(), text::number);
    let line = format!(
        "{:>8} {:>6} {:>6} {} {:>4} {}",
        process.id.pid,
        figure(process.cpu_percent),
        figure(process.wait_ms_per_s),
        process.state,
        process.threads,
        process.command
    );
    text::fit(&line, width)
}
