//! What the demo prints: plain aligned text, the same in a terminal and in a pipe.

use std::io::{self, Write};
use std::time::Duration;

use super::Show;
use super::stage::Seen;
use crate::demo::verdict::Point;

const COLUMNS: &str = " workers   CPU   busy  waiting      p95";

/// Prints the demo.
pub(super) struct Timeline<W> {
    out: W,
}

impl<W: Write> Timeline<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }

    /// What is about to be seen.
    pub(super) fn header(&mut self, show: &Show, introduction: &[(&str, String)]) -> io::Result<()> {
        writeln!(self.out, "{}\n", show.title)?;
        for (word, meaning) in introduction {
            writeln!(self.out, "  {word:<10} {meaning}")?;
        }
        let width = COLUMNS.len();
        let names = show.sites.iter().map(|site| format!("  |{:^width$}", site.name));
        let names: String = names.collect();
        let columns = format!("  |{COLUMNS}").repeat(show.sites.len());
        writeln!(
            self.out,
            "\n{:16}{names}\n{:>6}{:>10}{columns}",
            "", "time", "offered"
        )
    }

    /// Another load begins.
    pub(super) fn part(&mut self, workers: u32, per_second: f64) -> io::Result<()> {
        writeln!(
            self.out,
            "-- {per_second:.0} requests a second to each: they would keep {workers} {} busy",
            if workers == 1 { "worker" } else { "workers" }
        )
    }

    /// A second has passed.
    pub(super) fn row(&mut self, time: Duration, offered: u32, seen: &[Seen]) -> io::Result<()> {
        write!(self.out, "{:>4} s {offered:>9}", time.as_secs_f64().round())?;
        for seen in seen {
            write!(
                self.out,
                "  | {:>7} {:>5} {:>6.1} {:>8} {:>8}",
                seen.workers,
                seen.cpu
                    .map_or_else(|| "-".to_owned(), |cpu| format!("{cpu:.0}%")),
                seen.busy,
                seen.waiting,
                seen.wait
                    .map_or_else(|| "-".to_owned(), |wait| format!("{:.0} ms", wait * 1e3)),
            )?;
        }
        writeln!(self.out)
    }

    /// The daemon said something.
    pub(super) fn log(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "        | {line}")
    }

    /// Nobody comes any more.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        writeln!(self.out, "-- nobody comes any more; those who wait are answered")
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
