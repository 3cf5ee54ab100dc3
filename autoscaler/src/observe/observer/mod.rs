//! One check's look at the host: every project's figures, read at one moment, as a [`Snapshot`].

mod aside;
mod interval;
mod locate;
mod process_cpu;
mod project;
mod pulse;
mod reach;
mod readings;
mod requests;
mod totals;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use interval::Baselines;
use locate::Location;
use process_cpu::ProcessCpu;
use pulse::Pulses;
use reach::UntilUnreachable;
use readings::Readings;
use requests::RequestMeter;

use crate::host::cgroup::{Cgroup, CgroupMount};
use crate::host::container::Containers;
use crate::host::cpu_list::CpuList;
use crate::host::listen::ListenSource;
use crate::host::machine::HostReader;
use crate::host::process::Procfs;
use crate::host::service::ServiceManager;
use crate::host::usage::{self, Health, Usage, UsageSource};
use crate::model::{
    Config, CpuSample, Histogram, HostError, ListenLook, ProcessId, Project, ProjectSample, RequestsWay,
    Snapshot, SourceKind, SourceNews, Unobservable, UsageFault, WhyNotEbpf, Workload,
};
use crate::observe::workload::server::{self, server_in};

pub use readings::Reading;
pub use requests::OpenRequests;
pub use totals::Totals;

/// The workers of the one server in `cgroup`, oldest first, and how many CPUs they may use. Asks no service
/// manager, so a server behind a shell is found by its signals alone.
pub fn workers_in(
    procfs: &Procfs,
    workload: Workload,
    cgroup: &Cgroup,
    online: &CpuList,
) -> Result<(Vec<ProcessId>, f64), Unobservable> {
    let (master, workers) = server_in(procfs, cgroup, workload)?;
    let runnable = project::runnable(procfs, master, online)?;
    Ok((workers, cgroup.allowed_cpus(&runnable)?))
}

/// Looks at the host, and remembers the counters of the last look so that each gives the means since then.
///
/// What goes wrong with one project is that project's entry in the snapshot; the others go on.
pub struct Observer<S> {
    procfs: Procfs,
    host: HostReader,
    services: S,
    containers: Containers,
    source: Box<dyn UsageSource>,
    baselines: Baselines,
    process_cpu: ProcessCpu,
    usage_fault: Option<UsageFault>,
    readings: Readings,
    requests: RequestMeter,
    pulses: Pulses,
    listen: ListenSource,
    /// See [`Observer::listening`].
    listening: BTreeMap<String, ListenLook>,
    /// The cgroups that the last look found, by project.
    cgroups: BTreeMap<String, Cgroup>,
}

impl<S: ServiceManager> Observer<S> {
    /// An observer of this host that has not looked yet.
    #[must_use]
    pub fn new(services: S, source: Box<dyn UsageSource>) -> Self {
        Self::at(
            Procfs::default(),
            services,
            source,
            Box::new(crate::host::requests::open),
        )
    }

    /// An observer of the host that `procfs` shows, with its kernel programs opened by `requests`.
    #[must_use]
    pub fn at(procfs: Procfs, services: S, source: Box<dyn UsageSource>, requests: OpenRequests) -> Self {
        Self {
            host: HostReader::new(procfs.clone()),
            readings: Readings::new(procfs.clone()),
            requests: RequestMeter::new(requests),
            pulses: Pulses::new(&procfs),
            listen: ListenSource::default(),
            listening: BTreeMap::new(),
            containers: Containers::new(procfs.clone()),
            procfs,
            services,
            source,
            baselines: Baselines::default(),
            process_cpu: ProcessCpu::default(),
            usage_fault: None,
            cgroups: BTreeMap::new(),
        }
    }

    /// Takes the CPU figures from another source from now on. Its counters are not comparable with the last
    /// one's: the next look gives no CPU figures.
    pub fn replace_source(&mut self, source: Box<dyn UsageSource>) {
        self.source = source;
        self.baselines = Baselines::default();
    }

