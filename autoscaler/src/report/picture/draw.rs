//! What every picture is drawn with: its colours, its header with the legend, and lines.

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::{FONT, Line, TimeAxis};

pub(crate) const WIDTH: u32 = 1200;
pub(crate) const HEADER: u32 = 74;

/// What is shown: the workers, or a figure.
pub(crate) const FIGURE: RGBColor = RGBColor(24, 60, 110);
pub(crate) const FILL: RGBColor = RGBColor(196, 213, 232);
pub(crate) const UP: RGBColor = RGBColor(217, 119, 6);
pub(crate) const DOWN: RGBColor = RGBColor(22, 130, 80);
pub(crate) const GRID: RGBColor = RGBColor(226, 228, 232);
pub(crate) const INK: RGBColor = RGBColor(40, 44, 52);

/// A chart over time.
pub(crate) type Chart<'a, B> = ChartContext<'a, B, Cartesian2d<TimeAxis, RangedCoordf64>>;

/// The title, and below it what each colour means.
pub(crate) fn header<'l, B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    title: &str,
    legend: impl IntoIterator<Item = (RGBColor, &'l str)>,
) -> Result<()>
where
    B::ErrorType: 'static,
{
    let style = (FONT, 20).into_font().color(&INK);
    area.draw_text(title, &style, (14, 12)).map_err(failed)?;
    let style = (FONT, 13).into_font().color(&INK);
    let mut x = 14;
    for (colour, what) in legend {
        area.draw(&Rectangle::new([(x, 47), (x + 16, 59)], colour.filled()))
            .map_err(failed)?;
        area.draw_text(what, &style, (x + 22, 46)).map_err(failed)?;
        let (width, _) = area.estimate_text_size(what, &style).map_err(failed)?;
        x += 22 + i32::try_from(width)? + 26;
    }
    Ok(())
}

pub(crate) fn draw_lines<B: DrawingBackend>(
    chart: &mut Chart<'_, B>,
    lines: &[Line],
    style: ShapeStyle,
) -> Result<()>
where
    B::ErrorType: 'static,
{
    for line in lines {
        chart
            .draw_series(LineSeries::new(line.iter().copied(), style))
            .map_err(failed)?;
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err gives")]
pub(crate) fn failed<E: std::error::Error + Send + Sync>(error: DrawingAreaErrorKind<E>) -> anyhow::Error {
    anyhow!("cannot draw the picture: {error}")
}
