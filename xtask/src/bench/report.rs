//! Tables as Markdown for people and as JSON for machines.

use std::fmt::Write;
use std::fs;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// One table.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// What was done, and how to read the figures.
    pub(super) note: String,
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    /// The same figures, unrounded.
    pub(super) data: Value,
}

impl Section {
    pub(super) fn markdown(&self) -> String {
        let mut text = format!("## {}\n{}\n\n", self.title, self.note);
        let mut row = |cells: &[String]| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        };
        row(&self
            .columns
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>());
        row(&vec!["---".to_owned(); self.columns.len()]);
        for cells in &self.rows {
            row(cells);
        }
        text
    }
}

/// All tables of one run, and where it ran.
pub(super) struct Report {
    kernel: String,
    cpus: usize,
    model: String,
    load: String,
    unix_seconds: u64,
    pub(super) sections: Vec<Section>,
}

impl Report {
    pub(super) fn of_this_machine() -> Result<Self> {
        let read = |file: &str| fs::read_to_string(file).with_context(|| format!("cannot read {file}"));
        let model = read("/proc/cpuinfo")?;
        let model = model
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        Ok(Self {
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            cpus: std::thread::available_parallelism()?.get(),
            model: model.map_or("unknown", |(_, name)| name).to_owned(),
            load: read("/proc/loadavg")?
                .split(' ')
                .take(3)
                .collect::<Vec<_>>()
                .join(" "),
            unix_seconds: now.as_secs(),
            sections: Vec::new(),
        })
    }

    pub(super) fn markdown(&self) -> String {
        let sections: Vec<String> = self.sections.iter().map(Section::markdown).collect();
        format!(
            "# Measured: what the accounting costs and how exact it is\nLinux {}, {} CPUs ({}), load average {} at the \
             start. Median (least-most).\n\n{}",
            self.kernel,
            self.cpus,
            self.model,
            self.load,
            sections.join("\n")
        )
    }

    pub(super) fn json(&self) -> Result<String> {
        let sections: serde_json::Map<String, Value> = self
            .sections
            .iter()
            .map(|section| (section.title.to_owned(), section.data.clone()))
            .collect();
        let all = json!({
            "kernel": self.kernel,
            "cpus": self.cpus,
            "cpu_model": self.model,
            "load_average": self.load,
            "taken_at_unix_seconds": self.unix_seconds,
            "tables": sections,
        });
        Ok(serde_json::to_string_pretty(&all)?)
    }
}
