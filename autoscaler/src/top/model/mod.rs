//! What is known of the host's cgroups over time. Takes samples, knows nothing of the terminal.

mod column;
pub mod figures;
mod process;
mod project;
mod rows;
mod sort;
pub mod text;
pub mod trail;

pub use column::{Column, Unit};
pub use process::{FocusView, ProcessRow};
pub use project::ProjectRow;
pub use rows::{Arrangement, FoldMark, Row};
pub use sort::SortKey;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use figures::Figures;
use trail::LoadTrail;

use super::sample::{CgroupSample, Detail, HostSample, Sample, Source};
use crate::control::Status;
use crate::host::cgroup::Place;
use crate::host::usage::{CgroupId, Usage};
use crate::model::RequestFigures;
use crate::report;

/// The host's cgroups with their figures and their last minutes.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Cgroups by id.
    entries: HashMap<CgroupId, Entry>,
    /// Their ids, parents before children.
    order: Vec<CgroupId>,
    /// The columns that this host has figures for.
    known: Vec<Column>,
    /// The projects, in the order of their names.
    pub projects: Vec<ProjectRow>,
    /// What a running daemon says; `None` while none answers.
    pub daemon: Option<Arc<Status>>,
    /// The cgroup that is looked at closely.
    pub focus: Option<FocusView>,
    /// The host as a whole.
    pub host: Option<HostFigures>,
    /// Where the usage comes from; `None` until that is open.
    pub source: Option<Source>,
    /// Samples taken in.
    pub samples: u64,
    /// Parts of the last pass that failed.
    pub troubles: Vec<String>,
    last: Option<LastPass>,
}

/// One cgroup.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its id.
    pub id: CgroupId,
    /// Where it is.
    pub place: Arc<Place>,
    /// Its name, harmless to print.
    pub name: String,
    /// The cgroup above it; `None` for the root of what is shown.
    pub parent: Option<CgroupId>,
    /// The cgroups right below it.
    pub children: Vec<CgroupId>,
    /// What it used over the last interval; `None` until it was seen twice.
    pub figures: Option<Figures>,
    /// Its counters.
    pub usage: Option<Usage>,
    /// What else is known of it.
    pub detail: Option<Detail>,
    /// Throttling between the last two times it was looked at.
    pub throttled: Option<ThrottleRate>,
    /// Its last minutes.
    pub trail: LoadTrail,
    /// Its number of workers, where it is a project's.
    pub workers: Option<u32>,
    /// Its requests over the last interval, where they were asked for.
    pub requests: Option<RequestFigures>,
}

/// Throttling over an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleRate {
    /// The interval.
    pub covered: Duration,
    /// Periods in which the cgroup was held back.
    pub periods: u64,
    /// Time it was held back, ns.
    pub time_ns: u64,
}

impl ThrottleRate {
    /// Time held back in ms for each second.
    #[must_use]
    pub fn ms_per_s(&self) -> f64 {
        1000.0 * self.time_ns as f64 / self.covered.as_nanos() as f64
    }
}

/// The host over the last interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostFigures {
    /// CPUs online.
    pub cpus: u32,
    /// Busy time of all CPUs, percent of one CPU.
    pub cpu_percent: Option<f64>,
    /// Memory in use (total less available) and in all, bytes.
    pub memory_used: u64,
    /// Memory in all, bytes.
    pub memory_total: u64,
    /// Switches per second, all CPUs.
    pub switches_per_s: Option<f64>,
    /// CPU that the kernel program takes: its cost at one switch, as measured last, times the switches of this
    /// interval. Percent of one CPU, all CPUs together; `None` where it could not be measured.
    pub switching_percent: Option<f64>,
    /// CPU of this process, percent of one CPU.
    pub own_cpu_percent: Option<f64>,
}

#[derive(Debug, Clone)]
struct LastPass {
    taken_at: Duration,
    wall: SystemTime,
    covered: Option<Duration>,
    host: HostSample,
    own_cpu: Duration,
}

