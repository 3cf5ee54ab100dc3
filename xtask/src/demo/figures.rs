//! The project's and the neighbour's CPU, second by second, from the library's own sources and policy.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler::config::CpuBasis;
use autoscaler::decide::{utilization_percent, wait_percent};
use autoscaler::observe::cgroup::CgroupMount;
use autoscaler::observe::cpu_list::CpuList;
use autoscaler::observe::process::Procfs;
use autoscaler::observe::usage::{self, CpuStatSource, Reading, SourceKind, Usage, UsageSource};
use autoscaler::observe::{CpuSample, Host};
use autoscaler_tests::ScratchCgroup;

const ONLINE: &str = "/sys/devices/system/cpu/online";

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

/// CPU time over the whole demo, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Totals {
    /// What the source charged to the project.
    pub(super) project: f64,
    /// What the kernel's own cpu.stat says the project used.
    pub(super) project_by_kernel: f64,
    /// What the kernel's own cpu.stat says the neighbour used.
    pub(super) neighbour_by_kernel: f64,
    /// Mean share of the host's CPUs that everything else used, the demo's own load included, percent.
    pub(super) others_percent: f64,
}

/// The sources, and what they said at the start and last.
pub(super) struct Figures {
    source: Box<dyn UsageSource>,
    /// Why the source is not the kernel program, where it is not.
    pub(super) fallback: Option<String>,
    /// The project's, the neighbour's, and the root, which counts the whole host.
    cgroups: [PathBuf; 3],
    allowed_cpus: f64,
    host: Host,
    first: Reading,
    last: Reading,
    first_by_kernel: Reading,
}

impl Figures {
    /// Begins to count for the two cgroups.
    pub(super) fn begin(project: &ScratchCgroup, neighbour: &ScratchCgroup) -> Result<Self> {
        let online = std::fs::read_to_string(ONLINE).context(ONLINE)?;
        let online: CpuList = online.parse().context(ONLINE)?;
        let mount = CgroupMount::discover(&Procfs::default())?;
        let allowed_cpus = mount.open(project.path())?.allowed_cpus(&online)?;
        let (mut source, why) = usage::open();
        let cgroups = [
            project.path().to_owned(),
            neighbour.path().to_owned(),
            mount.path().to_owned(),
        ];
        let first_by_kernel = CpuStatSource.read(&cgroups)?;
        let first = source.read(&cgroups)?;
        Ok(Self {
            fallback: why.map(|why| why.to_string()),
            cgroups,
            allowed_cpus,
            host: Host {
                cpus: u32::try_from(online.len())?,
                memory_total_mib: 0,
                memory_available_mib: 0,
                busy_percent: None,
            },
            last: first.clone(),
            first,
            first_by_kernel,
            source,
        })
    }

    /// Which source the figures come from, in words.
    pub(super) fn source(&self) -> String {
        match (self.source.kind(), &self.fallback) {
            (SourceKind::Ebpf, _) => "the kernel program on sched_switch (eBPF)".to_owned(),
            (SourceKind::CpuStat, Some(why)) => format!("cpu.stat, without run-queue wait, because {why}"),
            (SourceKind::CpuStat, None) => "cpu.stat, without run-queue wait".to_owned(),
        }
    }

    /// CPUs that the project may use.
    pub(super) fn allowed_cpus(&self) -> f64 {
        self.allowed_cpus
    }

    /// What happened since the last look, while there were `workers` workers.
    pub(super) fn look(&mut self, workers: u32) -> Result<Second> {
        let now = self.source.read(&self.cgroups)?;
        let since = |number: usize| self.since(&self.last, &now, number);
        let (project, neighbour) = (since(0), since(1));
        self.last = now;
        Ok(Second {
            cpu: project
                .and_then(|sample| utilization_percent(CpuBasis::Workers, &self.host, &sample, workers)),
            wait: project.as_ref().and_then(wait_percent),
            neighbour: neighbour
                .and_then(|sample| utilization_percent(CpuBasis::Workers, &self.host, &sample, 1)),
        })
    }

    /// CPU time since the beginning.
    pub(super) fn totals(&mut self) -> Result<Totals> {
        let now = self.source.read(&self.cgroups)?;
        let by_kernel = CpuStatSource.read(&self.cgroups)?;
        let gone = "a cgroup of the demo is gone";
        let counted =
            |first: &Reading, last: &Reading, number: usize| self.since(first, last, number).context(gone);
        let by_kernel = |number| counted(&self.first_by_kernel, &by_kernel, number);
        let (project, neighbour, host) = (by_kernel(0)?, by_kernel(1)?, by_kernel(2)?);
        let share = |sample: &CpuSample| {
            utilization_percent(CpuBasis::Host, &self.host, sample, 1).unwrap_or_default()
        };
        Ok(Totals {
            project: counted(&self.first, &now, 0)?.on_cpu.as_secs_f64(),
            project_by_kernel: project.on_cpu.as_secs_f64(),
            neighbour_by_kernel: neighbour.on_cpu.as_secs_f64(),
            others_percent: share(&host) - share(&project) - share(&neighbour),
        })
    }

    fn since(&self, first: &Reading, last: &Reading, number: usize) -> Option<CpuSample> {
        let usage = |reading: &Reading| -> Option<Usage> { *reading.usage.get(number)? };
        let (from, to) = (usage(first)?, usage(last)?);
        let wait = match (from.wait_ns, to.wait_ns) {
            (Some(from), Some(to)) => Some(Duration::from_nanos(to.checked_sub(from)?)),
            _ => None,
        };
        Some(CpuSample {
            covered: last.taken_at.checked_sub(first.taken_at)?,
            on_cpu: Duration::from_nanos(to.cpu_ns.checked_sub(from.cpu_ns)?),
            wait,
            allowed_cpus: self.allowed_cpus,
            throttle: None,
        })
    }
}