    /// Where the CPU figures come from.
    #[must_use]
    pub fn source_kind(&self) -> SourceKind {
        self.source.kind()
    }

    /// What the source of the CPU figures lost so far.
    #[must_use]
    pub fn source_health(&self) -> Health {
        self.source.health()
    }

    /// What the source of the CPU figures has to tell since it was last asked.
    pub fn source_news(&mut self) -> Vec<SourceNews> {
        self.source.news()
    }

    /// Why the last look could not see the requests of projects that want it; `None` where it could, or none does.
    #[must_use]
    pub fn requests_fault(&self) -> Option<&WhyNotEbpf> {
        self.requests.fault()
    }

    /// By what requests are seen; `None` where no project wants it.
    #[must_use]
    pub fn requests_way(&self) -> Option<RequestsWay> {
        self.requests.way()
    }

    /// The listening sockets of a project whose requests are wanted, as the last look saw them.
    #[must_use]
    pub fn listening(&self, project: &str) -> Option<&ListenLook> {
        self.listening.get(project)
    }

    /// How long requests of a project waited that no look has told of, since the project could not be looked at; those
    /// since this was asked last.
    pub fn take_missed_waits(&mut self, project: &str) -> Option<Histogram> {
        self.requests.take_missed(project)
    }

    /// Another configuration is in force: what failed before is tried again at the next look.
    pub fn try_requests_again(&mut self) {
        self.requests.try_again();
    }

    /// Why the last look has no CPU figures at all; `None` when the source could be read.
    #[must_use]
    pub fn usage_fault(&self) -> Option<&UsageFault> {
        self.usage_fault.as_ref()
    }

    /// Looks at the host and at every project of `config`, and waits until every sample is complete.
    ///
    /// # Errors
    /// When the host's own figures cannot be read.
    pub async fn observe(&mut self, config: &Config) -> Result<Snapshot, HostError> {
        let mut snapshot = self.look(config).await?;
        while self.readings.is_any_under_way() {
            let reading = self.readings.next().await;
            if let Some(sample) = snapshot.projects.get_mut(&reading.project)
                && let Ok(seen) = sample.clone()
            {
                *sample = reading.complete(seen);
            }
        }
        Ok(snapshot)
    }

    /// Looks at the host and at every project of `config`. What has to be waited for, such as a broker's answer, is begun
    /// to be read: it comes by [`Observer::read`], project by project.
    ///
    /// # Errors
    /// When the host's own figures cannot be read.
    pub async fn look(&mut self, config: &Config) -> Result<Snapshot, HostError> {
        let (host, online) = self.host.read()?;
        let located = self.locate(config).await;

        let paths: Vec<PathBuf> = located
            .values()
            .filter_map(|place| Some(place.as_ref().ok()?.cgroup.path().to_owned()))
            .collect();
        let (taken_at, usage) = self.read_usage(&paths);
        let usage: BTreeMap<PathBuf, Usage> = paths
            .into_iter()
            .zip(usage)
            .filter_map(|(path, usage)| Some((path, usage?)))
            .collect();

        self.cgroups = located
            .iter()
            .filter_map(|(name, place)| Some((name.clone(), place.as_ref().ok()?.cgroup.clone())))
            .collect();
        self.readings.retain(config);
        self.process_cpu.retain(|name| config.projects.contains_key(name));
        let mut requests = self.requests.look(config, &self.cgroups);
        self.listening = self.look_at_sockets(config);
        let mut projects = BTreeMap::new();
        for (name, place) in located {
            let sample = match place {
                Ok(place) => {
                    let usage = usage.get(place.cgroup.path()).copied();
                    let seen = self.sample((config, &name), &place, (usage, taken_at), &online);
                    let mut sample = seen.await;
                    if let Ok(sample) = &mut sample
                        && let Some(seen) = requests.remove(&name)
                    {
                        let project = &config.projects[&name];
                        let known = |figures| self.requests.sample(&self.procfs, project, sample, figures);
                        sample.requests = Some(seen.map(known));
                    }
                    if let Ok(sample) = &sample {
                        self.found(config, &config.projects[&name], sample);
                    }
                    self.begin((config, &name), &place, &sample, taken_at);
                    sample
                }
                Err(fault) => Err(fault),
            };
            projects.insert(name, sample);
        }
        self.requests.miss(requests);
        if self.usage_fault.is_none() {
            self.baselines.advance();
        }
        Ok(Snapshot {
            taken_at,
            host,
            projects,
        })
    }

