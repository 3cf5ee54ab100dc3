//! One cgroup looked at closely: its processes, limits and events.

use std::fs;

use anyhow::Result;

use super::{CgroupSample, Events, Focus, Limits, ProcessSample};
use crate::host::cgroup::{Cgroup, CgroupMount};
use crate::host::process::Procfs;
use crate::host::usage::monotonic;

impl Focus {
    /// Reads all of one cgroup.
    ///
    /// # Errors
    /// When one of its files exists but cannot be read; the message names it.
    pub(super) fn read(procfs: &Procfs, mount: &CgroupMount, sample: &CgroupSample) -> Result<Self> {
        let cgroup = match sample.place.path.as_str() {
            "/" => None,
            _ => Some(mount.open(&sample.place.dir)?),
        };
        let pids = match &cgroup {
            Some(cgroup) => cgroup.processes()?,
            None => all_pids(procfs)?,
        };
        let read_at = monotonic();
        let mut processes = Vec::new();
        for pid in pids.iter().take(Self::MOST_PROCESSES) {
            processes.extend(ProcessSample::read(procfs, *pid)?);
        }
        let (limits, events) = match &cgroup {
            Some(cgroup) => (Limits::read(cgroup)?, Events::read(cgroup)?),
            None => <_>::default(),
        };
        Ok(Self {
            id: sample.id,
            read_at,
            processes,
            left_out: pids.len().saturating_sub(Self::MOST_PROCESSES),
            limits,
            events,
        })
    }
}

impl Limits {
    fn read(cgroup: &Cgroup) -> Result<Self> {
        Ok(Self {
            cpu_quota: cgroup.cpu_quota()?,
            cpu_weight: cgroup.cpu_weight()?,
            cpus: cgroup.cpuset()?.map(|cpus| cpus.len()),
            memory_high: cgroup.memory_high()?,
            memory_max: cgroup.memory()?.max,
            tasks_max: cgroup.tasks_max()?,
        })
    }
}

impl Events {
    fn read(cgroup: &Cgroup) -> Result<Self> {
        let events = cgroup.memory_events()?;
        Ok(Self {
            oom: events.map(|events| events.oom),
            oom_kill: events.map(|events| events.oom_kill),
            memory_high: events.map(|events| events.high),
        })
    }
}

fn all_pids(procfs: &Procfs) -> Result<Vec<u32>> {
    let mut pids = Vec::new();
    for entry in fs::read_dir(procfs.root())? {
        pids.extend(
            entry?
                .file_name()
                .to_str()
                .and_then(|name| name.parse::<u32>().ok()),
        );
    }
    pids.sort_unstable();
    Ok(pids)
}
