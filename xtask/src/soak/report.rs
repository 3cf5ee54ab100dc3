//! What a soak prints: a line every so often, and its verdict.

use std::io::{self, Write};
use std::time::Duration;

use super::stage::Requests;
use super::watch::{Fill, Held, Told};

const COLUMNS: &str = "   time   RSS KiB   own KiB   fds  history KiB      cgroups  connections   lost  wrong  unseen  answered  killed  \
                       failed  steps  tasks    CPU";

/// One line: how everything stands.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) time: Duration,
    pub(super) held: Held,
    /// CPU that the daemon took since the start, of one CPU.
    pub(super) cpu: f64,
    pub(super) history: u64,
    pub(super) fills: [Fill; 2],
    pub(super) told: Told,
    pub(super) wrong: usize,
    pub(super) unseen: u64,
    pub(super) requests: Requests,
    pub(super) tasks: u32,
}

/// One thing that a soak was to show.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) good: bool,
    pub(super) text: String,
}

/// The meaning of the columns, and their names.
pub(super) fn header(out: &mut impl Write, introduction: &str) -> io::Result<()> {
    writeln!(out, "{introduction}\n")?;
    writeln!(out, "  own          what no file and no kernel map stands behind")?;
    writeln!(
        out,
        "  cgroups      indexes in use in the kernel map of cgroups, and its room"
    )?;
    writeln!(
        out,
        "  connections  places in use in the kernel map of connections, and its room"
    )?;
    writeln!(
        out,
        "  lost         switches that the kernel never reported, made up for by the task's own counters"
    )?;
    writeln!(
        out,
        "  wrong        worker counts of the daemon that were not those of /proc; unseen: it had none"
    )?;
    writeln!(
        out,
        "  killed       requests that failed because their worker or master was killed; failed: for no such reason\n"
    )?;
    writeln!(out, "{COLUMNS}")?;
    out.flush()
}

impl Row {
    /// Prints it.
    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let fill = |fill: Fill| format!("{}/{}", fill.used, fill.room);
        let [cgroups, connections] = self.fills.map(fill);
        let minutes = self.time.as_secs().div_euclid(60);
        let failed: u64 = self.requests.unexplained.values().sum();
        writeln!(
            out,
            "{:>3}h{:02}m  {:>8}  {:>8}  {:>4}  {:>11}  {cgroups:>11}  {connections:>11}  {:>5.0}  {:>5}  {:>6}  {:>8}  {:>6}  \
             {failed:>6}  {:>5.0}  {:>5}  {:>4.2}%",
            minutes / 60,
            minutes % 60,
            self.held.resident,
            self.held.anonymous,
            self.held.descriptors,
            self.history / 1024,
            self.told.lost_switches,
            self.wrong,
            self.unseen,
            self.requests.answered,
            self.requests.killed,
            self.told.steps,
            self.tasks,
            100.0 * self.cpu,
        )?;
        out.flush()
    }
}

/// What it all showed.
pub(super) fn verdict(out: &mut impl Write, points: &[Point]) -> io::Result<()> {
    writeln!(out)?;
    for point in points {
        let mark = if point.good { "ok  " } else { "FAIL" };
        writeln!(out, "  {mark}  {}", point.text)?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_below_the_end_of_its_heading() {
        let row = Row {
            time: Duration::from_mins(70),
            held: Held {
                resident: 12_345,
                anonymous: 4000,
                descriptors: 44,
                cpu: Duration::ZERO,
            },
            cpu: 0.005,
            history: 1 << 20,
            fills: [Fill { used: 40, room: 4097 }, Fill { used: 3, room: 4096 }],
            told: Told::default(),
            wrong: 0,
            unseen: 2,
            requests: Requests::default(),
            tasks: 12,
        };
        let mut line = Vec::new();
        row.print(&mut line).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line.trim_end().len(), COLUMNS.len(), "\n{COLUMNS}\n{line}");
        assert!(line.starts_with("  1h10m "), "{line}");
    }
}
