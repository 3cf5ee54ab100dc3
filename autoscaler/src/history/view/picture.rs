//! The history as a picture: CPU between its thresholds, the queue, the workers with each decision marked, and
//! memory under its limit, all on one axis of time.

use crate::model::Measure;
use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::history::PastCheck;
use crate::history::view::series::Column;
use crate::history::view::{Past, Zone, figure, mib};
use crate::picture::{
    Chart, DOWN, Drawing, FIGURE, FILL, FONT, GRID, HEADER, INK, Line, TimeAxis, UP, WIDTH, draw_lines,
    failed, header, whole_marks,
};

/// From so many checks on, a figure that is another at each is a thicket: its range is filled in, and its mean drawn.
const CROWD: usize = 1000;

/// Columns of a crowded picture, four pixels each.
const COLUMNS: u32 = 270;

/// From so many steps on, a line through the panels at each would hide them.
const MANY_STEPS: usize = 100;

/// Room for the labels of the axis of time, below the last panel.
const TIME_LABELS: u32 = 46;

/// The picture of one project's history.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// What is drawn.
    pub past: &'a Past,
    /// The zone of the times.
    pub zone: Zone,
}

/// One panel: a figure over time.
struct Panel<'p> {
    caption: &'p str,
    unit: &'p str,
    height: u32,
    top: f64,
    /// The lowest and the highest of the figure, where it is crowded.
    range: Vec<Vec<Column>>,
    figure: Vec<Line>,
    /// Lines that bound it, by colour.
    bounds: Vec<(RGBColor, Vec<Line>)>,
    filled: bool,
    /// Whether the decisions are marked on it.
    marked: bool,
}

impl Drawing for Picture<'_> {
    fn size(&self) -> (u32, u32) {
        let panels: u32 = self.panels().iter().map(|panel| panel.height).sum();
        (WIDTH, HEADER + panels + TIME_LABELS)
    }

    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        area.fill(&WHITE).map_err(failed)?;
        let (header, mut rest) = area.split_vertically(HEADER);
        self.header(&header)?;
        let panels = self.panels();
        for (i, panel) in panels.iter().enumerate() {
            let last = i + 1 == panels.len();
            let height = panel.height + if last { TIME_LABELS } else { 0 };
            let (here, below) = rest.split_vertically(height);
            self.panel(&here, panel, last)?;
            rest = below;
        }
        Ok(())
    }
}

