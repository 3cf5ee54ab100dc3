//! SIGTTIN and SIGTTOU to a process that is proven to be the right one and to survive them.

use std::os::fd::OwnedFd;

use nix::errno::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal, test_kill_process};

use crate::host::cgroup::Cgroup;
use crate::host::process::{Procfs, State};
use crate::model::{ProcessId, Refusal};

/// The two signals by which gunicorn, uvicorn, puma and unicorn change their worker count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerSignal {
    /// SIGTTIN: one worker more.
    Add,
    /// SIGTTOU: one worker less.
    Remove,
}

impl From<WorkerSignal> for Signal {
    fn from(signal: WorkerSignal) -> Self {
        match signal {
            WorkerSignal::Add => Self::TTIN,
            WorkerSignal::Remove => Self::TTOU,
        }
    }
}

/// A process held by a pidfd: once it has ended, its pid may be given to another, but no signal sent here
/// reaches that one (`pidfd_open(2)`).
#[derive(Debug)]
pub struct SignalTarget {
    pidfd: OwnedFd,
    id: ProcessId,
    cgroup: Cgroup,
    procfs: Procfs,
}

impl SignalTarget {
    /// Opens the pidfd of `id`, then checks all that [`SignalTarget::check`] does. In this order: what is
    /// found true after the open is true of the process that the pidfd holds.
    pub fn open(procfs: &Procfs, cgroup: &Cgroup, id: ProcessId) -> Result<Self, Refusal> {
        let pid = id.pid;
        let pidfd = pidfd_open(raw(pid)?, PidfdFlags::empty()).map_err(|error| refused(pid, error))?;
        let target = Self {
            pidfd,
            id,
            cgroup: cgroup.clone(),
            procfs: procfs.clone(),
        };
        target.check()?;
        Ok(target)
    }

    /// Checks that the process is the one observed, lives in the project's cgroup, runs, and catches both
    /// signals.
    pub fn check(&self) -> Result<(), Refusal> {
        let pid = self.id.pid;
        let stat = self.procfs.stat(pid)?;
        if stat.id != self.id {
            return Err(Refusal::Reused { pid });
        }
        match stat.state {
            State::Dead => return Err(Refusal::Gone { pid }),
            State::Stopped => return Err(Refusal::Stopped { pid }),
            State::Active => {}
        }
        let cgroup = self.procfs.cgroup(pid)?;
        if !self.cgroup.contains(&cgroup) {
            return Err(Refusal::Elsewhere {
                pid,
                cgroup,
                expected: self.cgroup.name(),
            });
        }
        if self.cgroup.is_frozen().is_ok_and(|frozen| frozen) {
            return Err(Refusal::Frozen {
                cgroup: self.cgroup.name(),
            });
        }
        if !self.procfs.status(pid)?.caught.has_worker_signals() {
            return Err(Refusal::WouldStop {
                pid,
                command: stat.command,
            });
        }
        Ok(())
    }

    /// Checks again, then sends `signal`. Again, because an exec since the open (gunicorn's upgrade on USR2)
    /// keeps pid and start time but drops every handler.
    pub fn send(&self, signal: WorkerSignal) -> Result<(), Refusal> {
        self.check()?;
        pidfd_send_signal(&self.pidfd, signal.into()).map_err(|error| refused(self.id.pid, error))
    }

    /// Whether the process may be signalled at all: `kill(2)` with signal 0, which sends nothing.
    pub fn permitted(&self) -> Result<(), Refusal> {
        let pid = self.id.pid;
        test_kill_process(raw(pid)?).map_err(|error| refused(pid, error))
    }

    /// The process that is held.
    #[must_use]
    pub fn id(&self) -> ProcessId {
        self.id
    }
}

fn raw(pid: u32) -> Result<Pid, Refusal> {
    i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .ok_or(Refusal::Gone { pid })
}

fn refused(pid: u32, error: rustix::io::Errno) -> Refusal {
    match Errno::from_raw(error.raw_os_error()) {
        Errno::ESRCH => Refusal::Gone { pid },
        Errno::EPERM => Refusal::NotPermitted { pid },
        other => Refusal::Pidfd {
            pid,
            error: other.into(),
        },
    }
}
