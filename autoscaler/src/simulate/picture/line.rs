//! Checks as a line with no more points than a picture can show.

use crate::picture::{Line, push};
use crate::simulate::{Check, Demand, Run};

/// Columns of a picture that are told apart.
const COLUMNS: usize = 1100;

/// The line of one figure over all checks, broken where it has none. More checks than columns are drawn by the
/// first, lowest, highest and last value of each column, which looks the same.
pub(super) fn trace(run: &Run, demand: &Demand, value: impl Fn(&Check) -> Option<f64>) -> Vec<Line> {
    let each = demand.interval.as_secs_f64();
    let per_column = run.checks.len().div_ceil(COLUMNS).max(1);
    let (mut lines, mut line) = (Vec::new(), Line::new());
    for (column, checks) in run.checks.chunks(per_column).enumerate() {
        let from = demand.start + each * (column * per_column) as f64;
        let until = from + each * checks.len() as f64;
        let values: Vec<f64> = checks.iter().filter_map(&value).collect();
        let (Some(first), Some(last)) = (values.first(), values.last()) else {
            lines.push(std::mem::take(&mut line));
            continue;
        };
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // The shortest way: a line that turns back on itself is drawn with spikes.
        let (second, third) = if first <= last { (low, high) } else { (high, low) };
        for (at, value) in [(from, *first), (from, second), (from, third), (until, *last)] {
            push(&mut line, (at, value));
        }
    }
    lines.push(line);
    lines.retain(|line| !line.is_empty());
    lines
}
