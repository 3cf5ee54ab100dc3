//! Figures over time, as lines that break where nothing is known.

use std::time::{Duration, SystemTime};

use super::{Past, Zone};
use crate::history::PastCheck;
use crate::picture::{Line, push};

/// Two checks farther apart than this many usual intervals have a gap between them.
const GAP: u32 = 3;

/// What a figure was within one column of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Column {
    /// The column's beginning, in seconds of the wall's clock.
    pub(super) from: f64,
    /// Its end.
    pub(super) until: f64,
    /// The lowest value in it.
    pub(super) low: f64,
    /// The mean of the values in it.
    pub(super) mean: f64,
    /// The highest.
    pub(super) high: f64,
}

impl Past {
    /// One figure by columns, `count` over the whole window: stretches without a column that lacks a value.
    pub(super) fn columns(
        &self,
        zone: Zone,
        count: u32,
        value: impl Fn(&PastCheck) -> Option<f64>,
    ) -> Vec<Vec<Column>> {
        let wall = self.wall(zone);
        let width = (wall.end - wall.start) / f64::from(count);
        let known: Vec<(f64, f64)> = self
            .checks
            .iter()
            .filter_map(|check| Some((zone.wall_seconds(check.at), value(check)?)))
            .collect();
        let mut rest = known.as_slice();
        let (mut stretches, mut stretch) = (Vec::new(), Vec::new());
        for column in 1..=count {
            let until = wall.start + width * f64::from(column);
            let here = rest.partition_point(|(at, _)| *at <= until);
            let (values, later) = rest.split_at(here);
            rest = later;
            if values.is_empty() {
                stretches.push(std::mem::take(&mut stretch));
                continue;
            }
            let values = || values.iter().map(|(_, value)| *value);
            stretch.push(Column {
                from: until - width,
                until,
                low: values().fold(f64::INFINITY, f64::min),
                mean: values().sum::<f64>() / here as f64,
                high: values().fold(f64::NEG_INFINITY, f64::max),
            });
        }
        stretches.push(stretch);
        stretches.retain(|stretch| !stretch.is_empty());
        stretches
    }

    /// The lines of one figure, in seconds of the wall's clock. Each value stands for the interval before its check, so a line is a stair.
    pub(super) fn lines(&self, zone: Zone, value: impl Fn(&PastCheck) -> Option<f64>) -> Vec<Line> {
        let usual = self.usual_interval();
        let (mut lines, mut line) = (Vec::new(), Line::new());
        let mut before: Option<SystemTime> = None;
        for check in &self.checks {
            let since = before
                .and_then(|before| check.at.duration_since(before).ok())
                .filter(|since| *since <= usual * GAP);
            if since.is_none() && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            before = Some(check.at);
            let Some(value) = value(check) else {
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                continue;
            };
            let end = zone.wall_seconds(check.at);
            push(&mut line, (end - since.unwrap_or(usual).as_secs_f64(), value));
            push(&mut line, (end, value));
        }
        lines.push(line);
        lines.retain(|line| !line.is_empty());
        lines
    }

    /// The highest value of a figure; 0 where it is never known.
    pub(super) fn highest(&self, value: impl Fn(&PastCheck) -> Option<f64>) -> f64 {
        self.checks.iter().filter_map(value).fold(0.0, f64::max)
    }

    /// The window, in seconds of the wall's clock.
    pub(super) fn wall(&self, zone: Zone) -> std::ops::Range<f64> {
        zone.wall_seconds(self.since)..zone.wall_seconds(self.until)
    }

    /// The median time between two checks.
    fn usual_interval(&self) -> Duration {
        let mut between: Vec<_> = self
            .checks
            .windows(2)
            .filter_map(|two| two[1].at.duration_since(two[0].at).ok())
            .collect();
        let middle = between.len() / 2;
        if between.is_empty() {
            return Duration::from_mins(2);
        }
        *between.select_nth_unstable(middle).1
    }
}
