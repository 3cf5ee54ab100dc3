//! The month's checks: invented load, the daemon's own policy over it, the daemon's own writer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use autoscaler::decide::{Case, PolicyState};
use autoscaler::history::{Entry, Event, HostCheck};
use autoscaler::model::{
    Action, CgroupMemory, CpuSample, Decision, EventKind, Host, ProcessId, Project, ProjectSample,
};
use autoscaler::{config, history};

use super::load::{INTERVAL, Load, unit};

/// CPUs and memory of the invented host.
const CPUS: u32 = 16;
const MEMORY_MIB: u64 = 64 << 10;

/// Writes `days` of `projects` projects up to now.
pub(super) fn write(path: &Path, projects: u32, days: u32) -> Result<()> {
    let load = Load::read()?;
    let mut services = services(projects)?;
    let checks = u64::from(days) * 86_400 / INTERVAL.as_secs();
    let start = SystemTime::now() - INTERVAL * u32::try_from(checks)?;
    let entries = (0..checks).flat_map(|check| {
        let at = start + INTERVAL * u32::try_from(check + 1).unwrap_or(u32::MAX);
        one_check(&load, &mut services, check, at)
    });
    history::import(path, entries).with_context(|| path.display().to_string())
}

/// One project and its service.
struct Service {
    number: u32,
    project: Project,
    state: PolicyState,
    workers: Vec<ProcessId>,
    next_pid: u32,
}

fn services(count: u32) -> Result<Vec<Service>> {
    let example = include_str!("../../../packaging/autoscaler.example.json");
    let example = config::parse("the example", example)?.config;
    let project = example
        .projects
        .get("backdipro")
        .context("the example's project")?;
    Ok((0..count)
        .map(|number| Service {
            number,
            project: Project {
                name: crate::daemon::name(number),
                ..project.clone()
            },
            state: PolicyState::default(),
            workers: vec![process(100)],
            next_pid: 101,
        })
        .collect())
}

fn process(pid: u32) -> ProcessId {
    ProcessId {
        pid,
        start_ticks: u64::from(pid),
    }
}

fn one_check(load: &Load, services: &mut [Service], check: u64, at: SystemTime) -> Vec<Entry> {
    let demand: f64 = services
        .iter()
        .map(|service| load.cpus(service.number, check).min(service.workers.len() as f64))
        .sum();
    let host = Host {
        cpus: CPUS,
        memory_total_mib: MEMORY_MIB,
        memory_available_mib: MEMORY_MIB - 20_000 - natural(4_000.0 * unit(check)),
        busy_percent: Some((100.0 * demand / f64::from(CPUS)).min(100.0)),
    };
    let mut projects = Vec::with_capacity(services.len());
    let mut events = Vec::new();
    for service in services {
        let sample = Ok(service.sample(load, check));
        let case = Case::new(&service.project, &host, &sample);
        let decision = case.decide(&mut service.state);
        projects.push(Arc::new(case.look(at, Some(&decision))));
        events.extend(service.step(&decision, at));
    }
    let mut entries = vec![Entry::Check(HostCheck { at, host, projects })];
    entries.extend(events);
    entries
}

impl Service {
    fn sample(&self, load: &Load, check: u64) -> ProjectSample {
        let workers = self.workers.len() as f64;
        let demand = load.cpus(self.number, check);
        let seed = check ^ (u64::from(self.number) << 40);
        let seconds = INTERVAL.as_secs_f64();
        let memory = workers * (110.0 + 20.0 * unit(seed)) * 1_048_576.0;
        ProjectSample {
            cgroup: PathBuf::new(),
            container: None,
            master: process(1),
            workers: self.workers.clone(),
            cpu: Some(CpuSample {
                covered: INTERVAL + Duration::from_micros(natural(2_000.0 * unit(!seed))),
                on_cpu: Duration::from_secs_f64(demand.min(workers) * seconds),
                wait: Some(Duration::from_secs_f64(
                    demand.min(workers) * seconds * 0.2 * unit(seed),
                )),
                allowed_cpus: f64::from(CPUS),
                throttle: None,
            }),
            memory: CgroupMemory {
                current: Some(natural(memory)),
                max: Some(
                    self.project
                        .memory
                        .limit_bytes(u32::try_from(self.workers.len()).unwrap_or(1)),
                ),
            },
            queue: None,
            requests: None,
        }
    }

    /// Takes the step that was decided.
    fn step(&mut self, decision: &Decision, at: SystemTime) -> Option<Entry> {
        let (Action::ScaleUp { to, .. } | Action::ScaleDown { to, .. }) = decision.action else {
            return None;
        };
        let to_len = to as usize;
        let gone = self.workers.len().saturating_sub(to_len);
        self.workers.drain(..gone);
        while self.workers.len() < to_len {
            self.workers.push(process(self.next_pid));
            self.next_pid += 1;
        }
        Some(Entry::Event(Event {
            at: at + Duration::from_secs(1),
            project: self.project.name.clone(),
            kind: EventKind::Scaled,
            text: to.to_string().as_str().into(),
        }))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures of an invented host: above 0 and small"
)]
fn natural(value: f64) -> u64 {
    value as u64
}
