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
//! | new master of an upgrade, forked | as its master | as its master | as its master | as its master | its master's |
//! | the same after its exec | not yet | not yet | not yet | not yet | as its master's was at the start |
//! | gunicorn dirty arbiter | yes | yes | yes | no | its master's, or `gunicorn: dirty-arbiter` |
//! | uvicorn worker | no | no | no | no | of multiprocessing's spawn |
//! | puma, unicorn worker | either | either | either | either | titled by the server |
//! | process forked by a hook (`when_ready`) | as its master | as its master | as its master | as its master | its master's |
//! | process forked while the application was preloaded | no | no | no | no | its master's |
//! | any other program | no | either | either | either | its own |
//!
//! What has run a program of its own since it was forked is told by the kernel ([`Stat::forked`]): a worker of gunicorn
//! has not, a new master has, whatever its handlers are just then. Before its exec it cannot be told from a worker that
//! has just been forked: such a child is not known yet, and looked at again. A process that a hook of gunicorn has forked,
//! with `multiprocessing` say, stays so for ever, and lacks the heartbeat that each worker shares with its master. puma
//! with `fork_worker` forks all workers but the first from that one, and titles each with the master's pid.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::host::cgroup::Cgroup;
use crate::host::process::{ProcessTable, Procfs, Stat, unless_gone};
use crate::model::{ProcessError, ProcessId, Unobservable};
use crate::observe::serving;
use crate::observe::workload::marks::Marks;

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
    Ok(children_of(procfs, cgroup, master)?.map(|children| children.workers))
}

/// The children of a master.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Children {
    /// Those that serve, or boot to serve, oldest first.
    pub workers: Vec<ProcessId>,
    /// One that was forked just now and may become a worker, a new master or another program.
    pub unknown: Option<u32>,
}

/// The same as [`workers_of`], and whether a child is not known yet.
///
/// # Errors
/// As [`workers_of`].
pub fn children_of(
    procfs: &Procfs,
    cgroup: &Cgroup,
    master: ProcessId,
) -> Result<Option<Children>, Unobservable> {
    let table = ProcessTable::read(procfs, &cgroup.processes()?)?;
    match table.get(master.pid) {
        Some(stat) if stat.id == master => children(procfs, &table, stat).map(Some),
        _ => Ok(None),
    }
}

/// The workers of `master`, oldest first.
///
/// # Errors
/// [`Unobservable::SeveralMasters`] while a new master is taking over from this one, [`Unobservable::Forking`] while a
/// child is not known yet.
pub(super) fn of(
    procfs: &Procfs,
    table: &ProcessTable,
    master: &Stat,
) -> Result<Vec<ProcessId>, Unobservable> {
    let children = children(procfs, table, master)?;
    match children.unknown {
        Some(pid) => Err(Unobservable::Forking { pid }),
        None => Ok(children.workers),
    }
}

fn children(procfs: &Procfs, table: &ProcessTable, master: &Stat) -> Result<Children, Unobservable> {
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
    Ok(Children {
        workers: with(Role::Worker).collect(),
        unknown: with(Role::Unknown).next().map(|id| id.pid),
    })
}

/// How long a child with its master's handlers may be on its way to an exec. One that stays so for longer is a worker
/// whose hook `post_fork` takes its time: gunicorn sets a worker's handlers after it.
const EXECS_WITHIN: Duration = Duration::from_secs(3);

/// Whether the server whose worker `pid` is takes the newest worker away on SIGTTOU, as told by how that worker looks:
/// uvicorn takes the last of its list (supervisors/multiprocess.py, `handle_ttou`), puma the youngest
/// (cluster.rb, `cull_workers`), unicorn the highest number (`http_server.rb`, `maintain_worker_count`). gunicorn takes
/// the oldest (arbiter.py, `manage_workers`).
#[must_use]
pub fn takes_newest(procfs: &Procfs, pid: u32) -> bool {
    let Ok(Some(marks)) = Marks::read(procfs, pid) else {
        return false;
    };
    let title = marks.title();
    is_spawned(&marks.cmdline)
        || title.starts_with("puma")
        || title.contains("unicorn ") && !title.contains("gunicorn")
}

/// What a child of the master is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Serves requests.
    Worker,
    /// The new master of an upgrade in place.
    Successor,
    /// It was forked, or runs a program, just now: it cannot be told yet.
    Unknown,
    /// Neither: it must not be counted.
    Other,
}

