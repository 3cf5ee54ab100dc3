//! What the demo prints: plain aligned text, the same in a terminal and in a pipe.

use std::io::{self, Write};
use std::time::Duration;

use super::course::Part;
use super::record::Point;
use super::stage::Seen;

const TITLE: &str = "autoscaler demo: Celery gets the pool processes that its queue needs";
const COLUMNS: &str = "  time  waiting  reserved  running     pool      CPU   tasks done";

/// Prints the demo.
pub(super) struct Timeline<W> {
    out: W,
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
    pub(super) fn part(&mut self, part: &Part) -> io::Result<()> {
        writeln!(self.out, "-- {}: {}", part.name, part.story)
    }

    /// A second has passed.
    pub(super) fn row(&mut self, time: Duration, seen: &Seen) -> io::Result<()> {
        writeln!(
            self.out,
            "{:>4} s  {:>7}  {:>8}  {:>7}  {:>7}  {:>7}   {:>10}",
            time.as_secs_f64().round(),
            or_dash(seen.waiting),
            or_dash(seen.reserved),
            or_dash(seen.active),
            seen.workers,
            or_dash(seen.cpu.map(|cpu| format!("{cpu:.1} %"))),
            seen.ended,
        )
    }

    /// The daemon said something.
    pub(super) fn log(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "        | {line}")
    }

    /// What it all showed.
    pub(super) fn verdict(&mut self, points: &[Point]) -> io::Result<()> {
        writeln!(self.out)?;
        for point in points {
            let mark = if point.good { "ok  " } else { "FAIL" };
            writeln!(self.out, "  {mark}  {}", point.text)?;
        }
        Ok(())
    }
}

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
