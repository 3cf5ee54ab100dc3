//! Figures over time, as lines that break where nothing is known.

use std::time::{Duration, SystemTime};

use super::{Past, Zone};
use crate::history::PastCheck;
use crate::report::picture::{Line, push};

/// Two checks farther apart than this many usual intervals have a gap between them.
const GAP: u32 = 3;

impl Past {
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
