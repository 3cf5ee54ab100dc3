//! The first line: the host as a whole.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::Theme;
use crate::top::model::{Model, text};
use crate::top::screen::Screen;

/// Columns of the bar of the host's CPU, and on a narrow screen, where the order must fit beside it.
const BAR: usize = 16;
const NARROW_BAR: usize = 6;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, screen: &Screen, theme: Theme) {
    frame.render_widget(line(model, screen, theme, usize::from(area.width)), area);
}

fn line(model: &Model, screen: &Screen, theme: Theme, width: usize) -> Line<'static> {
    let mut spans = vec![Span::styled("autoscaler top", Theme::strong())];
    if screen.frozen.is_some() {
        spans.push(Span::styled(" HELD", theme.alarm()));
    }
    if let Some(host) = &model.host {
        let cpus = f64::from(host.cpus.max(1));
        spans.push(Span::raw(format!(
            "  {} CPU{}",
            host.cpus,
            if host.cpus == 1 { "" } else { "s" }
        )));
        if let Some(percent) = host.cpu_percent {
            // The kernel counts in ticks of 10 ms: a full second may come out a little longer.
            let share = (percent / (100.0 * cpus)).min(1.0);
            if width >= 72 {
                spans.push(Span::raw(" "));
                spans.extend(bar(share, if width >= 100 { BAR } else { NARROW_BAR }, theme));
            }
            spans.push(Span::raw(format!(" {}%", text::number(share * 100.0))));
        }
        spans.push(Span::raw(format!(
            "  mem {}/{}",
            text::bytes(host.memory_used),
            text::bytes(host.memory_total)
        )));
    }
    spans.push(Span::raw(format!("  every {}", interval(screen.interval))));
    let arrangement = &screen.arrangement;
    spans.push(Span::raw(format!(
        "  by {}{}",
        arrangement.sort.title(),
        if arrangement.reversed { ", reversed" } else { "" }
    )));
    Line::from(spans)
}

fn bar(share: f64, columns: usize, theme: Theme) -> [Span<'static>; 4] {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the width of the bar"
    )]
    let filled = (share.clamp(0.0, 1.0) * columns as f64).round() as usize;
    [
        Span::raw("▕"),
        Span::styled("█".repeat(filled), theme.cpu()),
        Span::styled("·".repeat(columns - filled), Theme::faint()),
        Span::raw("▏"),
    ]
}

fn interval(interval: Duration) -> String {
    let seconds = interval.as_secs_f64();
    if interval.subsec_millis() == 0 {
        format!("{seconds:.0}s")
    } else {
        format!("{seconds}s")
    }
}
