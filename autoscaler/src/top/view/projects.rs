//! The projects: load on their own basis with the thresholds as marks on the bar, and what comes next: what the
//! running daemon says, or what the configuration asks for.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};

use super::{Theme, told};
use crate::model::CpuBasis;
use crate::top::model::{Model, ProjectRow, text};
use crate::top::screen::{Screen, Target};

/// Columns of a load: six digits at most.
const LOAD: usize = 6;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, screen: &Screen, theme: Theme) {
    if area.height < 2 {
        return;
    }
    let plan = Plan::new(usize::from(area.width), model);
    // The last line is below all projects.
    let room = usize::from(area.height) - 2;
    let selected = match screen.selected {
        Some(Target::Project(number)) => Some(number),
        _ => None,
    };
    // The selected one is seen; with none selected, the first are.
    let first = selected.map_or(0, |number| (number + 1).saturating_sub(room));
    let mut lines = vec![plan.heading(model, room, theme)];
    for (number, project) in model.projects.iter().enumerate().skip(first).take(room) {
        let line = plan.row(project, model, theme);
        lines.push(if selected == Some(number) {
            line.style(Theme::selected())
        } else {
            line
        });
    }
    if let Some(project) = selected.and_then(|number| model.projects.get(number)) {
        lines.push(plan.rest(project, model));
    }
    frame.render_widget(Text::from(lines), area);
}

/// How wide the columns are.
struct Plan {
    name: usize,
    workers: usize,
    bar: usize,
    /// None without a daemon, which alone knows.
    held: usize,
    rest: usize,
}

impl Plan {
    fn new(width: usize, model: &Model) -> Self {
        let widest = |heading: &str, cell: &dyn Fn(&ProjectRow) -> usize| {
            let cells = model.projects.iter().map(cell);
            cells.max().unwrap_or(0).max(text::width(heading))
        };
        let name = widest("PROJECT", &|project| text::width(&project.name));
        let workers = widest("WORKERS", &|project| text::width(&workers(project)));
        let held = match model.daemon {
            Some(_) => widest("HELD", &|project| text::width(&held(project))) + 1,
            None => 0,
        };
        let name = name.min(if width < 100 { 14 } else { 32 });
        let bar = (width / 6).clamp(10, 40);
        let taken = name + 1 + workers + 1 + bar + 1 + LOAD + held + 2;
        Self {
            name,
            workers,
            bar,
            held,
            rest: width.saturating_sub(taken),
        }
    }

    fn heading(&self, model: &Model, room: usize, theme: Theme) -> Line<'static> {
        let count = model.projects.len();
        let project = if room < count {
            format!("{room} OF {count}")
        } else {
            "PROJECT".to_owned()
        };
        let bar = if self.bar < 20 {
            "│ = THRESH."
        } else {
            "LOAD, │ = THRESHOLD"
        };
        Line::from(vec![
            Span::styled(
                format!(
                    "{} {:>workers$} {} {:>LOAD$}{:>held$}  ",
                    text::fit(&project, self.name),
                    "WORKERS",
                    text::fit(bar, self.bar),
                    "LOAD%",
                    if self.held > 0 { "HELD" } else { "" },
                    workers = self.workers,
                    held = self.held,
                ),
                theme.heading(),
            ),
            last_heading(model, theme),
        ])
    }

    fn row(&self, project: &ProjectRow, model: &Model, theme: Theme) -> Line<'static> {
        let mut spans = vec![
            Span::styled(text::fit(&project.name, self.name), Theme::strong()),
            Span::raw(format!(" {:>width$} ", workers(project), width = self.workers)),
        ];
        spans.extend(load_bar(project, self.bar, theme));
        let load = project.utilization.map_or_else(|| "–".to_owned(), text::number);
        spans.push(Span::raw(format!(" {load:>LOAD$}")));
        if self.held > 0 {
            spans.push(Span::raw(format!("{:>width$}", held(project), width = self.held)));
        }
        let (next, is_fault) = next(project, model);
        let next = text::fit(&next, self.rest);
        spans.push(Span::raw("  "));
        spans.push(if is_fault {
            Span::styled(next, theme.alarm())
        } else {
            Span::raw(next)
        });
        Line::from(spans)
    }

    /// What did not fit the row of the selected project.
    fn rest(&self, project: &ProjectRow, model: &Model) -> Line<'static> {
        let (next, _) = next(project, model);
        if text::width(&next) <= self.rest {
            return Line::default();
        }
        Line::styled(format!("  {next}"), Theme::faint())
    }
}

/// What the last column is about, and how fresh it is.
fn last_heading(model: &Model, theme: Theme) -> Span<'static> {
    let Some(daemon) = &model.daemon else {
        return Span::styled("WHAT IS NEXT", theme.heading());
    };
    if let Some(why) = &daemon.failing {
        return Span::styled(format!("DAEMON: {}", text::clean(why)), theme.alarm());
    }
    let what = if daemon.dry_run {
        "DRY RUN'S DECISION"
    } else {
        "LAST DECISION"
    };
    let when = match daemon.checked_at {
        Some(at) => format!(" ({})", told::ago(at, model.unix_seconds()).to_uppercase()),
        None => String::new(),
    };
    Span::styled(format!("{what}{when}"), theme.heading())
}

/// `2 (1-6)`, or `2→3 (1-6)` on the way.
fn workers(project: &ProjectRow) -> String {
    let count = match &project.workers {
        Ok(count) => count.to_string(),
        Err(_) => "–".to_owned(),
    };
    let to = project
        .daemon
        .as_ref()
        .and_then(|told| told.scaling_to)
        .map(|to| format!("→{to}"))
        .unwrap_or_default();
    format!("{count}{to} ({}-{})", project.bounds.min, project.bounds.max)
}

fn held(project: &ProjectRow) -> String {
    let told = project.daemon.as_ref().and_then(told::held);
    told.unwrap_or_else(|| "–".to_owned())
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
    // A mark at 100 % stands on the last column.
    let marks = [project.down_below, project.up_above].map(|threshold| {
        let mark = column(threshold?);
        Some(mark.min(columns.saturating_sub(1)))
    });
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

/// What the last column says, and whether it is a fault.
fn next(project: &ProjectRow, model: &Model) -> (String, bool) {
    if let Some(daemon) = &project.daemon {
        return (told::last(daemon, model.unix_seconds()), false);
    }
    if let Err(why) = &project.workers {
        return (text::clean(why), true);
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
    (parts.join(", "), false)
}
