//! What is read of each cgroup besides its usage, a share of the cgroups at each pass.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::host::cgroup::{Cgroup, CgroupMount};
use crate::host::usage::{CgroupId, monotonic};
use crate::model::{CgroupError, CgroupMemory};
use crate::top::sample::{CgroupSample, Detail, HostSample, Throttled};

/// Cgroups that are read at each pass besides those asked for. Each costs about 30 µs.
const IN_TURN: usize = 64;

/// Cgroups never read before that are read at one pass: all of a usual host, and of a very large one so many that
/// the first frames need not wait.
const NEW: usize = 500;

/// The details read last.
#[derive(Debug, Default)]
pub(super) struct Details {
    known: HashMap<CgroupId, Known>,
    next: usize,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    detail: Detail,
    /// Tasks of the cgroup alone, counted where there is no pids controller.
    own_tasks: Option<u64>,
}

impl Details {
    /// Reads the details of `wanted`, of some that were never read before, and of the next few in turn (of all when
    /// `wanted` is `None`), and enters what is known into every sample.
    ///
    /// Returns the first failure; the cgroups concerned keep what was known of them.
    pub(super) fn enter(
        &mut self,
        mount: &CgroupMount,
        host: &HostSample,
        samples: &mut [CgroupSample],
        wanted: Option<&HashSet<CgroupId>>,
    ) -> Option<CgroupError> {
        let mut failure = None;
        let turn = self.turn(samples.len());
        let mut new = NEW;
        for (index, sample) in samples.iter().enumerate() {
            let asked = wanted.is_none_or(|wanted| wanted.contains(&sample.id)) || turn.contains(&index);
            if !asked {
                if new == 0 || self.known.contains_key(&sample.id) {
                    continue;
                }
                new -= 1;
            }
            match read(mount, host, sample) {
                Ok(known) => {
                    self.known.insert(sample.id, known);
                }
                // It was removed since the tree was walked.
                Err(CgroupError::NotFound { .. }) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        self.fill(samples);
        failure
    }

    /// The numbers of the cgroups whose turn it is.
    fn turn(&mut self, count: usize) -> std::ops::Range<usize> {
        let first = if self.next < count { self.next } else { 0 };
        self.next = first + IN_TURN;
        first..self.next
    }

    fn fill(&mut self, samples: &mut [CgroupSample]) {
        let mut counted: Vec<u64> = vec![0; samples.len()];
        // Children come after their parents: from the end, each sum is complete when it is passed upwards.
        for index in (0..samples.len()).rev() {
            let Some(sample) = samples.get_mut(index) else {
                continue;
            };
            let Some(known) = self.known.get(&sample.id) else {
                continue;
            };
            let below = counted.get(index).copied().unwrap_or(0);
            let mut detail = known.detail;
            detail.tasks = detail.tasks.or(known.own_tasks.map(|own| own + below));
            sample.detail = Some(detail);
            if let Some(sum) = sample.parent.and_then(|parent| counted.get_mut(parent)) {
                *sum += detail.tasks.unwrap_or(below);
            }
        }
        if self.known.len() > 2 * samples.len() {
            let live: HashSet<CgroupId> = samples.iter().map(|sample| sample.id).collect();
            self.known.retain(|id, _| live.contains(id));
        }
    }
}

fn read(mount: &CgroupMount, host: &HostSample, sample: &CgroupSample) -> Result<Known, CgroupError> {
    let read_at = monotonic();
    if sample.place.path == "/" {
        return Ok(whole_host(host, read_at));
    }
    let cgroup = mount.open(&sample.place.dir)?;
    let tasks = cgroup.tasks()?;
    let own_tasks = match tasks {
        Some(_) => None,
        None => own_tasks(&cgroup)?,
    };
    let totals = cgroup.cpu_totals()?;
    Ok(Known {
        detail: Detail {
            read_at,
            memory: cgroup.memory()?,
            tasks,
            cpu_total_ns: totals.map(|totals| totals.usage_us.saturating_mul(1000)),
            throttled: totals
                .and_then(|totals| totals.throttling)
                .map(|counters| Throttled {
                    periods: counters.periods,
                    time_ns: counters.time_us.saturating_mul(1000),
                }),
            cpu_pressure: cgroup
                .cpu_pressure()?
                .map(|pressure| pressure.some.average_percent[0]),
        },
        own_tasks,
    })
}

/// A threaded cgroup's domain, for one, does not list its threads: nothing is counted then.
fn own_tasks(cgroup: &Cgroup) -> Result<Option<u64>, CgroupError> {
    match cgroup.own_tasks() {
        Ok(count) => Ok(Some(count)),
        Err(CgroupError::Unreadable { source, .. })
            if source.errno() == Some(nix::errno::Errno::EOPNOTSUPP) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The root cgroup has none of the controllers' files: its memory and tasks are the host's.
fn whole_host(host: &HostSample, read_at: Duration) -> Known {
    Known {
        detail: Detail {
            read_at,
            cpu_total_ns: Some(host.busy_ns),
            memory: CgroupMemory {
                current: Some(host.memory_total.saturating_sub(host.memory_available)),
                max: Some(host.memory_total),
            },
            tasks: Some(host.tasks),
            throttled: None,
            cpu_pressure: None,
        },
        own_tasks: None,
    }
}
