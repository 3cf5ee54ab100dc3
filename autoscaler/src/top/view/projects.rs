//! The projects of the configuration: load on their own basis, with the thresholds as marks on the bar.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};

use super::Theme;
use crate::config::CpuBasis;
use crate::top::model::{Model, ProjectRow, text};
use crate::top::screen::{Screen, Target};

const NAME: usize = 18;
const WORKERS: usize = 11;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, screen: &Screen, theme: Theme) {
    if area.height < 2 {
        return;
    }
    let bar = (usize::from(area.width) / 4).clamp(10, 50);
    let mut lines = vec![Line::styled(
        format!(
            "{} {:>WORKERS$} {} {:>6}  {}",
            text::fit("PROJECT", NAME),
            "WORKERS",
            text::fit("LOAD, │ = THRESHOLD", bar),
            "LOAD%",
            "WHAT IS NEXT"
        ),
        theme.heading(),
    )];
    // The last line stays empty, between the projects and the tree.
    let room = usize::from(area.height) - 2;
    for (number, project) in model.projects.iter().enumerate().take(room) {
        let line = row(project, bar, theme);
        lines.push(if screen.selected == Some(Target::Project(number)) {
            line.style(Theme::selected())
        } else {
            line
        });
    }
    frame.render_widget(Text::from(lines), area);
}

fn row(project: &ProjectRow, bar: usize, theme: Theme) -> Line<'static> {
    let workers = match &project.workers {
        Ok(count) => count.to_string(),
        Err(_) => "–".to_owned(),
    };
    let mut spans = vec![
        Span::styled(text::fit(&project.name, NAME), Theme::strong()),
        Span::raw(format!(
            " {:>WORKERS$} ",
            format!("{workers} ({}-{})", project.bounds.min, project.bounds.max)
        )),
    ];
    spans.extend(load_bar(project, bar, theme));
    let load = project.utilization.map_or_else(|| "–".to_owned(), text::number);
    spans.push(Span::raw(format!(" {load:>6}  ")));
    spans.push(next(project, theme));
    Line::from(spans)
}

/// The bar is 100 % long; a threshold's mark stands where the bar would have to reach.
fn load_bar(project: &ProjectRow, columns: usize, theme: Theme) -> Vec<Span<'static>> {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the width of the bar"
    )]
    let column = |percent: f64| (percent.clamp(0.0, 100.0) / 100.0 * columns as f64).round() as usize;
    let filled = column(project.utilization.unwrap_or(0.0));
    let marks = [project.down_below, project.up_above].map(|threshold| threshold.map(column));
    (0..columns)
        .map(|index| {
            if marks.contains(&Some(index)) {
                Span::styled("│", theme.mark())
            } else if index < filled {
                Span::styled("█", theme.cpu())
            } else {
                Span::styled("·", Theme::faint())
            }
        })
        .collect()
}

fn next(project: &ProjectRow, theme: Theme) -> Span<'static> {
    if let Err(why) = &project.workers {
        return Span::styled(text::clean(why), theme.alarm());
    }
    if let Some(daemon) = &project.daemon {
        return Span::raw(text::clean(&daemon.last_decision));
    }
    let mut parts = Vec::new();
    if !project.enabled {
        parts.push("disabled".to_owned());
    }
    parts.extend(
        project
            .down_below
            .map(|threshold| format!("down below {threshold}%")),
    );
    parts.extend(project.up_above.map(|threshold| format!("up above {threshold}%")));
    if project.basis == CpuBasis::Host {
        parts.push("of the host".to_owned());
    }
    Span::raw(parts.join(", "))
}
