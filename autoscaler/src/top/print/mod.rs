//! Figures for scripts: one pass after another, as plain text, JSON lines or CSV.

mod csv;
mod json;
mod plain;
mod record;

use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::model::{Entry, Model, SortKey};
use super::sample::{Attention, Sampler};

/// How a pass is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns, the path last.
    Plain {
        /// With a heading before each pass.
        headings: bool,
    },
    /// One JSON object a line for each pass.
    Json,
    /// A heading, then one line for each cgroup and pass.
    Csv,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printing {
    /// How a pass is written.
    pub format: Format,
    /// Passes; `None` for no end.
    pub passes: Option<u64>,
    /// Time between two passes, which is also what the figures of the first cover.
    pub interval: Duration,
    /// The order of the cgroups.
    pub sort: SortKey,
    /// Smallest first.
    pub reversed: bool,
    /// Levels below the root of what is shown; `None` for all.
    pub depth: Option<usize>,
}

/// Prints until the passes are done or nobody reads any more, which is no error.
///
/// # Errors
/// When a sample cannot be taken or `out` cannot be written.
pub fn run(mut sampler: Sampler, printing: &Printing, out: &mut impl Write) -> Result<()> {
    let mut model = Model::default();
    let all = Attention::default();
    let mut due = Instant::now();
    model.apply(sampler.sample(&all)?);
    let mut pass = 0;
    while printing.passes.is_none_or(|passes| pass < passes) {
        due += printing.interval;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        model.apply(sampler.sample(&all)?);
        let text = printing.text(&model, pass == 0)?;
        match out.write_all(&text).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written.context("cannot write to standard output")?,
        }
        pass += 1;
    }
    Ok(())
}

impl Printing {
    fn text(&self, model: &Model, first: bool) -> Result<Vec<u8>> {
        let mut entries: Vec<&Entry> = model
            .entries()
            .filter(|entry| self.depth.is_none_or(|depth| model.depth(entry) <= depth))
            .collect();
        entries.sort_by(|left, right| self.sort.compare(left, right, self.reversed));
        match self.format {
            Format::Plain { headings } => Ok(plain::text(model, &entries, headings, first)),
            Format::Json => json::line(model, &entries),
            Format::Csv => csv::lines(model, &entries, first),
        }
    }
}
