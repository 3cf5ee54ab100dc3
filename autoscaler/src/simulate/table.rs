//! The comparison as a table for people.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Comparison, Score};

const HEADINGS: [&str; 7] = [
    "policy",
    "worker-hours",
    "of the most",
    "unmet demand",
    "longest unmet",
    "steps",
    "back within 1 h",
];

/// One line for each policy, its columns aligned.
#[must_use]
pub fn table(comparison: &Comparison) -> String {
    let most = comparison
        .runs
        .iter()
        .map(|run| run.score.worker_hours)
        .fold(f64::MIN_POSITIVE, f64::max);
    let mut rows = vec![HEADINGS.map(str::to_owned).to_vec()];
    rows.extend(
        comparison
            .runs
            .iter()
            .map(|run| row(&run.label, &run.score, most)),
    );
    aligned(&rows)
}

/// Rows of the same length as lines: the first column to the left, the others to the right.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 => write!(line, "{cell:<width$}"),
                _ => write!(line, "  {cell:>width$}"),
            };
        }
        text += line.trim_end();
        text += "\n";
    }
    text
}

fn row(label: &str, score: &Score, most: f64) -> Vec<String> {
    vec![
        label.to_owned(),
        format!("{:.1}", score.worker_hours),
        format!("{:.1} %", 100.0 * score.worker_hours / most),
        format!("{:.2} %", score.unmet_percent),
        duration(score.longest_unmet_seconds),
        score.steps.to_string(),
        score.reversals.to_string(),
    ]
}

/// `3m`, `1h05m`, `4d 02h`.
pub(super) fn duration(seconds: f64) -> String {
    let seconds = Duration::try_from_secs_f64(seconds.round())
        .unwrap_or_default()
        .as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match seconds {
        0 => "-".into(),
        1..60 => format!("{seconds}s"),
        60..3600 if seconds.is_multiple_of(60) => format!("{minutes}m"),
        60..3600 => format!("{minutes}m{:02}s", seconds % 60),
        3600..86_400 => format!("{hours}h{minutes:02}m"),
        _ => format!("{days}d {hours:02}h"),
    }
}
