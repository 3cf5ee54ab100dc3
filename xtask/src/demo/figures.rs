//! The project's and the neighbour's CPU, second by second, as the daemon's own library sees them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler::config;
use autoscaler::decide::{utilization_percent, wait_percent};
use autoscaler::host::cgroup::CgroupMount;
use autoscaler::host::process::Procfs;
use autoscaler::host::service::Systemd;
use autoscaler::host::usage;
use autoscaler::host::usage::{CpuStatSource, Reading, UsageSource};
use autoscaler::model::{Config, CpuBasis, Snapshot, SourceKind};
use autoscaler::observe::Observer;
use autoscaler_tests::ScratchCgroup;

use super::ladder::PROJECT;

/// What one look saw of the time since the last, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Second {
    /// The project's CPU, of its workers' capacity: the figure that the policy decides by.
    pub(super) cpu: Option<f64>,
    /// Of the time that the project's tasks wanted a CPU, the share in which they had none.
    pub(super) wait: Option<f64>,
    /// The neighbour's CPU, of one CPU.
    pub(super) neighbour: Option<f64>,
}

/// CPU time over the whole demo.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Totals {
    /// What the observer charged to the project.
    pub(super) project: Duration,
    /// What the kernel's own cpu.stat says the project used.
    pub(super) project_by_kernel: Duration,
    /// What the kernel's own cpu.stat says the neighbour used.
    pub(super) neighbour_by_kernel: Duration,
    /// CPUs that everything else on the host used on average, the demo's own load included.
    pub(super) other_cpus: f64,
}

/// An observer as the daemon has one, and the kernel's own count beside it.
pub(super) struct Figures {
    observer: Observer<Systemd>,
    config: Config,
    /// Why the source is not the kernel program, where it is not.
    fallback: Option<String>,
    /// What the observer has charged to the project so far.
    charged: Duration,
    /// The project's, the neighbour's, and the root, which counts the whole host.
    cgroups: [PathBuf; 3],
    /// The kernel's own accounts of the same cgroups.
    oracle: CpuStatSource,
    first: Reading,
    last: Reading,
}

impl Figures {
    /// Begins to count for the two cgroups, with the daemon's own configuration `file`.
    pub(super) async fn begin(
        file: &Path,
        project: &ScratchCgroup,
        neighbour: &ScratchCgroup,
    ) -> Result<Self> {
        let config = config::load(file)?.config;
        let mount = CgroupMount::discover(&Procfs::default())?;
        let cgroups = [project.path(), neighbour.path(), mount.path()].map(Path::to_owned);
        let (source, why) = usage::open();
        let mut observer = Observer::new(Systemd::default(), source);
        observer.observe(&config).await?;
        let mut oracle = CpuStatSource::default();
        let first = oracle.read(&cgroups)?;
        Ok(Self {
            observer,
            config,
            fallback: why.map(|why| why.to_string()),
            charged: Duration::ZERO,
            cgroups,
            oracle,
            last: first.clone(),
            first,
        })
    }

    /// Which source the figures come from, in words.
    pub(super) fn source(&self) -> String {
        match (self.observer.source_kind(), &self.fallback) {
            (SourceKind::Ebpf, _) => "the kernel program on sched_switch (eBPF)".to_owned(),
            (SourceKind::CpuStat, Some(why)) => format!("cpu.stat, without run-queue wait, because {why}"),
            (SourceKind::CpuStat, None) => "cpu.stat, without run-queue wait".to_owned(),
        }
    }

    /// What happened since the last look.
    pub(super) async fn look(&mut self) -> Result<Second> {
        let snapshot = self.observer.observe(&self.config).await?;
        let kernel = self.oracle.read(&self.cgroups)?;
        let neighbour = cpus(&self.last, &kernel, 1);
        self.last = kernel;
        let mut second = self.project(&snapshot);
        second.neighbour = neighbour.map(|cpus| 100.0 * cpus);
        Ok(second)
    }

    fn project(&mut self, snapshot: &Snapshot) -> Second {
        let sample = snapshot
            .projects
            .get(PROJECT)
            .and_then(|sample| sample.as_ref().ok());
        let Some((sample, cpu)) = sample.and_then(|sample| Some((sample, sample.cpu?))) else {
            return Second::default();
        };
        self.charged += cpu.on_cpu;
        let workers = sample.worker_count();
        Second {
            cpu: utilization_percent(CpuBasis::Workers, &snapshot.host, &cpu, workers),
            wait: wait_percent(&cpu),
            neighbour: None,
        }
    }

    /// CPU time since the beginning.
    pub(super) async fn totals(&mut self) -> Result<Totals> {
        self.look().await?;
        let counted = |number| used(&self.first, &self.last, number).context("a cgroup of the demo is gone");
        let (project, neighbour, host) = (counted(0)?, counted(1)?, counted(2)?);
        let others = host.saturating_sub(project).saturating_sub(neighbour);
        Ok(Totals {
            project: self.charged,
            project_by_kernel: project,
            neighbour_by_kernel: neighbour,
            other_cpus: others.as_secs_f64() / covered(&self.first, &self.last)?.as_secs_f64(),
        })
    }
}

/// CPU time of one cgroup between two readings.
fn used(first: &Reading, last: &Reading, number: usize) -> Option<Duration> {
    let counter = |reading: &Reading| Some((*reading.usage.get(number)?)?.cpu_ns);
    Some(Duration::from_nanos(counter(last)?.checked_sub(counter(first)?)?))
}

/// CPUs that one cgroup used on average between two readings.
fn cpus(first: &Reading, last: &Reading, number: usize) -> Option<f64> {
    let covered = covered(first, last).ok()?;
    Some(used(first, last, number)?.as_secs_f64() / covered.as_secs_f64())
}

fn covered(first: &Reading, last: &Reading) -> Result<Duration> {
    last.taken_at
        .checked_sub(first.taken_at)
        .filter(|time| !time.is_zero())
        .context("two readings of the same moment")
}
