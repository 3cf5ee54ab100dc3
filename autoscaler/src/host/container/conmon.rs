//! Podman's containers, by the processes that watch over them.
//!
//! Podman starts one conmon(8) for each container and is gone itself. conmon's command line has the container's id (`-c`) and
//! name (`-n`); with another id behind `-u` it watches over a `podman exec` (`sharedConmonArgs` in Podman's
//! `libpod/oci_conmon_common.go`). The container's first process is its child. `podman rename` leaves the name as it was until
//! the container starts again.

use crate::host::cgroup::is_id;
use crate::host::container::{Found, own_cgroup};
use crate::host::process::{ProcessTable, Procfs};
use crate::model::{Container, ContainerFault, ProcessError, Runtime};

/// The container `name` that Podman runs for the user `uid`; `None` where it runs none.
///
/// A process is conmon's only if it belongs to that user through and through: anybody can call a program so, and a program
/// that runs with another's rights (setuid) still has its caller's real uid.
pub(super) fn find(procfs: &Procfs, uid: u32, name: &str) -> Result<Option<Found>, ContainerFault> {
    let unreadable = |error: ProcessError| ContainerFault::Refused {
        runtime: Runtime::Podman,
        why: error.to_string(),
    };
    let pids = procfs.pids().map_err(unreadable)?;
    let watched = pids.iter().find_map(|pid| {
        let watched = Watched::of(&procfs.cmdline(*pid).ok()?).filter(|watched| watched.name == name)?;
        (procfs.owner(*pid).ok()? == Some(uid)).then_some((*pid, watched.id))
    });
    let Some((conmon, id)) = watched else {
        return Ok(None);
    };
    let table = ProcessTable::read(procfs, &pids).map_err(unreadable)?;
    let mut elsewhere = None;
    for child in table.children(conmon) {
        let pid = child.id.pid;
        let Ok(cgroup) = procfs.cgroup(pid) else {
            continue;
        };
        if let Some(own) = own_cgroup(&cgroup, &id) {
            return Ok(Some(Found {
                container: Container {
                    runtime: Runtime::Podman,
                    id,
                    rootless: uid != 0,
                },
                cgroup: own,
                main: Some(pid),
            }));
        }
        elsewhere = Some(cgroup);
    }
    match elsewhere {
        Some(cgroup) => Err(ContainerFault::NoCgroup {
            name: name.to_owned(),
            cgroup,
        }),
        // Its process has just ended, or does not run yet.
        None => Ok(None),
    }
}

/// The name of the container `id`, and the user whose it is.
pub(super) fn name_of(procfs: &Procfs, id: &str) -> Option<(String, u32)> {
    procfs.pids().ok()?.into_iter().find_map(|pid| {
        let watched = Watched::of(&procfs.cmdline(pid).ok()?).filter(|watched| watched.id == id)?;
        Some((watched.name, procfs.owner(pid).ok()??))
    })
}

/// What a conmon watches over.
struct Watched {
    id: String,
    name: String,
}

impl Watched {
    /// What the conmon with this command line does; `None` of any other program, and of a conmon of a `podman exec`.
    fn of(cmdline: &[String]) -> Option<Self> {
        let program = cmdline.first()?.rsplit('/').next()?;
        let after = |option: &str| {
            let at = cmdline.iter().position(|word| word == option)?;
            cmdline.get(at + 1).map(String::as_str)
        };
        let id = after("-c").filter(|id| program == "conmon" && is_id(id) && after("-u") == Some(id))?;
        Some(Self {
            id: id.to_owned(),
            name: after("-n")?.to_owned(),
        })
    }
}