impl Model {
    /// Takes in one sample.
    pub fn apply(&mut self, sample: Sample) {
        let covered = self
            .last
            .as_ref()
            .and_then(|last| sample.taken_at.checked_sub(last.taken_at))
            .filter(|covered| !covered.is_zero());
        self.samples += 1;
        self.apply_host(&sample, covered);
        // The counters of another source stand elsewhere: until its second reading the figures stay as they are.
        let same_source = match (&self.source, &sample.source) {
            (Some(before), Some(now)) => before.kind == now.kind,
            _ => true,
        };
        self.source = sample.source;

        let ids: Vec<CgroupId> = sample.cgroups.iter().map(|cgroup| cgroup.id).collect();
        let mut earlier = std::mem::take(&mut self.entries);
        self.order.clear();
        for cgroup in sample.cgroups {
            let parent = cgroup.parent.and_then(|index| ids.get(index).copied());
            let id = cgroup.id;
            let entry = Entry::next(
                earlier.remove(&id),
                cgroup,
                parent,
                covered.filter(|_| same_source),
            );
            if let Some(above) = parent.and_then(|parent| self.entries.get_mut(&parent)) {
                above.children.push(id);
            }
            self.entries.insert(id, entry);
            self.order.push(id);
        }

        let host_cpus = self.host.map_or(1, |host| host.cpus);
        self.daemon = sample.daemon;
        self.projects = sample
            .projects
            .into_iter()
            .map(|state| ProjectRow::of(state, self.daemon.as_deref(), host_cpus, &self.entries))
            .collect();
        for project in &self.projects {
            if let (Some(entry), Ok(workers)) = (
                project.cgroup.and_then(|id| self.entries.get_mut(&id)),
                &project.workers,
            ) {
                entry.workers = Some(*workers);
            }
        }
        let are_requests_seen = sample.requests.is_some();
        for (id, requests) in sample.requests.unwrap_or_default() {
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.requests = Some(requests);
            }
        }
        self.known = Column::known(self.entries(), are_requests_seen);
        self.focus = sample
            .focus
            .map(|focus| FocusView::next(self.focus.take(), focus));
        self.troubles = sample.troubles;
        self.last = Some(LastPass {
            taken_at: sample.taken_at,
            wall: sample.wall,
            covered,
            host: sample.host,
            own_cpu: sample.own_cpu,
        });
    }

    fn apply_host(&mut self, sample: &Sample, covered: Option<Duration>) {
        let host = &sample.host;
        let since = |earlier: Option<u64>, later: u64| {
            let difference = later.checked_sub(earlier?)?;
            Some(difference as f64 / covered?.as_secs_f64())
        };
        let before = self.last.as_ref();
        let own = u64::try_from(sample.own_cpu.as_nanos()).unwrap_or(u64::MAX);
        let own_before = before.map(|last| u64::try_from(last.own_cpu.as_nanos()).unwrap_or(u64::MAX));
        let switches_per_s = since(before.map(|last| last.host.switches), host.switches);
        let cost = sample.source.as_ref().and_then(|source| source.cost);
        self.host = Some(HostFigures {
            cpus: u32::try_from(host.online.len()).unwrap_or(u32::MAX),
            cpu_percent: since(before.map(|last| last.host.busy_ns), host.busy_ns).map(|ns| ns / 1e7),
            memory_used: host.memory_total.saturating_sub(host.memory_available),
            memory_total: host.memory_total,
            switches_per_s,
            switching_percent: cost
                .zip(switches_per_s)
                .map(|(cost, switches)| cost.ns_per_run() * switches / 1e7),
            own_cpu_percent: since(own_before, own).map(|ns| ns / 1e7),
        });
    }

    /// One cgroup by its id.
    #[must_use]
    pub fn entry(&self, id: CgroupId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// All cgroups, parents before children.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.order.iter().filter_map(|id| self.entries.get(id))
    }

    /// The root of what is shown.
    #[must_use]
    pub fn root(&self) -> Option<&Entry> {
        self.entries.get(self.order.first()?)
    }

    /// How far below the root of what is shown a cgroup is.
    #[must_use]
    pub fn depth(&self, entry: &Entry) -> usize {
        std::iter::successors(entry.parent, |id| self.entries.get(id)?.parent).count()
    }

    /// The interval that the figures cover; `None` before the second sample.
    #[must_use]
    pub fn covered(&self) -> Option<Duration> {
        self.last.as_ref()?.covered
    }

    /// When the last sample was taken, by `CLOCK_MONOTONIC`.
    #[must_use]
    pub fn taken_at(&self) -> Option<Duration> {
        Some(self.last.as_ref()?.taken_at)
    }

    /// The same as Unix time, seconds; 0 before the first sample.
    #[must_use]
    pub fn unix_seconds(&self) -> i64 {
        self.wall().map_or(0, report::unix)
    }

    /// When the last sample was taken, by the calendar.
    #[must_use]
    pub fn wall(&self) -> Option<SystemTime> {
        Some(self.last.as_ref()?.wall)
    }
}

impl Entry {
    fn next(
        earlier: Option<Self>,
        sample: CgroupSample,
        parent: Option<CgroupId>,
        covered: Option<Duration>,
    ) -> Self {
        let mut trail = LoadTrail::default();
        let (mut figures, mut throttled, mut name) = (None, None, None);
        if let Some(earlier) = earlier {
            throttled = ThrottleRate::next(&earlier, sample.detail.as_ref());
            trail = earlier.trail;
            match (&earlier.usage, &sample.usage, covered) {
                (Some(before), Some(after), Some(covered)) => {
                    figures = Figures::between(before, after, covered);
                    if let Some(figures) = &figures {
                        trail.push(figures);
                    }
                }
                (_, _, None) => figures = earlier.figures,
                _ => {}
            }
            name = Arc::ptr_eq(&earlier.place, &sample.place).then_some(earlier.name);
        }
        Self {
            id: sample.id,
            name: name.unwrap_or_else(|| text::clean(sample.place.name())),
            place: sample.place,
            parent,
            children: Vec::new(),
            figures,
            usage: sample.usage,
            detail: sample.detail,
            throttled,
            trail,
            workers: None,
            requests: None,
        }
    }
}

impl ThrottleRate {
    /// The rate stays as it was until the cgroup is looked at again.
    fn next(earlier: &Entry, now: Option<&Detail>) -> Option<Self> {
        let (before, now) = (earlier.detail?, now?);
        let covered = now.read_at.checked_sub(before.read_at)?;
        if covered.is_zero() {
            return earlier.throttled;
        }
        let (before, now) = (before.throttled?, now.throttled?);
        Some(Self {
            covered,
            periods: now.periods.checked_sub(before.periods)?,
            time_ns: now.time_ns.checked_sub(before.time_ns)?,
        })
    }
}

#[cfg(test)]
mod tests;
