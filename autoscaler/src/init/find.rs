//! The services of this host whose workers can be scaled.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::host::cgroup::{Cgroup, CgroupMount};
use crate::host::container::Containers;
use crate::host::cpu_list::CpuList;
use crate::host::machine::HostReader;
use crate::host::process::Procfs;
use crate::host::service::Systemd;
use crate::init::broker::Broker;
use crate::init::place::place;
use crate::init::{At, Found, Kind, Service, WhyLeftOut, broker, name};
use crate::model::{CgroupError, HostError, ProcessError, ReadFault, ServiceError, Unobservable, Workload};
use crate::observe::server_in;
use crate::observe::workload::kind::supervisor;

/// Why nothing could be looked for.
#[derive(Debug)]
pub enum FindError {
    /// The host's own figures cannot be read.
    Host(HostError),
    /// There is no cgroup v2, or the processes cannot be listed.
    Read(ReadFault),
}

told_by_words!(FindError);

impl From<HostError> for FindError {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

impl From<CgroupError> for FindError {
    fn from(error: CgroupError) -> Self {
        Self::Read(error.into())
    }
}

impl From<ProcessError> for FindError {
    fn from(error: ProcessError) -> Self {
        Self::Read(error.into())
    }
}

/// A cgroup with processes that look like a server's.
struct Candidate {
    /// The first of them.
    pid: u32,
    at: At,
    kinds: BTreeSet<Kind>,
}

impl Candidate {
    fn new(pid: u32, at: At) -> Self {
        Self {
            pid,
            at,
            kinds: BTreeSet::new(),
        }
    }
}

/// Looks at every process of the host.
///
/// # Errors
/// When the processes, the cgroups or the host's own figures cannot be read at all.
pub async fn find(procfs: &Procfs, systemd: &Systemd) -> Result<Found, FindError> {
    let mount = CgroupMount::discover(procfs)?;
    let (host, online) = HostReader::new(procfs.clone()).read()?;
    let mut found = Found {
        host,
        services: Vec::new(),
        left_out: Vec::new(),
        without_systemd: None,
    };
    let mut taken = BTreeSet::new();
    for (cgroup, candidate) in found.candidates(procfs, systemd).await? {
        let Candidate { pid, at, kinds } = candidate;
        // Beside a server that can be scaled, one that cannot is a helper of it.
        let scalable = kinds.iter().filter(|kind| !matches!(kind, Kind::Fixed(_)));
        let looked_at = match scalable.collect::<Vec<_>>().as_slice() {
            [] => Err(WhyLeftOut::Fixed),
            [kind] => look(procfs, (&mount, &online), &cgroup, at, **kind),
            _ => Err(WhyLeftOut::SeveralKinds),
        };
        match looked_at {
            Ok(service) => {
                let path = match &service.at {
                    At::Unit(unit) => unit,
                    At::Cgroup(path) => path,
                    At::Container(container) => &container.name,
                };
                let name = name::of(path, &taken);
                taken.insert(name.clone());
                found.services.push(Service { name, ..service });
            }
            // It ended while it was looked at.
            Err(WhyLeftOut::Unobservable(
                Unobservable::CgroupNotFound { .. } | Unobservable::CgroupEmpty { .. },
            )) => {}
            Err(why) => found.leave_out(pid, &kinds, &cgroup, why),
        }
    }
    found.services.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

impl Found {
    /// The cgroups that look like a service's, by their paths from the mount.
    async fn candidates(
        &mut self,
        procfs: &Procfs,
        systemd: &Systemd,
    ) -> Result<BTreeMap<String, Candidate>, FindError> {
        let mut by_cgroup: BTreeMap<String, (u32, BTreeSet<Kind>)> = BTreeMap::new();
        for pid in procfs.pids()? {
            // Gone again, or another user's: nothing to propose.
            let Ok(Some(kind)) = kind(procfs, pid) else {
                continue;
            };
            let Ok(cgroup) = procfs.cgroup(pid) else { continue };
            by_cgroup
                .entry(cgroup)
                .or_insert_with(|| (pid, BTreeSet::new()))
                .1
                .insert(kind);
        }
        let containers = Containers::new(procfs.clone());
        let mut candidates: BTreeMap<String, Candidate> = BTreeMap::new();
        for (cgroup, (pid, kinds)) in by_cgroup {
            if let Some((container, path)) = containers.at(&cgroup).await {
                candidates
                    .entry(path)
                    .or_insert(Candidate::new(pid, At::Container(container)))
                    .kinds
                    .extend(kinds);
                continue;
            }
            let unit = systemd.unit_of(pid).await;
            if let Err(error @ (ServiceError::Unreachable { .. } | ServiceError::Refused { .. })) = &unit {
                self.without_systemd = Some(error.clone());
            }
            match place(&cgroup, unit) {
                Ok((path, at)) => candidates
                    .entry(path)
                    .or_insert(Candidate::new(pid, at))
                    .kinds
                    .extend(kinds),
                Err(why) => self.leave_out(pid, &kinds, &cgroup, why),
            }
        }
        Ok(candidates)
    }
}

/// What a process belongs to. A web server is told by its signals, too: without them it could not be scaled.
fn kind(procfs: &Procfs, pid: u32) -> Result<Option<Kind>, ProcessError> {
    let cmdline = procfs.cmdline(pid)?;
    Ok(match Kind::of(&cmdline) {
        Some(kind @ Kind::Web(_)) if !procfs.status(pid)?.caught.has_worker_signals() => {
            kind.without_signals(&cmdline)
        }
        kind => kind,
    })
}

/// Looks at the service in `cgroup`; its name is still to be chosen.
fn look(
    procfs: &Procfs,
    (mount, online): (&CgroupMount, &CpuList),
    cgroup: &str,
    at: At,
    kind: Kind,
) -> Result<Service, WhyLeftOut> {
    let directory = mount.open(Path::new(cgroup)).map_err(Unobservable::from)?;
    let workload = match kind {
        Kind::Web(_) | Kind::Fixed(_) => Workload::SignalledServer,
        Kind::Celery => Workload::CeleryPool,
    };
    let server = server_in(procfs, &directory, workload);
    let (master, workers) = match server {
        Ok((_, workers)) if workers.is_empty() && kind == Kind::Celery => {
            return Err(supervised(procfs, &directory).unwrap_or(WhyLeftOut::NoPool));
        }
        Ok(server) => server,
        Err(Unobservable::SeveralMasters { pids }) => {
            let several = match kind {
                Kind::Celery => WhyLeftOut::SeveralNodes { pids },
                _ => Unobservable::SeveralMasters { pids }.into(),
            };
            return Err(supervised(procfs, &directory).unwrap_or(several));
        }
        Err(fault) => return Err(fault.into()),
    };
    let cmdline = procfs.cmdline(master.pid).map_err(Unobservable::from)?;
    let (arguments, told_whole) = broker::arguments(&cmdline);
    let (broker, queues) = match kind {
        Kind::Web(_) | Kind::Fixed(_) => (Broker::Unknown, Vec::new()),
        Kind::Celery => {
            // Of another user's process it may not be read: then it names no broker.
            let environment = procfs.environ(master.pid).unwrap_or_default();
            (Broker::of(&arguments, &environment), broker::queues(&arguments))
        }
    };
    if let Broker::Other(scheme) = broker {
        return Err(WhyLeftOut::Broker { scheme });
    }
    let status = procfs.status(master.pid).map_err(Unobservable::from)?;
    let held: Vec<u64> = workers
        .iter()
        .filter_map(|worker| procfs.held_kib(worker.pid).ok())
        .collect();
    Ok(Service {
        name: String::new(),
        at,
        directory: directory.path().to_owned(),
        kind,
        master: master.pid,
        workers: u32::try_from(workers.len()).unwrap_or(u32::MAX),
        worker_mib: held.iter().max().unwrap_or(&0).div_ceil(1024),
        workers_mib: held.iter().sum::<u64>().div_ceil(1024),
        master_mib: procfs.held_kib(master.pid).unwrap_or(0).div_ceil(1024),
        allowed_cpus: directory
            .allowed_cpus(&status.cpus_allowed.and(online))
            .map_err(Unobservable::from)?,
        broker,
        queues,
        told_whole,
        watched: None,
    })
}

/// That a supervisor runs the server as one of several programs, if there is one in its cgroup.
fn supervised(procfs: &Procfs, directory: &Cgroup) -> Option<WhyLeftOut> {
    let pids = directory.processes().ok()?;
    let by = pids
        .into_iter()
        .find_map(|pid| supervisor(&procfs.cmdline(pid).ok()?))?;
    Some(WhyLeftOut::Supervised { by })
}
