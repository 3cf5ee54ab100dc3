//! The requests of the projects that want them seen: the kernel programs are loaded for as long as there is one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::host::bpf;
use crate::host::cgroup::Cgroup;
use crate::host::process::Procfs;
use crate::host::requests::RequestWatch;
use crate::host::usage;
use crate::model::{
    Concurrency, Config, Project, ProjectSample, RequestFault, RequestFigures, RequestLook, RequestSample,
    RequestsWay, WhyNotEbpf,
};
use crate::observe::workload::concurrency;

/// How long after a failure the kernel is asked again.
const AGAIN_AFTER: Duration = Duration::from_mins(10);

/// Projects that there is room for at least.
const ROOM: u32 = 16;

/// Looks in a row at which more is served than the command line explains, before it is not believed any more: workers that
/// a reload replaces serve beside the new ones.
const LOOKS: u32 = 2;

/// Opens the kernel programs with room for so many projects.
pub type OpenRequests = Box<dyn Fn(u32) -> Result<Box<dyn RequestWatch>, WhyNotEbpf> + Send>;

/// Looks at requests, and remembers the last look so that each gives what happened since.
pub(super) struct RequestMeter {
    open: OpenRequests,
    source: Option<Source>,
    fault: Option<Fault>,
}

struct Source {
    watch: Box<dyn RequestWatch>,
    room: u32,
    /// Never one that another project had: its open connections are still charged there.
    next: u32,
    services: BTreeMap<String, Service>,
}

struct Service {
    index: u32,
    last: Option<RequestLook>,
    /// The last look between two checks.
    pulsed: Option<RequestLook>,
    /// Looks in a row that contradicted the command line.
    contradicted: u32,
}

struct Fault {
    why: WhyNotEbpf,
    at: Duration,
}

/// What a look found of each project: its requests, or that they cannot be seen.
pub(super) type Seen = BTreeMap<String, Result<RequestFigures, RequestFault>>;

impl RequestMeter {
    /// A meter that sees nothing where nobody wants it to.
    pub(super) fn new(open: OpenRequests) -> Self {
        Self {
            open,
            source: None,
            fault: None,
        }
    }

    /// Why requests cannot be seen, where some project wants them.
    pub(super) fn fault(&self) -> Option<&WhyNotEbpf> {
        self.fault.as_ref().map(|fault| &fault.why)
    }

    /// By what they are seen, where some project wants them: where no program can be had, by listening sockets alone.
    pub(super) fn way(&self) -> Option<RequestsWay> {
        match (&self.source, &self.fault) {
            (Some(source), _) => Some(source.watch.way()),
            (None, Some(_)) => Some(RequestsWay::ListenQueues),
            (None, None) => None,
        }
    }

    /// A project's cgroup has just been found: its connections from here on are seen, and not only those after the next
    /// look. What the kernel has against it is told then.
    pub(super) fn found(&mut self, name: &str, place: &Cgroup) {
        if let Some(source) = &mut self.source
            && let Some(service) = source.services.get(name)
        {
            let _ = source.watch.want(service.index, place.path());
        }
    }

    /// The configuration has changed: what could not be had before is tried again at the next look.
    pub(super) fn try_again(&mut self) {
        if let Some(fault) = &mut self.fault {
            fault.at = Duration::ZERO;
        }
    }

    /// Looks at the projects of `config` that want their requests seen, each in its cgroup. A project has no entry at the
    /// first look.
    pub(super) fn look(&mut self, config: &Config, places: &BTreeMap<String, Cgroup>) -> Seen {
        let wanting: BTreeSet<&str> = config
            .projects
            .values()
            .filter(|project| project.wants_requests())
            .map(|project| project.name.as_str())
            .collect();
        if wanting.is_empty() {
            (self.source, self.fault) = (None, None);
            return Seen::new();
        }
        self.prepare(&wanting);
        let Some(source) = &mut self.source else {
            return unseen(&wanting);
        };
        let without_room = source.want(config, places);
        let looked = source.look(config);
        match &looked {
            Ok(_) if without_room.is_empty() => self.fault = None,
            Ok(_) => {}
            Err(_) => self.source = None,
        }
        let mut seen = looked.unwrap_or_else(|error| {
            self.failed(bpf::failed(error));
            unseen(&wanting)
        });
        for (name, error) in without_room {
            self.failed(bpf::failed(error));
            seen.insert(name, Err(RequestFault::NotSeen));
        }
        seen
    }

    /// Looks at these projects between two checks, at those that the last check wanted. A project has no entry at the first
    /// such look.
    pub(super) fn pulse(&mut self, config: &Config, names: &[&str]) -> Seen {
        match (&mut self.source, &self.fault) {
            // What the kernel has against it is told by the next check.
            (Some(source), _) => source.pulse(config, names).unwrap_or_default(),
            (None, Some(_)) => unseen(&names.iter().copied().collect()),
            (None, None) => Seen::new(),
        }
    }

    /// The figures of a project with what is known of its workers.
    pub(super) fn sample(
        &mut self,
        procfs: &Procfs,
        project: &Project,
        sample: &ProjectSample,
        figures: RequestFigures,
    ) -> RequestSample {
        let concurrency = match project.requests.threads_per_worker {
            Some(threads) => Concurrency::Threads(threads),
            None => self.believed(
                project,
                sample,
                &figures,
                concurrency::told(procfs, sample.master.pid),
            ),
        };
        RequestSample {
            figures,
            concurrency,
            reads_ahead: concurrency::reads_ahead(procfs, sample.master.pid),
        }
    }