    /// Notes of a project with a promise what the looks between two checks do not see: threads, and, where projects share
    /// a budget of memory, what a worker holds.
    fn found(&mut self, config: &Config, project: &Project, sample: &ProjectSample) {
        if project.promise().is_none() {
            return;
        }
        let seen = match &sample.requests {
            Some(Ok(requests)) => Some(requests.concurrency),
            _ => None,
        };
        self.pulses.found(&self.procfs, project, sample.master.pid, seen);
        if let Some(cpu) = sample.cpu {
            self.pulses.may_use(project, cpu.allowed_cpus);
        }
        if config.global.budget.is_some() {
            self.pulses.weigh(&self.procfs, project, &sample.workers);
        }
    }

    /// Begins to read what the sample of a project lacks.
    fn begin(
        &mut self,
        (config, name): (&Config, &str),
        place: &Location,
        sample: &Result<ProjectSample, Unobservable>,
        now: Duration,
    ) {
        if let (Some(project), Ok(sample)) = (config.projects.get(name), sample) {
            self.readings.begin(project, place, sample, now);
        }
    }

    /// Whether something of a project is still being read: its sample is not complete until then.
    #[must_use]
    pub fn is_reading(&self, project: &str) -> bool {
        self.readings.is_under_way(project)
    }

    /// Waits for what a sample lacked; for ever where none lacks anything. Dropped while it waits, it loses nothing.
    pub async fn read(&mut self) -> Reading {
        self.readings.next().await
    }

    /// Ends the readings that `config` no longer asks for.
    pub fn retain_readings(&mut self, config: &Config) {
        self.readings.retain(config);
    }

    /// The workers that a step has left: of those that it took away, none is waited for to be replaced.
    pub fn step_left(&mut self, project: &str, workers: &[ProcessId]) {
        self.readings.left(project, workers);
    }

    /// A step has changed the count of a project: what is being read of it is outdated.
    pub fn count_changed(&mut self, project: &str) {
        self.readings.outdate(project);
    }

    /// Looks twice, `interval` apart, and gives the second look: what a single check needs to have CPU figures.
    ///
    /// # Errors
    /// As [`Observer::observe`].
    pub async fn observe_over(&mut self, config: &Config, interval: Duration) -> Result<Snapshot, HostError> {
        self.observe(config).await?;
        tokio::time::sleep(interval).await;
        self.observe(config).await
    }

    /// What one check sees of a project.
    async fn sample(
        &mut self,
        (config, name): (&Config, &str),
        place: &Location,
        (usage, taken_at): (Option<Usage>, Duration),
        online: &CpuList,
    ) -> Result<ProjectSample, Unobservable> {
        self.alone(config, name, &place.cgroup)?;
        let mut sample = project::settled(&self.procfs, &config.projects[name], place).await?;
        if config.projects[name].process.is_some() {
            sample.cpu = self.cpu_of_processes(name, place, &sample, online)?;
        } else if let Some(usage) = usage {
            sample.cpu = self.cpu(place, &sample, usage, taken_at, online)?;
        }
        // What is frozen uses no CPU at all, and hardly anything else does: no file more for those that do.
        if sample.cpu.is_none_or(|cpu| cpu.on_cpu.is_zero()) {
            project::thawed(place)?;
        }
        Ok(sample)
    }

