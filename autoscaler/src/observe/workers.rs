//! Which children of a master serve requests.
//!
//! Not every child does: gunicorn may run its "dirty" arbiter beside the workers, uvicorn has multiprocessing's
//! resource tracker, a preloaded application may have started a manager process, and while gunicorn or unicorn
//! is upgraded in place (SIGUSR2) the new master is a child of the old one. What tells them apart was read in
//! the servers' sources and tried on gunicorn 20.1, 23.0 and 27.0 and on uvicorn 0.54:
//!
//! | process | catches SIGTTIN and SIGTTOU | SIGHUP | SIGCHLD | SIGABRT | command line |
//! | --- | --- | --- | --- | --- | --- |
//! | gunicorn worker | yes, inherited | no | no | but for uvicorn's class | its master's, or `gunicorn: worker` |
//! | gunicorn worker just forked | as its master | as its master | as its master | as its master | its master's |
//! | gunicorn dirty arbiter | yes | yes | yes | no | its master's, or `gunicorn: dirty-arbiter` |
//! | uvicorn worker | no | no | no | no | of multiprocessing's spawn |
//! | puma, unicorn worker | either | either | either | either | titled by the server |
//! | process forked while the application was preloaded | no | no | no | no | its master's |
//! | any other program | no | either | either | either | its own |

use nix::sys::signal::Signal;

use super::cgroup::Cgroup;
use super::kin::Kin;
use super::process::{ProcessError, ProcessTable, Procfs, Stat};
use super::snapshot::{ProcessId, Unobservable};

/// The workers that `master` has in `cgroup` now, oldest first; `None` when the process that was observed as the
/// master is gone from there.
///
/// # Errors
/// [`Unobservable::SeveralMasters`] while a new master is taking over from this one.
pub fn workers_of(
    procfs: &Procfs,
    cgroup: &Cgroup,
    master: ProcessId,
) -> Result<Option<Vec<ProcessId>>, Unobservable> {
    let table = ProcessTable::read(procfs, &cgroup.processes()?)?;
    match table.get(master.pid) {
        Some(stat) if stat.id == master => of(procfs, &table, stat).map(Some),
        _ => Ok(None),
    }
}

/// The workers of `master`, oldest first. A worker counts as soon as it is forked.
///
/// # Errors
/// [`Unobservable::SeveralMasters`] while a new master is taking over from this one.
pub(super) fn of(
    procfs: &Procfs,
    table: &ProcessTable,
    master: &Stat,
) -> Result<Vec<ProcessId>, Unobservable> {
    let children = roles(procfs, table, master)?;
    let with = |wanted| {
        children
            .iter()
            .filter(move |(_, role)| *role == wanted)
            .map(|(id, _)| *id)
    };
    let successors: Vec<u32> = with(Role::Successor).map(|id| id.pid).collect();
    if !successors.is_empty() {
        let pids = std::iter::once(master.id.pid).chain(successors).collect();
        return Err(Unobservable::SeveralMasters { pids });
    }
    Ok(with(Role::Worker).collect())
}

/// Whether the server whose worker `pid` is takes the newest worker away on SIGTTOU, as told by how that worker looks:
/// uvicorn takes the last of its list (supervisors/multiprocess.py, `handle_ttou`), puma the youngest
/// (cluster.rb, `cull_workers`), unicorn the highest number (http_server.rb, `maintain_worker_count`). gunicorn takes
/// the oldest (arbiter.py, `manage_workers`).
#[must_use]
pub fn takes_newest(procfs: &Procfs, pid: u32) -> bool {
    let Ok(Some(kin)) = Kin::read(procfs, pid) else {
        return false;
    };
    let title = kin.title();
    is_spawned(&kin.cmdline) || title.starts_with("puma") || title.contains("unicorn ") && !title.contains("gunicorn")
}

/// What a child of the master is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Serves requests.
    Worker,
    /// The new master of an upgrade in place.
    Successor,
    /// Neither: it must not be counted.
    Other,
}

fn roles(
    procfs: &Procfs,
    table: &ProcessTable,
    master: &Stat,
) -> Result<Vec<(ProcessId, Role)>, ProcessError> {
    let Some(parent) = Kin::read(procfs, master.id.pid)? else {
        return Ok(Vec::new());
    };
    let mut roles = Vec::new();
    for child in table.children(master.id.pid) {
        if let Some(kin) = Kin::read(procfs, child.id.pid)? {
            let is_parent = !table.children(child.id.pid).is_empty();
            roles.push((child.id, Role::of(&kin, &parent, is_parent)));
        }
    }
    Ok(roles)
}

impl Role {
    fn of(child: &Kin, master: &Kin, is_parent: bool) -> Self {
        if let Some(role) = Self::titled(child.title()) {
            return role;
        }
        let catches = |signal| child.caught.contains(signal);
        if child.caught.has_worker_signals() {
            return if child.caught == master.caught {
                // A fork that has not yet changed its handlers has had no time for children either.
                if is_parent { Self::Successor } else { Self::Worker }
            } else if catches(Signal::SIGHUP) && catches(Signal::SIGCHLD) && !catches(Signal::SIGABRT) {
                Self::Other
            } else {
                Self::Worker
            };
        }
        // An application may have reset the signals in its workers. Each worker still ends in good order, on
        // SIGTERM, which a process forked by the preloaded application does not.
        let forked = child.cmdline == master.cmdline && catches(Signal::SIGTERM);
        if forked || is_spawned(&child.cmdline) {
            Self::Worker
        } else {
            Self::Other
        }
    }

    /// By the title that the process gave itself: puma and unicorn always do, gunicorn where the setproctitle
    /// package is installed.
    fn titled(title: &str) -> Option<Self> {
        if let Some(name) = title.strip_prefix("gunicorn: ") {
            // A title that starts with `master` may be that of a fork which has not yet changed it.
            return match name.split([' ', '-']).next() {
                Some("worker") => Some(Self::Worker),
                Some("dirty") => Some(Self::Other),
                _ => None,
            };
        }
        let is_worker = title.starts_with("puma: cluster worker")
            || (title.contains("unicorn") && title.contains(" worker["));
        is_worker.then_some(Self::Worker)
    }
}

/// Whether this is a child that Python's multiprocessing spawned to run a function, as uvicorn's workers are.
/// Its resource tracker and fork server have no such argument.
fn is_spawned(cmdline: &[String]) -> bool {
    cmdline
        .iter()
        .any(|argument| argument == "--multiprocessing-fork")
}

#[cfg(test)]
mod tests;
