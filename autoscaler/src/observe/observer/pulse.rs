//! Looks of a second at the projects with a promise, between two checks: counters alone. They leave every check's means as
//! they were, and cost no look at a process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::host::machine::HostReader;
use crate::host::process::Procfs;
use crate::host::usage::{Reading, Usage, monotonic};
use crate::model::{Concurrency, Config, ProcessId, Project, Pulse};
use crate::observe::observer::Observer;
use crate::observe::workload::concurrency;

/// A look that comes a little early, since the one before came late, is due all the same.
const EARLY: Duration = Duration::from_millis(100);

/// What the last pulses have left.
pub(super) struct Pulses {
    host: HostReader,
    /// When each project was looked at last, and its counters then.
    last: BTreeMap<String, (Duration, Usage)>,
    /// How many requests a worker of each can serve at a time, as the last look at its processes found it.
    concurrency: BTreeMap<String, Concurrency>,
    /// How many CPUs each may use, as the last check found it.
    allowed_cpus: BTreeMap<String, f64>,
    /// When the workers of each were last weighed, and what one holds, MiB.
    worker_mib: BTreeMap<String, (Duration, f64)>,
}

/// For so long the most that a worker was seen to hold counts, by and by less: what it once took it may take again.
const REMEMBERED: Duration = Duration::from_hours(1);

impl Pulses {
    pub(super) fn new(procfs: &Procfs) -> Self {
        Self {
            host: HostReader::new(procfs.clone()),
            last: BTreeMap::new(),
            concurrency: BTreeMap::new(),
            allowed_cpus: BTreeMap::new(),
            worker_mib: BTreeMap::new(),
        }
    }

    /// Notes what a look at the processes of a project has found of its threads: `seen` where requests were seen meanwhile,
    /// or else what its command line tells.
    pub(super) fn found(
        &mut self,
        procfs: &Procfs,
        project: &Project,
        master: u32,
        seen: Option<Concurrency>,
    ) {
        let configured = project.requests.threads_per_worker.map(Concurrency::Threads);
        let found = seen.or(configured).or_else(|| concurrency::told(procfs, master));
        let found = found.unwrap_or(Concurrency::Untold { serving: 0 });
        self.concurrency.insert(project.name.clone(), found);
    }

    /// Notes how many CPUs a project may use.
    pub(super) fn may_use(&mut self, project: &Project, cpus: f64) {
        self.allowed_cpus.insert(project.name.clone(), cpus);
    }

    fn allowed_cpus(&self, project: &str) -> f64 {
        let online = || std::thread::available_parallelism().map_or(1.0, |cpus| cpus.get() as f64);
        self.allowed_cpus.get(project).copied().unwrap_or_else(online)
    }

    /// Measures what the workers of a project hold, each shared page by its share: what one more would take.
    pub(super) fn weigh(&mut self, procfs: &Procfs, project: &Project, workers: &[ProcessId]) {
        let held = workers
            .iter()
            .filter_map(|worker| procfs.held_kib(worker.pid).ok());
        let Some(most) = held.max() else { return };
        let now = monotonic();
        let known = self.worker_mib.entry(project.name.clone()).or_default();
        *known = (now, remembered(*known, now).max(most as f64 / 1024.0));
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "memory of a process"
    )]
    fn worker_mib(&self, project: &str) -> Option<u64> {
        let (_, mib) = self.worker_mib.get(project)?;
        Some(mib.ceil() as u64)
    }
}

/// What still counts of `mib` that were found `then`.
fn remembered((then, mib): (Duration, f64), now: Duration) -> f64 {
    mib * (-now.saturating_sub(then).div_duration_f64(REMEMBERED)).exp()
}

impl<S> Observer<S> {
    /// Looks at the counters of those projects with a promise whose cadence is due, in the cgroups where the last look found
    /// them. A project has no entry at its first pulse, nor where its counters cannot be read.
    pub fn pulse(&mut self, config: &Config, now: Duration) -> BTreeMap<String, Pulse> {
        let due: Vec<(&Project, PathBuf)> = config
            .projects
            .values()
            .filter(|project| project.keeps_promise() && self.is_due(project, now))
            .filter_map(|project| {
                let cgroup = self.cgroups.get(&project.name)?;
                Some((project, cgroup.path().to_owned()))
            })
            .collect();
        if due.is_empty() {
            return BTreeMap::new();
        }
        let host_busy_percent = match self.pulses.host.read() {
            Ok((host, _)) => host.busy_percent,
            // The next check tells why.
            Err(_) => None,
        };
        let memory_pressure_percent = self.pulses.host.memory_pressure_percent();
        let paths: Vec<PathBuf> = due.iter().map(|(_, path)| path.clone()).collect();
        let Ok(Reading { taken_at, usage }) = self.source.read(&paths) else {
            return BTreeMap::new();
        };
        let names: Vec<&str> = due.iter().map(|(project, _)| project.name.as_str()).collect();
        let mut requests = self.requests.pulse(config, &names);
        let mut pulses = BTreeMap::new();
        for ((project, _), usage) in due.into_iter().zip(usage) {
            let Some(usage) = usage else { continue };
            let name = &project.name;
            let before = self.pulses.last.insert(name.clone(), (taken_at, usage));
            let (Some(requests), Some(concurrency), Some((then, before))) = (
                requests.remove(name),
                self.pulses.concurrency.get(name).copied(),
                before,
            ) else {
                continue;
            };
            let since = |now: u64, before: u64| now.checked_sub(before).map(Duration::from_nanos);
            let (Some(on_cpu), Some(cpu_wait)) = (
                since(usage.cpu_ns, before.cpu_ns).filter(|_| usage.id == before.id),
                since(
                    usage.wait_ns.unwrap_or_default(),
                    before.wait_ns.unwrap_or_default(),
                ),
            ) else {
                continue;
            };
            let pulse = Pulse {
                covered: taken_at.saturating_sub(then),
                on_cpu,
                cpu_wait,
                allowed_cpus: self.pulses.allowed_cpus(name),
                host_busy_percent,
                memory_pressure_percent,
                worker_mib: self.pulses.worker_mib(name),
                requests,
                concurrency,
            };
            pulses.insert(name.clone(), pulse);
        }
        pulses
    }

    fn is_due(&self, project: &Project, now: Duration) -> bool {
        let last = self.pulses.last.get(&project.name);
        last.is_none_or(|(then, _)| now + EARLY >= *then + project.cadence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_worker_once_held_fades_with_time_and_not_with_looks() {
        let at = Duration::from_mins;
        let once = remembered((at(0), 100.0), at(60));
        assert!((once - 100.0 / std::f64::consts::E).abs() < 1e-9);
        let mut often = (at(0), 100.0);
        for minute in 1..=60 {
            often = (at(minute), remembered(often, at(minute)));
        }
        assert!((often.1 - once).abs() < 1e-9);
    }
}