    /// Refuses an enabled project over the cgroup of another: two units may be one by an alias, and one project may
    /// name a unit where another names its cgroup, so that the configuration does not show it. Several that each say which
    /// server in it they are may share one.
    fn alone(&self, config: &Config, name: &str, cgroup: &Cgroup) -> Result<(), Unobservable> {
        let enabled = |name: &str| config.projects.get(name).is_some_and(|project| project.enabled);
        let filtered = |name: &str| {
            config
                .projects
                .get(name)
                .is_some_and(|project| project.process.is_some())
        };
        let in_the_way = |other: &str| enabled(other) && !(filtered(name) && filtered(other));
        let others: Vec<String> = self
            .cgroups
            .iter()
            .filter(|(other, at)| at.id() == cgroup.id() && *other != name && in_the_way(other))
            .map(|(other, _)| other.clone())
            .collect();
        if others.is_empty() || !enabled(name) {
            Ok(())
        } else {
            Err(Unobservable::SharedCgroup { others })
        }
    }

    /// The listening sockets of the projects whose requests are wanted.
    fn look_at_sockets(&mut self, config: &Config) -> BTreeMap<String, ListenLook> {
        let wanted = |name: &String| config.projects.get(name).is_some_and(Project::wants_requests);
        let wanting = self.cgroups.iter().filter(|(name, _)| wanted(name));
        // A cgroup that is just going has no processes any more.
        let processes = wanting.map(|(name, cgroup)| (name.clone(), cgroup.processes().unwrap_or_default()));
        let (names, pids): (Vec<String>, Vec<Vec<u32>>) = processes.unzip();
        if names.is_empty() {
            return BTreeMap::new();
        }
        names.into_iter().zip(self.listen.look(&pids)).collect()
    }

    async fn locate(&mut self, config: &Config) -> BTreeMap<String, Result<Location, Unobservable>> {
        // Found anew each time: a mount that appears later is picked up.
        let mount = CgroupMount::discover(&self.procfs);
        let mut services = UntilUnreachable::new(&mut self.services);
        self.containers.look_again();
        let mut located = BTreeMap::new();
        for (name, project) in &config.projects {
            let place = match &mount {
                Ok(mount) => locate::locate(mount, &mut services, &mut self.containers, project).await,
                Err(error) => Err(error.clone().into()),
            };
            located.insert(name.clone(), place);
        }
        located
    }

    /// The counters of `cgroups`, all of one moment. A source that fails leaves the projects without CPU
    /// figures for this look, and keeps what was remembered: the next figures cover the gap.
    fn read_usage(&mut self, cgroups: &[PathBuf]) -> (Duration, Vec<Option<Usage>>) {
        match self.source.read(cgroups) {
            Ok(reading) => {
                self.usage_fault = None;
                (reading.taken_at, reading.usage)
            }
            Err(error) => {
                self.usage_fault = Some(error.into());
                (usage::monotonic(), vec![None; cgroups.len()])
            }
        }
    }

    /// The CPU of one of several servers in a cgroup.
    fn cpu_of_processes(
        &mut self,
        name: &str,
        place: &Location,
        sample: &ProjectSample,
        online: &CpuList,
    ) -> Result<Option<CpuSample>, Unobservable> {
        let table = server::processes(&self.procfs, &place.cgroup)?;
        let runnable = project::runnable(&self.procfs, sample.master, online)?;
        let allowed_cpus = place.cgroup.allowed_cpus(&runnable)?;
        let at = (usage::monotonic(), allowed_cpus);
        let of = (name, sample.master);
        Ok(self.process_cpu.measure(&self.procfs, of, &table, at)?)
    }

    fn cpu(
        &mut self,
        place: &Location,
        sample: &ProjectSample,
        usage: Usage,
        taken_at: Duration,
        online: &CpuList,
    ) -> Result<Option<CpuSample>, Unobservable> {
        // The directory was made anew between the look at it and the reading: the figures are another's.
        if usage.id != place.cgroup.id() {
            return Ok(None);
        }
        let runnable = project::runnable(&self.procfs, sample.master, online)?;
        let now = interval::Baseline {
            taken_at,
            usage,
            throttle: place.cgroup.throttling()?,
        };
        Ok(self.baselines.measure(now, place.cgroup.allowed_cpus(&runnable)?))
    }
}

#[cfg(test)]
mod tests;
