//! What every picture is drawn with: its colours, its header with the legend, and lines.

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::picture::{FONT, Line, TimeAxis};

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

/// Most marks that an axis from 0 to `top` may be asked for, so that each stands at a whole number and its label is
/// the value it stands at: plotters halves the distance of 1 between them only where that fits into the number.
pub(crate) fn whole_marks(top: f64) -> usize {
    const MOST: usize = 5;
    (1..MOST).find(|marks| top < *marks as f64).unwrap_or(MOST)
}

#[cfg(test)]
mod tests {
    use plotters::coord::ranged1d::{BoldPoints, Ranged as _};

    use super::*;

    #[test]
    fn every_mark_stands_at_a_whole_number() {
        for top in [
            1.08, 1.2, 2.16, 2.2, 3.2, 4.2, 5.2, 7.2, 10.8, 13.0, 54.3, 108.0, 512.5,
        ] {
            let axis = RangedCoordf64::from(0.0..top);
            let marks = axis.key_points(BoldPoints(whole_marks(top)));
            assert!(marks.len() >= 2, "{top}: {marks:?}");
            assert!(
                marks.iter().all(|mark| (mark - mark.round()).abs() < 1e-9),
                "{top}: {marks:?}"
            );
        }
    }
}
