//! Which process takes SIGTTIN and SIGTTOU.
//!
//! They **stop** a process that does not catch them (signal(7)), and a unit's main process often is a shell
//! around the server. So the master is the process that catches both, looked for from the main process down.

use std::collections::VecDeque;

use nix::sys::signal::Signal;

use crate::host::process::{ProcessTable, Procfs, Stat, unless_gone};
use crate::model::{ProcessError, Unobservable};

/// The master among the processes of a cgroup: `main`, or what is nearest below it, that catches both signals.
/// Without `main` (no systemd), the processes whose parents are outside the cgroup stand in its place.
///
/// # Errors
/// [`Unobservable::NotAWorkerServer`] if none catches both, [`Unobservable::SeveralMasters`] if it is not clear
/// which one to take.
pub(super) fn find<'t>(
    procfs: &Procfs,
    table: &'t ProcessTable,
    main: Option<&'t Stat>,
) -> Result<&'t Stat, Unobservable> {
    let starts = main.map_or_else(|| table.roots(), |main| vec![main]);
    let mut masters = nearest(procfs, table, &starts)?;
    // A gunicorn worker whose master was killed still has the handlers that it inherited, but not SIGHUP's,
    // which gunicorn resets in its workers: the master that was started since is the one that reloads.
    if masters.len() > 1 && masters.iter().any(|master| master.reloads) {
        masters.retain(|master| master.reloads);
    }
    match (masters.as_slice(), starts.first()) {
        ([master], _) => Ok(master.stat),
        ([], Some(start)) => Err(Unobservable::NotAWorkerServer {
            pid: start.id.pid,
            command: start.command.clone(),
        }),
        _ => Err(Unobservable::SeveralMasters {
            pids: masters.iter().map(|master| master.stat.id.pid).collect(),
        }),
    }
}

struct Candidate<'t> {
    stat: &'t Stat,
    reloads: bool,
}

/// Looks no further below a process that catches both: what it forked inherits the handlers.
fn nearest<'t>(
    procfs: &Procfs,
    table: &'t ProcessTable,
    starts: &[&'t Stat],
) -> Result<Vec<Candidate<'t>>, ProcessError> {
    let mut found = Vec::new();
    let mut queue: VecDeque<&Stat> = starts.iter().copied().collect();
    while let Some(stat) = queue.pop_front() {
        let Some(status) = unless_gone(procfs.status(stat.id.pid))? else {
            continue;
        };
        if status.caught.has_worker_signals() {
            let reloads = status.caught.contains(Signal::SIGHUP);
            found.push(Candidate { stat, reloads });
        } else {
            queue.extend(table.children(stat.id.pid));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
