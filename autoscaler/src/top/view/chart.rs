//! A series over the last minutes as a line, with its mean and maximum.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType};

use super::Theme;
use crate::top::model::text;
use crate::top::model::trail::{CAPACITY, Summary};

/// What a chart shows.
pub(super) struct Series<'a> {
    /// What is measured, with its unit.
    pub(super) title: &'a str,
    /// The same in few letters.
    pub(super) short: &'a str,
    /// The values, oldest first.
    pub(super) values: Vec<f64>,
    /// Mean and maximum of the values.
    pub(super) summary: Summary,
    /// The least that the axis reaches to.
    pub(super) floor: f64,
    /// How the line looks.
    pub(super) style: Style,
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, series: &Series<'_>) {
    // The newest point stands at the right edge.
    let first = CAPACITY.saturating_sub(series.values.len());
    let points: Vec<(f64, f64)> = series
        .values
        .iter()
        .enumerate()
        .map(|(index, value)| ((first + index) as f64, *value))
        .collect();
    let top = series.summary.max.max(series.floor) * 1.05;
    let now = text::number(series.values.last().copied().unwrap_or(0.0));
    let (mean, max) = (
        text::number(series.summary.mean),
        text::number(series.summary.max),
    );
    let mut title = format!(" {}: now {now}, mean {mean}, max {max} ", series.title);
    if text::width(&title) + 2 > usize::from(area.width) {
        title = format!(" {} {now}, mean {mean}, max {max} ", series.short);
    }
    let chart = Chart::new(vec![
        Dataset::default()
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(series.style)
            .data(&points),
    ])
    .block(Block::bordered().title(title))
    .x_axis(Axis::default().bounds([0.0, (CAPACITY - 1) as f64]))
    .y_axis(
        Axis::default()
            .bounds([0.0, top])
            .labels(["0".to_owned(), text::number(top)])
            .style(Theme::faint()),
    );
    frame.render_widget(chart, area);
}
