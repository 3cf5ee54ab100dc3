//! What the daemon itself takes, by the number of projects it watches.

use anyhow::Result;
use serde_json::{Value, json};

use super::report::Section;
use crate::daemon::{self, CHECKS};

const PROJECTS: [u32; 3] = [1, 20, 200];

/// Seconds between two checks unless configured.
const INTERVAL: f64 = 120.0;

const KIB_OF_MIB: f64 = 1024.0;

/// What it costs to look at projects with a promise every second.
pub(super) fn promises() -> Result<Section> {
    let mut rows = Vec::new();
    let mut data = Vec::new();
    for projects in PROJECTS {
        let home = tempfile::tempdir()?;
        let taken = daemon::promises(home.path(), projects)?.as_secs_f64();
        let (milliseconds, percent) = (taken * 1e3, taken * 100.0);
        rows.push(vec![
            projects.to_string(),
            format!("{milliseconds:.2}"),
            format!("{percent:.2} %"),
        ]);
        data.push(json!({ "projects": projects, "cpu_ms_per_second": milliseconds }));
    }
    Ok(Section {
        title: "Promises, looked at every second",
        note: "CPU time of the daemon in a second, mean of 30: each project has a promise, its counters are read every second, \
               and none of them gets a request."
            .to_owned(),
        columns: vec!["projects", "CPU ms a second", "of one CPU"],
        rows,
        data: Value::Array(data),
    })
}

pub(super) fn measure() -> Result<Section> {
    let mut rows = Vec::new();
    let mut data = Vec::new();
    for projects in PROJECTS {
        let home = tempfile::tempdir()?;
        let taken = daemon::measure(home.path(), projects)?;
        let milliseconds = taken.cpu_per_check.as_secs_f64() * 1e3;
        let share = 100.0 * taken.cpu_per_check.as_secs_f64() / INTERVAL;
        rows.push(vec![
            projects.to_string(),
            format!("{milliseconds:.1}"),
            format!("{share:.4} %"),
            format!("{:.1}", taken.memory.resident as f64 / KIB_OF_MIB),
            format!("{:.1}", taken.memory.peak as f64 / KIB_OF_MIB),
        ]);
        data.push(json!({
            "projects": projects,
            "cpu_ms_per_check": milliseconds,
            "resident_kib": taken.memory.resident,
            "peak_kib": taken.memory.peak,
        }));
    }
    Ok(Section {
        title: "The daemon",
        note: format!(
            "CPU time of one check, mean of {CHECKS}, each project a server with two workers in a cgroup of its own; as a \
             share of one CPU at a check every {INTERVAL} s; memory after those checks and at most."
        ),
        columns: vec![
            "projects",
            "CPU ms per check",
            "of one CPU",
            "RSS MiB",
            "peak RSS MiB",
        ],
        rows,
        data: Value::Array(data),
    })
}
