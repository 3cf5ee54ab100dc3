//! The processes and the memory of one project.

use crate::host::cpu_list::CpuList;
use crate::host::process::{ProcessTable, Procfs, Stat, unless_gone};
use crate::host::service::{self, Instance};
use crate::model::{ProcessError, ProcessId, Project, ProjectSample, ReadFault, Unobservable};
use crate::observe::observer::locate::{Location, Main};
use crate::observe::workload::chosen;
use crate::observe::workload::server::{self, AGAIN_AFTER, LOOKS};

/// Refuses a cgroup that is frozen: its idle CPU says nothing, and a signal would be carried out when it is thawed.
pub(super) fn thawed(place: &Location) -> Result<(), Unobservable> {
    if place.cgroup.is_frozen()? {
        return Err(Unobservable::Frozen {
            path: place.cgroup.path().to_owned(),
        });
    }
    Ok(())
}

/// The project's sample, still without its CPU: looked at again where a process was forked just now, which is known a
/// few milliseconds later.
pub(super) async fn settled(
    procfs: &Procfs,
    project: &Project,
    place: &Location,
) -> Result<ProjectSample, Unobservable> {
    for _ in 1..LOOKS {
        match sample(procfs, project, place) {
            Err(Unobservable::Forking { .. }) => tokio::time::sleep(AGAIN_AFTER).await,
            known => return known,
        }
    }
    sample(procfs, project, place)
}

fn sample(procfs: &Procfs, project: &Project, place: &Location) -> Result<ProjectSample, Unobservable> {
    let table = server::processes(procfs, &place.cgroup)?;
    let (master, workers) = match &place.main {
        Main::Instances(instances) => instances_of(procfs, place, instances)?,
        Main::Process(pid) => {
            let main = match &project.process {
                Some(filter) => Some(chosen::find(procfs, &table, filter)?),
                None => pid
                    .map(|pid| main_process(procfs, &table, place, pid))
                    .transpose()?,
            };
            server::find(procfs, project.workload(), &table, main)?
        }
    };
    Ok(ProjectSample {
        cgroup: place.cgroup.path().to_owned(),
        container: place.container.clone(),
        master,
        workers,
        cpu: None,
        memory: place.cgroup.memory()?,
        queue: None,
        requests: None,
    })
}

/// The main processes of a template's instances, and the oldest of them, which stands for the master: the newest is
/// always the first to go.
fn instances_of(
    procfs: &Procfs,
    place: &Location,
    instances: &[Instance],
) -> Result<(ProcessId, Vec<ProcessId>), Unobservable> {
    let running = service::running(procfs, instances.to_vec())?;
    let workers: Vec<ProcessId> = running.into_iter().map(|(main, _)| main).collect();
    match workers.first() {
        Some(oldest) => Ok((*oldest, workers)),
        None => Err(Unobservable::CgroupEmpty {
            path: place.cgroup.path().to_owned(),
        }),
    }
}

/// The CPUs that are online and within the affinity of the master, which its workers inherit.
pub(super) fn runnable(
    procfs: &Procfs,
    master: ProcessId,
    online: &CpuList,
) -> Result<CpuList, Unobservable> {
    let status = unless_gone(procfs.status(master.pid))?;
    Ok(status.map_or_else(|| online.clone(), |status| status.cpus_allowed.and(online)))
}

fn main_process<'t>(
    procfs: &Procfs,
    table: &'t ProcessTable,
    place: &Location,
    pid: u32,
) -> Result<&'t Stat, Unobservable> {
    if let Some(stat) = table.get(pid) {
        return Ok(stat);
    }
    match unless_gone(procfs.cgroup(pid))? {
        Some(cgroup) if !place.cgroup.contains(&cgroup) => Err(Unobservable::MasterElsewhere { pid, cgroup }),
        _ => Err(ReadFault::Ended { pid }.into()),
    }
}

impl From<ProcessError> for Unobservable {
    fn from(error: ProcessError) -> Self {
        ReadFault::from(error).into()
    }
}
