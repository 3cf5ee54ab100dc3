//! The processes of the cgroup that is looked at closely.

use std::collections::HashMap;
use std::time::Duration;

use crate::host::usage::CgroupId;
use crate::model::ProcessId;
use crate::top::model::text;
use crate::top::sample::{Events, Focus, Limits, ProcessSample};

/// One cgroup looked at closely.
#[derive(Debug, Clone)]
pub struct FocusView {
    /// The cgroup.
    pub id: CgroupId,
    /// Its processes, the busiest first.
    pub processes: Vec<ProcessRow>,
    /// Processes that were left out because there are too many.
    pub left_out: usize,
    /// Its limits.
    pub limits: Limits,
    /// What happened in it since it was made.
    pub events: Events,
    read_at: Duration,
    counters: HashMap<ProcessId, (u64, Option<u64>)>,
}

/// One process over the last interval.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessRow {
    /// Which process.
    pub id: ProcessId,
    /// Its command line, harmless to print.
    pub command: String,
    /// State letter.
    pub state: char,
    /// Its threads.
    pub threads: u32,
    /// CPU, percent of one CPU; `None` until it was seen twice.
    pub cpu_percent: Option<f64>,
    /// Run-queue wait, ms per second.
    pub wait_ms_per_s: Option<f64>,
}

impl FocusView {
    pub(super) fn next(earlier: Option<Self>, focus: Focus) -> Self {
        let earlier = earlier.filter(|earlier| earlier.id == focus.id);
        let covered = earlier
            .as_ref()
            .and_then(|earlier| focus.read_at.checked_sub(earlier.read_at))
            .filter(|covered| !covered.is_zero());
        let rate = |before: Option<u64>, now: u64| {
            Some(now.checked_sub(before?)? as f64 / covered?.as_nanos() as f64)
        };
        let row = |process: &ProcessSample| {
            let before = earlier
                .as_ref()
                .and_then(|earlier| earlier.counters.get(&process.id));
            ProcessRow {
                id: process.id,
                command: text::clean(&process.command),
                state: process.state,
                threads: process.threads,
                cpu_percent: rate(before.map(|(cpu, _)| *cpu), process.cpu_ns).map(|share| share * 100.0),
                // A thread that ended takes its wait with it: then there is no figure.
                wait_ms_per_s: process
                    .wait_ns
                    .and_then(|wait| rate(before.and_then(|(_, wait)| *wait), wait))
                    .map(|share| share * 1000.0),
            }
        };
        let mut processes: Vec<ProcessRow> = focus.processes.iter().map(row).collect();
        processes.sort_by(|left, right| {
            let (left_cpu, right_cpu) = (
                left.cpu_percent.unwrap_or(-1.0),
                right.cpu_percent.unwrap_or(-1.0),
            );
            right_cpu
                .total_cmp(&left_cpu)
                .then_with(|| left.id.cmp(&right.id))
        });
        Self {
            id: focus.id,
            processes,
            left_out: focus.left_out,
            limits: focus.limits,
            events: focus.events,
            read_at: focus.read_at,
            counters: focus
                .processes
                .iter()
                .map(|process| (process.id, (process.cpu_ns, process.wait_ns)))
                .collect(),
        }
    }
}
