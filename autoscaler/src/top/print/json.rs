//! JSON lines: one object for each pass.

use anyhow::Result;
use serde::Serialize;

use crate::control::{ProjectStatus, Status};
use crate::model::{CpuBasis, SourceKind};
use crate::top::model::{Entry, HostFigures, Model, ProjectRow};
use crate::top::print::record::{Record, VERSION, nanos, rounded, unix_nanos};
use crate::top::sample;

pub(super) fn line(model: &Model, entries: &[&Entry]) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Pass {
        version: VERSION,
        unix_ns: unix_nanos(model),
        monotonic_ns: model.taken_at().map(nanos),
        interval_ns: model.covered().map(nanos),
        source: model.source.as_ref().map(Source::of),
        host: model.host.as_ref().map(Host::of),
        daemon: model.daemon.as_deref().map(Daemon::of),
        projects: model
            .projects
            .iter()
            .map(|project| Project::of(model, project))
            .collect(),
        cgroups: entries.iter().map(|entry| Record::of(model, entry)).collect(),
        troubles: &model.troubles,
    })?;
    line.push(b'\n');
    Ok(line)
}

#[derive(Serialize)]
struct Pass<'a> {
    version: u32,
    unix_ns: Option<u64>,
    monotonic_ns: Option<u64>,
    interval_ns: Option<u64>,
    source: Option<Source<'a>>,
    host: Option<Host>,
    daemon: Option<Daemon<'a>>,
    projects: Vec<Project<'a>>,
    cgroups: Vec<Record<'a>>,
    troubles: &'a [String],
}

#[derive(Serialize)]
struct Source<'a> {
    kind: &'static str,
    why_not_ebpf: Option<&'a str>,
    lost_switches: u64,
    map_full: u64,
    discarded: u64,
    /// What the program costs at each switch, ns, while it is measured.
    switch_ns: Option<f64>,
}

impl<'a> Source<'a> {
    fn of(source: &'a sample::Source) -> Self {
        Self {
            kind: match source.kind {
                SourceKind::Ebpf => "ebpf",
                SourceKind::CpuStat => "cpu.stat",
            },
            why_not_ebpf: source.why_not_ebpf.as_deref(),
            lost_switches: source.health.lost_switches,
            map_full: source.health.map_full,
            discarded: source.health.discarded,
            switch_ns: source.cost.map(|cost| rounded(cost.ns_per_run())),
        }
    }
}

#[derive(Serialize)]
struct Host {
    cpus: u32,
    cpu_percent: Option<f64>,
    memory_used_bytes: u64,
    memory_total_bytes: u64,
    switches_per_second: Option<f64>,
    switching_percent: Option<f64>,
    own_cpu_percent: Option<f64>,
}

impl Host {
    fn of(host: &HostFigures) -> Self {
        Self {
            cpus: host.cpus,
            cpu_percent: host.cpu_percent.map(rounded),
            memory_used_bytes: host.memory_used,
            memory_total_bytes: host.memory_total,
            switches_per_second: host.switches_per_s.map(rounded),
            switching_percent: host.switching_percent.map(rounded),
            own_cpu_percent: host.own_cpu_percent.map(rounded),
        }
    }
}

/// The running daemon, as it says itself.
#[derive(Serialize)]
struct Daemon<'a> {
    program: &'a str,
    pid: u32,
    checked_at: Option<i64>,
    check_interval_seconds: f64,
    dry_run: bool,
    failing: Option<&'a str>,
}

impl<'a> Daemon<'a> {
    fn of(status: &'a Status) -> Self {
        Self {
            program: &status.program,
            pid: status.pid,
            checked_at: status.checked_at,
            check_interval_seconds: status.check_interval_seconds,
            dry_run: status.dry_run,
            failing: status.failing.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Project<'a> {
    name: &'a str,
    enabled: bool,
    cgroup: Option<&'a str>,
    workers: Option<u32>,
    trouble: Option<&'a str>,
    min_workers: u32,
    max_workers: u32,
    basis: &'static str,
    utilization_percent: Option<f64>,
    down_below_percent: Option<f64>,
    up_above_percent: Option<f64>,
    /// As `autoscaler status --json` has it; none where no daemon serves the project.
    daemon: Option<&'a ProjectStatus>,
}

impl<'a> Project<'a> {
    fn of(model: &'a Model, project: &'a ProjectRow) -> Self {
        Self {
            name: &project.name,
            enabled: project.enabled,
            cgroup: project
                .cgroup
                .and_then(|id| model.entry(id))
                .map(|entry| entry.place.path.as_str()),
            workers: project.workers.as_ref().ok().copied(),
            trouble: project.workers.as_ref().err().map(String::as_str),
            min_workers: project.bounds.min,
            max_workers: project.bounds.max,
            basis: match project.basis {
                CpuBasis::Workers => "workers",
                CpuBasis::Host => "host",
            },
            utilization_percent: project.utilization.map(rounded),
            down_below_percent: project.down_below,
            up_above_percent: project.up_above,
            daemon: project.daemon.as_ref(),
        }
    }
}
