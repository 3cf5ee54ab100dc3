//! The last lines: what the program itself costs, where its figures come from, and the keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};

use super::Theme;
use crate::observe::usage::SourceKind;
use crate::top::model::{Model, text};
use crate::top::screen::{Mode, Prompt, Screen};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, screen: &Screen, theme: Theme) {
    let keys = keys(model, screen, theme);
    let lines = match area.height {
        0 => return,
        1 => vec![keys],
        _ => vec![cost(model, theme), keys],
    };
    frame.render_widget(Text::from(lines), area);
}

/// Own cost, source and losses.
fn cost(model: &Model, theme: Theme) -> Line<'static> {
    let mut spans = Vec::new();
    let source = match model.source.kind {
        SourceKind::Ebpf => "eBPF",
        SourceKind::CpuStat => "cpu.stat",
    };
    spans.push(Span::styled(format!("source {source}"), Theme::strong()));
    if let Some(host) = &model.host {
        if let Some(own) = host.own_cpu_percent {
            spans.push(Span::raw(format!("  own CPU {own:.1}%")));
        }
        if let Some(switches) = host.switches_per_s {
            spans.push(Span::raw(format!("  {} switches/s", text::number(switches))));
        }
    }
    if model.source.kind == SourceKind::Ebpf {
        let health = model.source.health;
        spans.push(Span::raw(format!("  lost {}", text::count(health.lost_switches))));
        let style = if health.map_full > 0 {
            theme.alarm()
        } else {
            Style::new()
        };
        spans.push(Span::styled(
            format!("  overflow {}", text::count(health.map_full)),
            style,
        ));
    }
    if let Some(why) = &model.source.why_not_ebpf {
        spans.push(Span::styled(format!("  {}", text::clean(why)), Theme::faint()));
    }
    Line::from(spans)
}

fn keys(model: &Model, screen: &Screen, theme: Theme) -> Line<'static> {
    match screen.mode {
        Mode::Prompt(Prompt::Search) => prompt("search: ", &screen.search),
        Mode::Prompt(Prompt::Filter) => prompt("only: ", &screen.arrangement.filter),
        _ => match model.troubles.first() {
            Some(trouble) => Line::styled(text::clean(trouble), theme.alarm()),
            None => hints(screen, theme),
        },
    }
}

fn prompt(label: &'static str, typed: &str) -> Line<'static> {
    Line::from(vec![
        Span::styled(label, Theme::strong()),
        Span::raw(text::clean(typed)),
        Span::styled(" ", Theme::selected()),
    ])
}

fn hints(screen: &Screen, theme: Theme) -> Line<'static> {
    let pairs: &[(&str, &str)] = match screen.mode {
        Mode::Detail(_) => &[("Esc", "back"), ("↑↓", "scroll"), ("p", "hold"), ("q", "quit")],
        Mode::SortMenu(_) => &[("↑↓", "choose"), ("Enter", "sort"), ("Esc", "back")],
        _ => &[
            ("?", "help"),
            ("Enter", "open"),
            ("←→", "fold"),
            ("s", "sort"),
            ("/", "search"),
            ("f", "filter"),
            ("p", "hold"),
            ("%", "unit"),
            ("q", "quit"),
        ],
    };
    let mut spans = Vec::new();
    if !screen.arrangement.filter.is_empty() {
        spans.push(Span::styled(
            format!("only {}  ", text::clean(&screen.arrangement.filter)),
            theme.found(),
        ));
    }
    for (key, what) in pairs {
        spans.push(Span::styled(*key, Theme::strong()));
        spans.push(Span::raw(format!(" {what}  ")));
    }
    Line::from(spans)
}
