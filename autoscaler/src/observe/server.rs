//! A server's master and workers, whichever kind it is.

use std::time::Duration;

use crate::config::Project;

use super::cgroup::Cgroup;
use super::process::{ProcessTable, Procfs, Stat};
use super::snapshot::{ProcessId, Unobservable};
use super::{master, pool, workers};

/// How a server is told how many workers to have, and so how its master is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerKind {
    /// By SIGTTIN and SIGTTOU: gunicorn, uvicorn, puma, unicorn.
    Signalled,
    /// By Celery's remote control.
    Celery,
}

impl ServerKind {
    /// The kind that a project's service is.
    #[must_use]
    pub fn of(project: &Project) -> Self {
        match project.queue {
            Some(_) => Self::Celery,
            None => Self::Signalled,
        }
    }

    /// The master and its workers, oldest first, among the processes of a cgroup; at `main` or below it where that
    /// is known.
    pub(super) fn find(
        self,
        procfs: &Procfs,
        table: &ProcessTable,
        main: Option<&Stat>,
    ) -> Result<(ProcessId, Vec<ProcessId>), Unobservable> {
        match self {
            Self::Celery => pool::find(procfs, table, main),
            Self::Signalled => {
                let master = master::find(procfs, table, main)?;
                Ok((master.id, workers::of(procfs, table, master)?))
            }
        }
    }
}

/// Most looks at a server one of whose processes was forked just now, and the time between two: it is known a few
/// milliseconds later.
pub(super) const LOOKS: u32 = 10;
pub(super) const AGAIN_AFTER: Duration = Duration::from_millis(20);

/// The live processes in `cgroup` and below it.
///
/// # Errors
/// [`Unobservable::CgroupEmpty`] if there is none.
pub(super) fn processes(procfs: &Procfs, cgroup: &Cgroup) -> Result<ProcessTable, Unobservable> {
    let table = ProcessTable::read(procfs, &cgroup.processes()?)?;
    if table.is_empty() {
        return Err(Unobservable::CgroupEmpty {
            path: cgroup.path().to_owned(),
        });
    }
    Ok(table)
}

/// The master and the workers of the one server in `cgroup`, told by its processes alone.
///
/// # Errors
/// Where there is none, or more than one.
pub fn server_in(
    procfs: &Procfs,
    cgroup: &Cgroup,
    kind: ServerKind,
) -> Result<(ProcessId, Vec<ProcessId>), Unobservable> {
    for _ in 1..LOOKS {
        match kind.find(procfs, &processes(procfs, cgroup)?, None) {
            Err(Unobservable::Forking { .. }) => std::thread::sleep(AGAIN_AFTER),
            known => return known,
        }
    }
    kind.find(procfs, &processes(procfs, cgroup)?, None)
}