    /// What the command line tells, unless what is seen contradicts it.
    fn believed(
        &mut self,
        project: &Project,
        sample: &ProjectSample,
        figures: &RequestFigures,
        told: Option<Concurrency>,
    ) -> Concurrency {
        let serving = u32::try_from(figures.serving).unwrap_or(u32::MAX);
        let untold = Concurrency::Untold { serving };
        let Some(told) = told else {
            return untold;
        };
        let Concurrency::Threads(threads) = told else {
            return told;
        };
        let service = self
            .source
            .as_mut()
            .and_then(|source| source.services.get_mut(&project.name));
        let Some(service) = service else { return told };
        service.contradicted = if serving > sample.worker_count().saturating_mul(threads) {
            service.contradicted + 1
        } else {
            0
        };
        if service.contradicted >= LOOKS {
            untold
        } else {
            told
        }
    }

    /// Opens the programs where they are not, or have too little room.
    fn prepare(&mut self, wanting: &BTreeSet<&str>) {
        if let Some(source) = &mut self.source {
            source.services.retain(|name, _| wanting.contains(name.as_str()));
            if source.has_room_for(wanting) {
                return;
            }
            self.source = None;
        }
        let now = usage::monotonic();
        if self
            .fault
            .as_ref()
            .is_some_and(|fault| !fault.at.is_zero() && now < fault.at + AGAIN_AFTER)
        {
            return;
        }
        let wanted = u32::try_from(wanting.len()).unwrap_or(u32::MAX);
        let room = wanted.saturating_mul(2).max(ROOM);
        match (self.open)(room) {
            Ok(watch) => {
                self.fault = None;
                self.source = Some(Source {
                    watch,
                    room,
                    next: 0,
                    services: BTreeMap::new(),
                });
            }
            Err(why) => self.failed(why),
        }
    }

    fn failed(&mut self, why: WhyNotEbpf) {
        let at = usage::monotonic();
        self.fault = Some(Fault { why, at });
    }

    /// The counters of each project, as they are now: they begin when the programs are loaded.
    pub(super) fn totals(&self) -> BTreeMap<String, RequestLook> {
        let Some(source) = &self.source else {
            return BTreeMap::new();
        };
        let indexes: Vec<u32> = source.services.values().map(|service| service.index).collect();
        let looks = source.watch.look(&indexes).unwrap_or_default();
        source.services.keys().cloned().zip(looks).collect()
    }
}

impl Source {
    fn has_room_for(&self, wanting: &BTreeSet<&str>) -> bool {
        let new = wanting
            .iter()
            .filter(|name| !self.services.contains_key(**name))
            .count();
        u32::try_from(new).is_ok_and(|new| new <= self.room - self.next)
    }

    /// Has the kernel charge what the projects want; names those that it has no room for.
    fn want(&mut self, config: &Config, places: &BTreeMap<String, Cgroup>) -> Vec<(String, anyhow::Error)> {
        let mut refused = Vec::new();
        for (name, place) in places {
            if !config.projects.get(name).is_some_and(Project::wants_requests) {
                continue;
            }
            let service = self.services.entry(name.clone()).or_insert_with(|| {
                self.next += 1;
                Service {
                    index: self.next - 1,
                    last: None,
                    pulsed: None,
                    contradicted: 0,
                }
            });
            if let Err(error) = self.watch.want(service.index, place.path()) {
                refused.push((name.clone(), error));
            }
        }
        refused
    }

    fn look(&mut self, config: &Config) -> anyhow::Result<Seen> {
        let indexes: Vec<u32> = self.services.values().map(|service| service.index).collect();
        let looks = self.watch.look(&indexes)?;
        let mut seen = Seen::new();
        for ((name, service), look) in self.services.iter_mut().zip(looks) {
            if let Some(last) = &service.last {
                let long = config.projects[name].requests.long;
                seen.insert(name.clone(), Ok(RequestFigures::apart(last, &look, long)));
            }
            service.last = Some(look);
        }
        Ok(seen)
    }

    fn pulse(&mut self, config: &Config, names: &[&str]) -> anyhow::Result<Seen> {
        let known = names
            .iter()
            .filter_map(|name| Some((*name, self.services.get(*name)?.index)));
        let (names, indexes): (Vec<&str>, Vec<u32>) = known.unzip();
        let mut seen = Seen::new();
        for (name, look) in names.into_iter().zip(self.watch.look(&indexes)?) {
            let Some(service) = self.services.get_mut(name) else {
                continue;
            };
            if let Some(last) = &service.pulsed {
                let long = config.projects[name].requests.long;
                seen.insert(name.to_owned(), Ok(RequestFigures::apart(last, &look, long)));
            }
            service.pulsed = Some(look);
        }
        Ok(seen)
    }
}

fn unseen(wanting: &BTreeSet<&str>) -> Seen {
    let unseen = |name: &&str| ((*name).to_owned(), Err(RequestFault::NotSeen));
    wanting.iter().map(unseen).collect()
}

#[cfg(test)]
mod tests;
