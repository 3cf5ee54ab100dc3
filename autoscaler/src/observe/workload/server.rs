//! A server's master and workers, whichever kind it is.

use std::time::Duration;

use crate::model::{ProcessId, Unobservable, Workload};

use crate::host::cgroup::Cgroup;
use crate::host::process::{ProcessTable, Procfs, Stat};
use crate::observe::workload::{master, pool, workers};

/// The master and its workers, oldest first, among the processes of a cgroup; at `main` or below it where that is known.
pub(in crate::observe) fn find(
    procfs: &Procfs,
    workload: Workload,
    table: &ProcessTable,
    main: Option<&Stat>,
) -> Result<(ProcessId, Vec<ProcessId>), Unobservable> {
    match workload {
        Workload::CeleryPool | Workload::TemplateInstances => pool::find(procfs, table, main),
        Workload::SignalledServer => {
            let master = master::find(procfs, table, main)?;
            Ok((master.id, workers::of(procfs, table, master)?))
        }
    }
}

/// Most looks at a server one of whose processes was forked just now, and the time between two: it is known a few
/// milliseconds later.
pub(in crate::observe) const LOOKS: u32 = 10;
pub(in crate::observe) const AGAIN_AFTER: Duration = Duration::from_millis(20);

/// The live processes in `cgroup` and below it.
///
/// # Errors
/// [`Unobservable::CgroupEmpty`] if there is none.
pub(in crate::observe) fn processes(procfs: &Procfs, cgroup: &Cgroup) -> Result<ProcessTable, Unobservable> {
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
    workload: Workload,
) -> Result<(ProcessId, Vec<ProcessId>), Unobservable> {
    for _ in 1..LOOKS {
        match find(procfs, workload, &processes(procfs, cgroup)?, None) {
            Err(Unobservable::Forking { .. }) => std::thread::sleep(AGAIN_AFTER),
            known => return known,
        }
    }
    find(procfs, workload, &processes(procfs, cgroup)?, None)
}
