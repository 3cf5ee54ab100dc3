//! What the demo prints: plain aligned text, the same in a terminal and in a pipe.

use std::io::{self, Write};
use std::time::Duration;

use super::figures::Second;
use super::verdict::Verdict;
use crate::load::Tally;

const TITLE: &str = "autoscaler demo: gunicorn gets the workers that its own cgroup's load needs";
const COLUMNS: &str = "  time      CPU     wait  workers   req/s      p50      p99  failed  neighbour";

/// Prints the demo.
pub(super) struct Timeline<W> {
    out: W,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    time: Duration,
    workers: u32,
    figures: Second,
    /// Requests answered, and failed, in this second.
    answered: u64,
    failed: u64,
    p50: Option<Duration>,
    p99: Option<Duration>,
}

impl Row {
    /// The second that ended `time` after the start.
    pub(super) fn new(time: Duration, workers: u32, figures: Second, seen: &Tally) -> Self {
        Self {
            time,
            workers,
            figures,
            answered: seen.answered(),
            failed: seen.failed(),
            p50: seen.percentile(50.0),
            p99: seen.percentile(99.0),
        }
    }
}

impl<W: Write> Timeline<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }

    /// What is about to be seen.
    pub(super) fn header(&mut self, introduction: &[(&str, String)]) -> io::Result<()> {
        writeln!(self.out, "{TITLE}\n")?;
        for (word, meaning) in introduction {
            writeln!(self.out, "  {word:<10} {meaning}")?;
        }
        writeln!(self.out, "\n{COLUMNS}")
    }

    /// A part of the demo begins.
    pub(super) fn phase(&mut self, phase: &str) -> io::Result<()> {
        writeln!(self.out, "-- {phase}")
    }

    /// A second has passed.
    pub(super) fn row(&mut self, row: &Row) -> io::Result<()> {
        writeln!(
            self.out,
            "{:>4} s  {:>7}  {:>7}  {:>7}  {:>6}  {:>7}  {:>7}  {:>6}  {:>9}",
            row.time.as_secs_f64().round(),
            percent(row.figures.cpu),
            percent(row.figures.wait),
            row.workers,
            row.answered,
            millis(row.p50),
            millis(row.p99),
            row.failed,
            percent(row.figures.neighbour),
        )
    }

    /// The daemon said something.
    pub(super) fn log(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "        | {line}")
    }

    /// What it all showed.
    pub(super) fn verdict(&mut self, verdict: &Verdict) -> io::Result<()> {
        writeln!(self.out)?;
        for point in &verdict.points {
            let mark = if point.good { "ok  " } else { "FAIL" };
            writeln!(self.out, "  {mark}  {}", point.text)?;
        }
        Ok(())
    }
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1} %"))
}

fn millis(value: Option<Duration>) -> String {
    value.map_or_else(
        || "-".to_owned(),
        |value| format!("{:.0} ms", value.as_secs_f64() * 1e3),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(print: impl Fn(&mut Timeline<Vec<u8>>) -> io::Result<()>) -> String {
        let mut timeline = Timeline::new(Vec::new());
        print(&mut timeline).unwrap();
        String::from_utf8(timeline.out).unwrap()
    }

    fn row(figures: Second, latencies_ms: &[u64]) -> Row {
        let mut seen = Tally::new();
        for ms in latencies_ms {
            seen.record(Ok(Duration::from_millis(*ms)));
        }
        Row::new(Duration::from_secs(7), 3, figures, &seen)
    }

    #[test]
    fn rows_end_below_the_ends_of_their_headings() {
        let full = Second {
            cpu: Some(99.6),
            wait: Some(12.2),
            neighbour: Some(66.0),
        };
        let rows = [row(full, &[10, 20, 30]), row(Second::default(), &[])];
        for row in rows {
            let line = printed(|timeline| timeline.row(&row));
            let ends = |text: &str| -> Vec<usize> {
                let text = text
                    .trim_end()
                    .replace(" %", "_%")
                    .replace(" ms", "_ms")
                    .replace(" s ", "_s ");
                let spaced = text.bytes().zip(text.bytes().skip(1).chain([b' ']));
                spaced
                    .enumerate()
                    .filter(|(_, (here, next))| *here != b' ' && *next == b' ')
                    .map(|(at, _)| at)
                    .collect()
            };
            assert_eq!(ends(&line), ends(COLUMNS), "\n{COLUMNS}\n{line}");
        }
    }

    #[test]
    fn no_escape_code_is_ever_printed() {
        let all = printed(|timeline| {
            timeline.header(&[("project", "gunicorn".to_owned())])?;
            timeline.phase("calm: nothing happens")?;
            timeline.row(&row(Second::default(), &[1]))?;
            timeline.log("[INFO] hello")
        });
        assert!(!all.contains('\u{1b}'), "{all:?}");
    }
}
