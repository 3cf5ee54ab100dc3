//! The comparison as a picture: our policy's CPU between its thresholds, and below it each policy's workers over
//! the demand, all on one axis of time.

mod line;

use anyhow::Result;
use line::trace;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::model::Project;
use crate::picture::{
    DOWN, Drawing, FIGURE as WORKERS, FILL as SERVED, FONT, GRID, HEADER, INK, TimeAxis, UP, WIDTH,
    draw_lines, failed, header, whole_marks,
};
use crate::simulate::{Check, Comparison, Demand, Run};

const CPU_PANEL: u32 = 210;
const POLICY_PANEL: u32 = 128;
/// Room for the labels of the axis of time, below the last panel.
const TIME_LABELS: u32 = 34;

const UNMET: RGBColor = RGBColor(222, 60, 50);

/// The picture of one comparison whose checks were kept.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// What was simulated, for the title.
    pub title: &'a str,
    /// The policies; ours first.
    pub comparison: &'a Comparison,
    /// Their demand.
    pub demand: &'a Demand,
    /// The project of our policy.
    pub project: &'a Project,
    /// CPUs of the host.
    pub cpus: u32,
}

impl Drawing for Picture<'_> {
    fn size(&self) -> (u32, u32) {
        let policies = u32::try_from(self.comparison.runs.len()).unwrap_or(u32::MAX);
        (
            WIDTH,
            HEADER + CPU_PANEL + policies.saturating_mul(POLICY_PANEL) + TIME_LABELS,
        )
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        area.fill(&WHITE).map_err(failed)?;
        let (header, rest) = area.split_vertically(HEADER);
        self.header(&header)?;
        let (cpu, mut rest) = rest.split_vertically(CPU_PANEL);
        if let Some(ours) = self.comparison.runs.first() {
            self.cpu(&cpu, ours)?;
        }
        for (i, run) in self.comparison.runs.iter().enumerate() {
            let last = i + 1 == self.comparison.runs.len();
            let height = POLICY_PANEL + if last { TIME_LABELS } else { 0 };
            let (panel, below) = rest.split_vertically(height);
            self.policy(&panel, run, last)?;
            rest = below;
        }
        Ok(())
    }
}

impl Picture<'_> {
    fn time(&self) -> std::ops::Range<f64> {
        self.demand.start..self.demand.end()
    }

    fn header<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let legend = [
            (SERVED, "demand served, CPUs"),
            (UNMET, "not served"),
            (WORKERS, "workers (in the first panel their CPU, %)"),
            (UP, "threshold of the next step up, %"),
            (DOWN, "threshold of the next step down, %"),
        ];
        header(area, self.title, legend)
    }

    /// CPU of our policy's workers, between the thresholds that the count of the moment has.
    fn cpu<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, ours: &Run) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let caption = format!(
            "CPU of {}'s workers, % of what they can use ({})",
            self.project.name, ours.label
        );
        let mut chart = panel(area, &caption, false)
            .build_cartesian_2d(TimeAxis(self.time()), 0.0..110.0)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .x_labels(0)
            .y_labels(6)
            .y_label_formatter(&|percent| format!("{percent:.0} %"))
            .label_style((FONT, 12).into_font().color(&INK))
            .draw()
            .map_err(failed)?;
        let cpus = self.cpus;
        let percent = |check: &Check| {
            let capacity = f64::from(check.workers.min(cpus));
            Some(100.0 * check.served.served / (check.served.seconds * capacity))
        };
        let ladder = self.project.cpu.as_ref();
        let up = |check: &Check| Some(ladder?.next_up(check.workers)?.1);
        let down = |check: &Check| Some(ladder?.rungs_below(check.workers).last()?.1);
        for (colour, width, lines) in [
            (WORKERS, 1, trace(ours, self.demand, percent)),
            (UP, 2, trace(ours, self.demand, up)),
            (DOWN, 2, trace(ours, self.demand, down)),
        ] {
            draw_lines(&mut chart, &lines, colour.stroke_width(width))?;
        }
        Ok(())
    }

    fn policy<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>, run: &Run, last: bool) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let score = &run.score;
        let caption = format!(
            "{}: {:.0} worker-hours, {:.2} % of the demand not served, {} steps",
            run.label, score.worker_hours, score.unmet_percent, score.steps
        );
        let most = f64::from(self.project.bounds.max);
        // A demand far over the maximum would flatten everything else.
        let top = most.max(self.demand.highest().min(1.5 * most)) * 1.08;
        let mut chart = panel(area, &caption, last)
            .build_cartesian_2d(TimeAxis(self.time()), 0.0..top)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .x_labels(if last { 100 } else { 0 })
            .y_labels(whole_marks(top))
            .y_desc("CPUs, workers")
            .y_label_formatter(&|count| format!("{count:.0}"))
            .label_style((FONT, 12).into_font().color(&INK))
            .draw()
            .map_err(failed)?;
        let wanted = |check: &Check| Some((check.served.demand / check.served.seconds).min(top));
        let served = |check: &Check| Some(check.served.served / check.served.seconds);
        for (colour, lines) in [
            (UNMET, trace(run, self.demand, wanted)),
            (SERVED, trace(run, self.demand, served)),
        ] {
            for line in lines {
                chart
                    .draw_series(AreaSeries::new(line, 0.0, colour))
                    .map_err(failed)?;
            }
        }
        let workers = trace(run, self.demand, |check| Some(f64::from(check.workers)));
        draw_lines(&mut chart, &workers, WORKERS.stroke_width(2))
    }
}

/// A panel with its caption above the chart.
fn panel<'a, 'b, B: DrawingBackend>(
    area: &'a DrawingArea<B, Shift>,
    caption: &str,
    last: bool,
) -> ChartBuilder<'a, 'b, B> {
    let style = (FONT, 14)
        .into_font()
        .color(&INK)
        .pos(Pos::new(HPos::Left, VPos::Top));
    // The text of a picture that cannot be drawn fails again with the chart, and is told of there.
    let _ = area.draw_text(caption, &style, (62, 4));
    let mut builder = ChartBuilder::on(area);
    builder
        .margin_top(24)
        .margin_bottom(6)
        .margin_left(6)
        .margin_right(46)
        .x_label_area_size(if last { TIME_LABELS } else { 0 })
        .y_label_area_size(56);
    builder
}
