//! Whether a worker serves, told from outside: the end of its boot.
//!
//! A process that has been forked is no worker yet. It still imports the application, and if that fails gunicorn does
//! not stay with the workers that it has: a worker that ends with status 3 or 4 before it has booted raises
//! `HaltServer`, and the whole server ends (gunicorn/arbiter.py, `reap_workers`). So a step up is done when the worker
//! serves. What was considered as evidence of that, and what is used:
//!
//! | evidence | says | used |
//! | --- | --- | --- |
//! | the listening socket among its descriptors | nothing: it is inherited before the boot | no |
//! | its handlers (`SigCgt`) | nothing: gunicorn sets them before it loads the application (workers/base.py, `init_process`) | no |
//! | `wchan` | that it sleeps in some poll or select, as an import that connects to a database does, too | no |
//! | gunicorn's heartbeat | `notify()` is called in every worker class's main loop and nowhere before; also when the worker is never idle: under load the sync worker goes from accept to accept and never waits | first |
//! | an epoll set with a listening socket in it | its event loop waits for connections (`tfd:` in fdinfo, fs/eventpoll.c) | second |
//! | a thread inside accept, select or poll on a listening socket | it waits for connections (`/proc/PID/task/TID/syscall`) | second |
//! | a socket accepted from a listening one | it serves right now | second |
//!
//! The heartbeat is a file without a name that master and worker share: created with the time of its creation, and
//! given the monotonic clock's time at each beat (workers/workertmp.py; before 19.9 its mode was changed instead).

mod descriptors;
mod heartbeat;
mod sockets;
#[cfg(test)]
mod tests;
mod waits;

use crate::host::process::Procfs;
use crate::model::ProcessError;

/// How far the boot of a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serving {
    /// It serves, or waits for something to serve.
    Yes,
    /// Nothing shows that it does.
    NotYet,
    /// This kernel, or this server, shows nothing from which it could be told.
    Untold,
}

/// Whether the worker `pid` serves.
///
/// # Errors
/// [`ProcessError::Gone`] when it ended. What may not be read makes it [`Serving::Untold`].
pub fn serving(procfs: &Procfs, pid: u32) -> Result<Serving, ProcessError> {
    let told = tell(procfs, pid);
    match told {
        Err(ProcessError::Gone { .. }) => Err(ProcessError::Gone { pid }),
        Err(_) => Ok(Serving::Untold),
        Ok(serving) => Ok(serving),
    }
}

/// Whether a process has the heartbeat of a gunicorn worker among its open files, as each worker and its master do;
/// `None` where they may not be read.
pub(in crate::observe) fn has_heartbeat(procfs: &Procfs, pid: u32) -> Option<bool> {
    let open = descriptors::of(procfs, pid).ok()?;
    Some(heartbeat::beats(&open).is_some())
}

fn tell(procfs: &Procfs, pid: u32) -> Result<Serving, ProcessError> {
    let open = descriptors::of(procfs, pid)?;
    let yes = |serves| if serves { Serving::Yes } else { Serving::NotYet };
    if let Some(beats) = heartbeat::beats(&open) {
        return Ok(yes(beats));
    }
    let sockets = sockets::of(procfs, pid, &open)?;
    if sockets.listening.is_empty() {
        // Such as a worker that opens its own in its boot (SO_REUSEPORT), or one that is no server at all.
        return Ok(Serving::Untold);
    }
    if sockets.accepted || waits::in_epoll(procfs, pid, &open, &sockets.listening)? {
        return Ok(Serving::Yes);
    }
    waits::in_call(procfs, pid, &sockets.listening).map(yes)
}