impl Picture<'_> {
    fn panels(&self) -> Vec<Panel<'static>> {
        let past = self.past;
        let lines = |value: &dyn Fn(&PastCheck) -> Option<f64>| past.lines(self.zone, value);
        let range = |value: &dyn Fn(&PastCheck) -> Option<f64>| {
            if self.is_crowded() {
                past.columns(self.zone, COLUMNS, value)
            } else {
                Vec::new()
            }
        };
        let figure = |range: &[Vec<Column>], value: &dyn Fn(&PastCheck) -> Option<f64>| match range {
            [] => lines(value),
            range => range.iter().map(|stretch| means(stretch)).collect(),
        };
        let cpu = |check: &PastCheck| check.figures.cpu_percent;
        let queue = |check: &PastCheck| check.figures.queue.map(|waiting| waiting as f64);
        let workers = |check: &PastCheck| check.figures.workers.map(f64::from);
        let memory = |check: &PastCheck| check.memory.current.map(mib);
        let limit = |check: &PastCheck| check.memory.max.map(mib);
        let cpu_range = range(&cpu);
        let mut panels = vec![Panel {
            caption: "CPU of its workers, % of what they can use",
            unit: "CPU, %",
            height: 260,
            top: 1.08 * past.highest(cpu).max(100.0),
            figure: figure(&cpu_range, &cpu),
            range: cpu_range,
            bounds: vec![
                (UP, lines(&|check| check.thresholds.up(Measure::Cpu))),
                (DOWN, lines(&|check| check.thresholds.down(Measure::Cpu))),
            ],
            filled: false,
            marked: true,
        }];
        if past.has_queue() {
            let queue_range = range(&queue);
            panels.push(Panel {
                caption: "Tasks waiting in its queues",
                unit: "tasks",
                height: 180,
                top: 1.08 * past.highest(queue).max(10.0),
                figure: figure(&queue_range, &queue),
                range: queue_range,
                bounds: vec![
                    (UP, lines(&|check| check.thresholds.up(Measure::Queue))),
                    (DOWN, lines(&|check| check.thresholds.down(Measure::Queue))),
                ],
                filled: false,
                marked: true,
            });
        }
        if past.has_requests() {
            panels.extend(self.requests());
        }
        if past.has_promise() {
            panels.push(self.late());
        }
        panels.push(Panel {
            caption: "Workers, and each step decided on",
            unit: "workers",
            height: 170,
            top: past.highest(workers) + 1.2,
            figure: lines(&workers),
            range: Vec::new(),
            bounds: Vec::new(),
            filled: true,
            marked: true,
        });
        if past.has_memory() {
            panels.push(Panel {
                caption: "Memory of its cgroup, and its limit",
                unit: "MiB",
                height: 170,
                top: 1.1 * past.highest(limit).max(past.highest(memory)).max(1.0),
                figure: lines(&memory),
                range: Vec::new(),
                bounds: vec![(INK, lines(&limit))],
                filled: true,
                marked: false,
            });
        }
        panels
    }

    /// Late requests, and how many may be.
    fn late(&self) -> Panel<'static> {
        let past = self.past;
        let top = past.highest(figure::late).max(past.highest(figure::promised));
        Panel {
            caption: "Late requests, and as many as are promised, %",
            unit: "late, %",
            height: 150,
            top: 1.08 * top.max(2.0),
            figure: past.lines(self.zone, figure::late),
            range: Vec::new(),
            bounds: vec![(UP, past.lines(self.zone, figure::promised))],
            filled: false,
            marked: true,
        }
    }

    /// Requests that wait, busy slots of all, and the wait of 95 of 100.
    fn requests(&self) -> [Panel<'static>; 3] {
        let past = self.past;
        let lines = |value: &dyn Fn(&PastCheck) -> Option<f64>| past.lines(self.zone, value);
        let panel = |caption, unit, value: fn(&PastCheck) -> Option<f64>, least: f64| Panel {
            caption,
            unit,
            height: 150,
            top: 1.08 * past.highest(value).max(least),
            figure: lines(&value),
            range: Vec::new(),
            bounds: Vec::new(),
            filled: false,
            marked: true,
        };
        let slots = past.highest(figure::slots).max(1.0);
        let waiting = panel(
            "Requests that wait for a worker",
            "requests",
            figure::waiting,
            5.0,
        );
        let busy = Panel {
            bounds: vec![(INK, lines(&figure::slots))],
            ..panel("Busy slots, and all of them", "slots", figure::busy, slots)
        };
        let wait = Panel {
            bounds: vec![
                (UP, lines(&|check| check.thresholds.up(Measure::Wait))),
                (DOWN, lines(&|check| check.thresholds.down(Measure::Wait))),
            ],
            ..panel(
                "Wait that 95 of 100 requests do not exceed, ms",
                "ms",
                figure::wait,
                10.0,
            )
        };
        [waiting, busy, wait]
    }

    fn header<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let past = self.past;
        let title = format!(
            "{}, {} to {} {}: {} checks, {} steps",
            past.project,
            self.zone.minutes(past.since),
            self.zone.minutes(past.until),
            self.zone.name(),
            past.checks.len(),
            past.steps().count()
        );
        let crowded = self.is_crowded();
        let legend = [
            (
                FIGURE,
                if crowded {
                    "the figure, its mean"
                } else {
                    "the figure"
                },
            ),
            (UP, "threshold of the next step up; a step up"),
            (DOWN, "threshold of the next step down; a step down"),
        ];
        let range = crowded.then_some((FILL, "lowest to highest"));
        let limit = past.has_memory().then_some((INK, "memory limit"));
        header(area, &title, legend.into_iter().chain(range).chain(limit))
    }

    fn is_crowded(&self) -> bool {
        self.past.checks.len() >= CROWD
    }

    fn panel<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        panel: &Panel<'_>,
        last: bool,
    ) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let style = (FONT, 14)
            .into_font()
            .color(&INK)
            .pos(Pos::new(HPos::Left, VPos::Top));
        area.draw_text(panel.caption, &style, (72, 4)).map_err(failed)?;
        let mut chart = ChartBuilder::on(area)
            .margin_top(24)
            .margin_bottom(6)
            .margin_left(6)
            .margin_right(46)
            .x_label_area_size(if last { TIME_LABELS } else { 0 })
            .y_label_area_size(66)
            .build_cartesian_2d(TimeAxis(self.past.wall(self.zone)), 0.0..panel.top)
            .map_err(failed)?;
        let zone = format!("time, {}", self.zone.name());
        let mut mesh = chart.configure_mesh();
        mesh.bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .x_labels(if last { 100 } else { 0 })
            .y_labels(whole_marks(panel.top))
            .y_desc(panel.unit)
            .y_label_formatter(&|value| format!("{value:.0}"))
            .label_style((FONT, 12).into_font().color(&INK));
        if last {
            mesh.x_desc(zone);
        }
        mesh.draw().map_err(failed)?;
        if panel.filled {
            for line in &panel.figure {
                chart
                    .draw_series(AreaSeries::new(line.iter().copied(), 0.0, FILL))
                    .map_err(failed)?;
            }
        }
        for stretch in &panel.range {
            let outline = Polygon::new(outline(stretch), FILL.filled());
            chart.draw_series([outline]).map_err(failed)?;
        }
        if panel.marked {
            self.marks(&mut chart, panel)?;
        }
        for (colour, lines) in &panel.bounds {
            draw_lines(&mut chart, lines, colour.stroke_width(2))?;
        }
        draw_lines(&mut chart, &panel.figure, FIGURE.stroke_width(2))
    }

    /// A line through the panel at each decision, and on the panel of workers a triangle at the count it went to.
    fn marks<B: DrawingBackend>(&self, chart: &mut Chart<'_, B>, panel: &Panel<'_>) -> Result<()>
    where
        B::ErrorType: 'static,
    {
        let many = self.past.steps().count() >= MANY_STEPS;
        for (check, from, to) in self.past.steps() {
            let at = self.zone.wall_seconds(check.at);
            let colour = if to > from { UP } else { DOWN };
            if !many {
                let line = LineSeries::new([(at, 0.0), (at, panel.top)], colour.mix(0.35).stroke_width(1));
                chart.draw_series(line).map_err(failed)?;
            }
            if panel.filled {
                let place = (at, f64::from(to));
                let size = if many { 4 } else { 7 } * if to > from { 1 } else { -1 };
                let triangle = TriangleMarker::new(place, size, colour.filled());
                chart.draw_series([triangle]).map_err(failed)?;
            }
        }
        Ok(())
    }
}

/// The mean of each column, as a line.
fn means(stretch: &[Column]) -> Line {
    let ends = |column: &Column| [(column.from, column.mean), (column.until, column.mean)];
    stretch.iter().flat_map(ends).collect()
}

/// Around all that lies between the lowest and the highest values.
fn outline(stretch: &[Column]) -> Line {
    let over = |column: &Column| [(column.from, column.high), (column.until, column.high)];
    let under = |column: &Column| [(column.until, column.low), (column.from, column.low)];
    let back = stretch.iter().rev().flat_map(under);
    stretch.iter().flat_map(over).chain(back).collect()
}
