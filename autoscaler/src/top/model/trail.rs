//! The last minutes of one cgroup, for sparklines and charts.

use std::collections::VecDeque;

use super::figures::Figures;

/// Points kept: five minutes at the usual interval of one second.
pub const CAPACITY: usize = 300;

/// One interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// CPU, percent of one CPU.
    pub cpu: f32,
    /// Run-queue wait, ms per second; `None` where the source cannot tell.
    pub wait: Option<f32>,
}

/// The last [`CAPACITY`] intervals of one cgroup.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LoadTrail {
    points: VecDeque<Point>,
    pushed: u64,
}

/// Mean and maximum of a series.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Summary {
    /// The mean.
    pub mean: f64,
    /// The maximum.
    pub max: f64,
}

impl LoadTrail {
    /// Adds an interval; the oldest goes when there are too many.
    pub fn push(&mut self, figures: &Figures) {
        if self.points.len() == CAPACITY {
            self.points.pop_front();
        }
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a point on a chart needs no more than a f32 holds"
        )]
        self.points.push_back(Point {
            cpu: figures.cpu_percent() as f32,
            wait: figures.wait_ms_per_s().map(|wait| wait as f32),
        });
        self.pushed += 1;
    }

    /// The points, oldest first.
    #[must_use]
    pub fn points(&self) -> impl ExactSizeIterator<Item = Point> + '_ {
        self.points.iter().copied()
    }

    /// CPU as at most `columns` means of equally many points each, oldest first, over the last `span` points.
    /// The groups keep their borders from one interval to the next, so that a sparkline moves but does not dance.
    #[must_use]
    pub fn cpu_columns(&self, columns: usize, span: usize) -> Vec<f32> {
        if columns == 0 {
            return Vec::new();
        }
        let group = span.div_ceil(columns).max(1) as u64;
        let first_number = self.pushed - self.points.len() as u64;
        let mut means: VecDeque<(u64, f32, u16)> = VecDeque::with_capacity(columns + 1);
        for (number, point) in (first_number..).zip(&self.points) {
            match means.back_mut() {
                Some((key, sum, count)) if *key == number / group => {
                    *sum += point.cpu;
                    *count += 1;
                }
                _ => means.push_back((number / group, point.cpu, 1)),
            }
            if means.len() > columns {
                means.pop_front();
            }
        }
        means
            .into_iter()
            .map(|(_, sum, count)| sum / f32::from(count))
            .collect()
    }

    /// Mean and maximum of the CPU, percent of one CPU.
    #[must_use]
    pub fn cpu_summary(&self) -> Summary {
        Summary::of(self.points.iter().map(|point| f64::from(point.cpu)))
    }

    /// Mean and maximum of the wait, ms per second.
    #[must_use]
    pub fn wait_summary(&self) -> Summary {
        Summary::of(self.points.iter().filter_map(|point| point.wait).map(f64::from))
    }
}

impl Summary {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (mut sum, mut count, mut max) = (0.0, 0_u32, 0.0_f64);
        for value in values {
            sum += value;
            count += 1;
            max = max.max(value);
        }
        Self {
            mean: if count == 0 { 0.0 } else { sum / f64::from(count) },
            max,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn trail(percents: &[u64]) -> LoadTrail {
        let mut trail = LoadTrail::default();
        for percent in percents {
            trail.push(&Figures {
                covered: Duration::from_secs(1),
                cpu_ns: percent * 10_000_000,
                wait_ns: None,
            });
        }
        trail
    }

    #[test]
    fn mean_and_maximum() {
        let summary = trail(&[0, 50, 100]).cpu_summary();
        assert!((summary.mean - 50.0).abs() < 1e-6);
        assert!((summary.max - 100.0).abs() < 1e-6);
        assert_eq!(trail(&[]).cpu_summary(), Summary::default());
        assert_eq!(trail(&[1]).wait_summary(), Summary::default());
    }

    #[test]
    fn keeps_the_newest() {
        let many: Vec<u64> = (0..CAPACITY as u64 + 10).collect();
        let trail = trail(&many);
        assert_eq!(trail.points().len(), CAPACITY);
        assert_eq!(trail.points().next().map(|point| point.cpu), Some(10.0));
    }

    #[test]
    fn columns_are_means_whose_borders_stay() {
        let before = trail(&[10, 20, 30, 40]).cpu_columns(3, 6);
        assert_eq!(before, [15.0, 35.0]);
        let after = trail(&[10, 20, 30, 40, 80]).cpu_columns(3, 6);
        assert_eq!(after, [15.0, 35.0, 80.0]);
        let later = trail(&[10, 20, 30, 40, 80, 0, 7]).cpu_columns(3, 6);
        assert_eq!(later, [35.0, 40.0, 7.0]);
    }
}