fn roles(
    procfs: &Procfs,
    table: &ProcessTable,
    master: &Stat,
) -> Result<Vec<(ProcessId, Role)>, ProcessError> {
    let Some(parent) = Marks::read(procfs, master.id.pid)? else {
        return Ok(Vec::new());
    };
    let mut roles = Vec::new();
    let children = table.children(master.id.pid);
    for forked in children.iter().flat_map(|child| table.children(child.id.pid)) {
        let marks = Marks::read(procfs, forked.id.pid)?;
        if marks.is_some_and(|marks| is_puma_worker_of(marks.title(), master.id.pid)) {
            roles.push((forked.id, Role::Worker));
        }
    }
    for child in children {
        let is_parent = !table.children(child.id.pid).is_empty();
        let Some(first) = role(procfs, child, (master, &parent), is_parent)? else {
            continue;
        };
        if first == Role::Worker {
            roles.push((child.id, first));
            continue;
        }
        // Its files were read one after the other, with an exec between them perhaps: only two equal looks tell.
        if let Some(again) = unless_gone(procfs.stat(child.id.pid))?
            && let Some(second) = role(procfs, &again, (master, &parent), is_parent)?
        {
            roles.push((child.id, if second == first { first } else { Role::Unknown }));
        }
    }
    roles.sort_by_key(|(id, _)| (id.start_ticks, id.pid));
    Ok(roles)
}

fn role(
    procfs: &Procfs,
    child: &Stat,
    (master, parent): (&Stat, &Marks),
    is_parent: bool,
) -> Result<Option<Role>, ProcessError> {
    let Some(marks) = Marks::read(procfs, child.id.pid)? else {
        return Ok(None);
    };
    if let Some(role) = Role::titled(marks.title()) {
        return Ok(Some(role));
    }
    if !child.forked {
        return Ok(Some(Role::executed(procfs, child, &marks, (master, parent))));
    }
    let role = Role::of(&marks, parent, is_parent);
    if role != Role::Worker || marks.caught != parent.caught {
        return Ok(Some(role));
    }
    // What has its master's own handlers may still become another program.
    if procfs.age(child.id).is_ok_and(|age| age < EXECS_WITHIN) {
        return Ok(Some(Role::Unknown));
    }
    let beats = |pid| serving::has_heartbeat(procfs, pid);
    let of_a_hook = beats(master.id.pid) == Some(true) && beats(child.id.pid) == Some(false);
    Ok(Some(if of_a_hook { Role::Other } else { Role::Worker }))
}

impl Role {
    /// What has run a program of its own.
    fn executed(procfs: &Procfs, child: &Stat, marks: &Marks, (master, parent): (&Stat, &Marks)) -> Self {
        if is_spawned(&marks.cmdline) {
            return Self::Worker;
        }
        if marks.cmdline.is_empty() {
            // In the middle of its exec, it has the new memory and no arguments in it yet (fs/exec.c).
            return Self::Unknown;
        }
        // The same server once more. gunicorn and unicorn also tell a new master by its environment, which shows where
        // a title hides the arguments (arbiter.py, `reexec`; http_server.rb, `reexec`).
        let environ = unless_gone(procfs.environ(child.id.pid))
            .ok()
            .flatten()
            .unwrap_or_default();
        let of_gunicorn = format!("GUNICORN_PID={}", master.id.pid);
        let told = environ
            .iter()
            .any(|entry| *entry == of_gunicorn || entry.starts_with("UNICORN_FD="));
        if marks.cmdline == parent.cmdline || told {
            Self::Successor
        } else {
            Self::Other
        }
    }

    /// What is still a fork of its master.
    fn of(child: &Marks, master: &Marks, is_parent: bool) -> Self {
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
        if forked { Self::Worker } else { Self::Other }
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

/// Whether this is the title of a puma worker of `master`: `puma: cluster worker 1: 4711 [shop]` (puma/cluster/worker.rb).
fn is_puma_worker_of(title: &str, master: u32) -> bool {
    let named = title.strip_prefix("puma: cluster worker ");
    let after = named.and_then(|named| named.split_once(": "));
    let pid = after.and_then(|(_, rest)| rest.split(' ').next());
    pid.and_then(|pid| pid.parse().ok()) == Some(master)
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
