//! The tree of cgroups.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};

use super::Theme;
use crate::top::model::{Arrangement, Column, Entry, FoldMark, Model, Row, Unit, text};
use crate::top::screen::{Screen, Target};

/// Points that a sparkline covers: two minutes at the usual interval.
const SPARKLINE_SPAN: usize = 120;
/// The full height of a sparkline, percent of one CPU; more where the cgroup used more.
const SPARKLINE_FULL: f32 = 100.0;
const SPARKLINE_LEAST: usize = 8;
const NAME_LEAST: usize = 20;
const NAME_TINIEST: usize = 4;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, screen: &Screen, theme: Theme) {
    let rows = screen.arrangement.rows(model);
    let plan = Plan::new(usize::from(area.width), model, &rows);
    let mut lines = vec![plan.heading(screen, theme)];
    let page = usize::from(area.height.saturating_sub(1));
    for row in rows.iter().skip(screen.offset).take(page) {
        lines.push(plan.row(row, model, screen, theme));
    }
    if rows.is_empty() && !screen.arrangement.filter.is_empty() {
        lines.push(Line::raw("no cgroup contains this text: Esc shows all"));
    }
    frame.render_widget(Text::from(lines), area);
}

/// Which columns there are and how wide.
struct Plan {
    name: usize,
    columns: Vec<Column>,
    sparkline: usize,
}

impl Plan {
    fn new(width: usize, model: &Model, rows: &[Row<'_>]) -> Self {
        let mut columns: Vec<Column> = Column::ALL
            .into_iter()
            .filter(|column| column.is_known(model))
            .collect();
        let taken = |columns: &[Column]| -> usize { columns.iter().map(|column| column.width() + 1).sum() };
        for column in Column::FIRST_TO_GO {
            if taken(&columns) + NAME_LEAST <= width {
                break;
            }
            columns.retain(|other| *other != column);
        }
        // A name says more than half a figure.
        if taken(&columns) + NAME_TINIEST > width {
            columns.clear();
        }
        let free = width.saturating_sub(taken(&columns));
        // Names take what they need, so that the figures stand beside them; the history takes the rest, and a third
        // where names would take all.
        let names = rows
            .iter()
            .map(|row| 2 * row.depth + 2 + text::width(&row.entry.name));
        let names = names.max().unwrap_or(0).max(NAME_LEAST);
        let sparkline = match (free / 3).max(free.saturating_sub(names + 1)) {
            narrow if narrow <= SPARKLINE_LEAST => 0,
            enough => enough.min(SPARKLINE_SPAN),
        };
        let beside = if sparkline > 0 { sparkline + 1 } else { 0 };
        Self {
            name: free.saturating_sub(beside).min(names),
            columns,
            sparkline,
        }
    }

    fn heading(&self, screen: &Screen, theme: Theme) -> Line<'static> {
        let mut spans = vec![Span::raw(text::fit("CGROUP", self.name))];
        for column in &self.columns {
            let title = column.title(screen.unit);
            let style = if column.is_order(screen.arrangement.sort) {
                Theme::selected()
            } else {
                Style::new()
            };
            // The title alone is marked, not the space beside it.
            spans.push(Span::raw(" ".repeat(column.width() + 1 - title.len())));
            spans.push(Span::styled(title, style));
        }
        if self.sparkline > 0 {
            spans.push(Span::raw(" "));
            spans.push(Span::raw(text::fit(
                if self.sparkline < 17 {
                    "HISTORY"
                } else {
                    "CPU, LAST MINUTES"
                },
                self.sparkline,
            )));
        }
        Line::from(spans).style(theme.heading())
    }

    fn row(&self, row: &Row<'_>, model: &Model, screen: &Screen, theme: Theme) -> Line<'static> {
        let entry = row.entry;
        let selected = screen.selected == Some(Target::Cgroup(entry.id));
        let found = !screen.search.is_empty() && Arrangement::matches(entry, &screen.search);
        let name_style = if found { theme.found() } else { Style::new() };
        let mut spans = vec![Span::styled(self.name(row), name_style)];
        for column in &self.columns {
            let cell = column.text(entry, screen.unit, model.host.as_ref());
            let style = style(*column, entry, cell.is_some(), screen.unit, theme);
            let cell = cell.unwrap_or_else(|| "–".to_owned());
            spans.push(Span::styled(
                format!(" {cell:>width$}", width = column.width()),
                style,
            ));
        }
        if self.sparkline > 0 {
            spans.push(Span::raw(" "));
            spans.push(Span::styled(sparkline(entry, self.sparkline), theme.cpu()));
        }
        let line = Line::from(spans);
        if selected {
            line.style(Theme::selected())
        } else {
            line
        }
    }

    /// The name behind its indent and mark. The indent of a deep tree leaves half of the columns to the name.
    fn name(&self, row: &Row<'_>) -> String {
        let indent = (2 * row.depth).min(self.name / 2);
        let mark = match row.mark {
            FoldMark::Leaf => ' ',
            FoldMark::Open => '▾',
            FoldMark::Folded => '▸',
        };
        text::fit(&format!("{:indent$}{mark} {}", "", row.entry.name), self.name)
    }
}

/// Figures that hurt stand out, those that are nil step back.
fn style(column: Column, entry: &Entry, known: bool, unit: Unit, theme: Theme) -> Style {
    if !known {
        return Theme::faint();
    }
    let share = entry.figures.and_then(|figures| figures.wait_share());
    let detail = entry.detail.as_ref();
    match column {
        Column::Cpu if unit != Unit::Time && entry.figures.is_none_or(|f| f.cpu_percent() < 0.05) => {
            Theme::faint()
        }
        Column::Cpu => Theme::strong(),
        Column::Wait | Column::WaitShare if share.is_some_and(|share| share >= 20.0) => theme.alarm(),
        Column::Wait | Column::WaitShare if share.is_none_or(|share| share < 0.05) => Theme::faint(),
        Column::Throttled if entry.throttled.is_some_and(|throttled| throttled.time_ns > 0) => theme.alarm(),
        Column::Throttled | Column::MemoryMax => Theme::faint(),
        Column::Pressure if detail.is_some_and(|d| d.cpu_pressure.is_some_and(|p| p >= 20.0)) => {
            theme.alarm()
        }
        Column::Pressure if detail.is_some_and(|d| d.cpu_pressure.is_some_and(|p| p < 0.05)) => {
            Theme::faint()
        }
        _ => Style::new(),
    }
}

/// The CPU of the last minutes, the newest on the right.
fn sparkline(entry: &Entry, columns: usize) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let means = entry.trail.cpu_columns(columns, SPARKLINE_SPAN);
    let top = means.iter().copied().fold(SPARKLINE_FULL, f32::max);
    let mut out = " ".repeat(columns - means.len());
    for mean in means {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the number of levels"
        )]
        let level = (mean / top * 7.0).round().clamp(0.0, 7.0) as usize;
        out.push(LEVELS.get(level).copied().unwrap_or(' '));
    }
    out
}
