//! The last lines: what the program itself costs, where its figures come from, and the keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};

use super::Theme;
use crate::model::SourceKind;
use crate::top::model::{Model, text};
use crate::top::screen::{Prompt, Screen, ScreenMode};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, screen: &Screen, theme: Theme) {
    let keys = keys(model, screen, theme);
    let lines = match area.height {
        0 => return,
        1 => vec![keys],
        _ => vec![cost(model, usize::from(area.width), theme), keys],
    };
    frame.render_widget(Text::from(lines), area);
}

/// Source, own cost and losses. What is lost comes last, and first when something is.
fn cost(model: &Model, width: usize, theme: Theme) -> Line<'static> {
    let Some(source) = &model.source else {
        return Line::styled("opening the source of the figures …", Theme::faint());
    };
    let kind = match source.kind {
        SourceKind::Ebpf => "source eBPF",
        SourceKind::CpuStat => "source cpu.stat",
    };
    let mut spans = vec![Span::styled(kind, Theme::strong())];
    let overflow = (source.kind == SourceKind::Ebpf).then(|| {
        let full = source.health.map_full;
        let style = if full > 0 { theme.alarm() } else { Style::new() };
        Span::styled(format!("  overflow {}", text::count(full)), style)
    });
    if source.health.map_full > 0 {
        spans.extend(overflow.clone());
    }
    if let Some(host) = &model.host {
        spans.extend(host.switches_per_s.map(|rate| {
            let unit = if width < 100 { "/s" } else { " switches/s" };
            let each = source.cost.map(|cost| format!("{:.0} ns × ", cost.ns_per_run()));
            let share = host.switching_percent.map(|share| format!(" = {share:.2}%"));
            Span::raw(format!(
                "  {}{rate:.0}{unit}{}",
                each.unwrap_or_default(),
                share.unwrap_or_default()
            ))
        }));
        spans.extend(
            host.own_cpu_percent
                .map(|own| Span::raw(format!("  own CPU {own:.1}%"))),
        );
    }
    if source.kind == SourceKind::Ebpf {
        spans.push(Span::raw(format!(
            "  lost {}",
            text::count(source.health.lost_switches)
        )));
    }
    if source.health.map_full == 0 {
        spans.extend(overflow);
    }
    if let Some(why) = &source.why_not_ebpf {
        spans.push(Span::styled(format!("  {}", text::clean(why)), Theme::faint()));
    }
    Line::from(spans)
}

fn keys(model: &Model, screen: &Screen, theme: Theme) -> Line<'static> {
    match screen.mode {
        ScreenMode::Prompt(Prompt::Search) => prompt("search: ", &screen.search),
        ScreenMode::Prompt(Prompt::Filter) => prompt("only: ", &screen.arrangement.filter),
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
        ScreenMode::Detail(_) => &[("Esc", "back"), ("↑↓", "scroll"), ("p", "hold"), ("q", "quit")],
        ScreenMode::SortMenu(_) => &[("↑↓", "choose"), ("Enter", "sort"), ("Esc", "back")],
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
