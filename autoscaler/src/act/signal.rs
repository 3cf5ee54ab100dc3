//! SIGTTIN and SIGTTOU to a process that is proven to be the right one and to survive them.

use std::os::fd::OwnedFd;

use nix::errno::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal, test_kill_process};

use super::instances::StopFault;
use super::memory::ManagerError;
use crate::host::cgroup::Cgroup;
use crate::host::process::{ProcessError, Procfs, State};
use crate::host::service::ServiceError;
use crate::model::{PoolFault, ProcessId, QueueFault, Unobservable};

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

/// Why a process is not signalled. Nothing has been sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The process ended.
    #[error("process {pid} is gone")]
    Gone {
        /// Its pid.
        pid: u32,
    },
    /// The pid belongs to a process that started at another time than the one that was observed.
    #[error("pid {pid} now belongs to another process")]
    Reused {
        /// The pid.
        pid: u32,
    },
    /// The process is in none of the project's cgroups.
    #[error("process {pid} is in cgroup {cgroup}, not in the project's {expected}")]
    Elsewhere {
        /// Its pid.
        pid: u32,
        /// The cgroup it is in, as /proc/PID/cgroup writes it.
        cgroup: String,
        /// The project's cgroup, written likewise.
        expected: String,
    },
    /// The signals would stop the process, which is what they do unless caught (signal(7)).
    #[error("process {pid} ({command}) does not catch SIGTTIN and SIGTTOU: they would stop it")]
    WouldStop {
        /// Its pid.
        pid: u32,
        /// Its command name.
        command: String,
    },
    /// Somebody stopped the process: it would act on the signal only when continued.
    #[error("process {pid} is stopped; continue it with: kill -CONT {pid}")]
    Stopped {
        /// Its pid.
        pid: u32,
    },
    /// A new master is taking over from the old one (gunicorn's upgrade on USR2): neither is the one to ask.
    #[error("processes {} could all be the master: the server is being upgraded", numbers(.pids))]
    SeveralMasters {
        /// Their pids.
        pids: Vec<u32>,
    },
    /// A child of the master was forked just now and may become a new master: nothing is asked until it is known.
    #[error("process {pid} was forked just now: whether it is a worker is not known yet")]
    Forking {
        /// Its pid.
        pid: u32,
    },
    /// The daemon may not signal the process.
    #[error("not permitted to signal process {pid}: run as root or with CAP_KILL")]
    NotPermitted {
        /// Its pid.
        pid: u32,
    },
    /// Celery's remote control cannot be used.
    #[error(transparent)]
    Pool(#[from] PoolFault),
    /// A step down has to wait: no pool process, or no instance, is idle.
    #[error("no worker is idle")]
    PoolBusy,
    /// The worker still counts processes that have ended.
    #[error("the worker still counts pool processes that have ended")]
    PoolUnsettled,
    /// The last process of a pool is never taken away: the worker would run no task any more.
    #[error("the pool's last process stays: without it no task would run")]
    LastPoolProcess,
    /// The worker refused a command.
    #[error("the node {node} refuses {method}: {why}")]
    CommandRefused {
        /// The node.
        node: String,
        /// The command.
        method: &'static str,
        /// The worker's words.
        why: String,
    },
    /// An instance that was started did not come up.
    #[error("{unit} was started and failed: journalctl -u {unit} says why")]
    InstanceFailed {
        /// The instance.
        unit: String,
    },
    /// An instance is on its way up, or systemd starts it again and again: another would come on top of it.
    #[error(
        "{unit} is starting, perhaps again and again: systemctl status {unit} says why; no other is started meanwhile"
    )]
    InstanceStarting {
        /// The instance.
        unit: String,
    },
    /// Stopping the instance could cut off what it works on.
    #[error("{unit} is not stopped: {fault}")]
    Unstoppable {
        /// The instance.
        unit: String,
        /// Why not.
        fault: StopFault,
    },
    /// Something that must be known before a signal is sent cannot be read; the message names it.
    #[error("{why}")]
    Unreadable {
        /// The error with its path.
        why: String,
    },
}

fn numbers(numbers: &[u32]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}

impl From<ProcessError> for Refusal {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::Gone { pid } => Self::Gone { pid },
            other => Self::Unreadable {
                why: other.to_string(),
            },
        }
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Self::Unreadable {
            why: error.to_string(),
        }
    }
}

impl From<ManagerError> for Refusal {
    fn from(error: ManagerError) -> Self {
        Self::Unreadable {
            why: error.to_string(),
        }
    }
}

impl From<QueueFault> for Refusal {
    fn from(fault: QueueFault) -> Self {
        Self::Pool(fault.into())
    }
}

impl From<Unobservable> for Refusal {
    fn from(fault: Unobservable) -> Self {
        match fault {
            Unobservable::SeveralMasters { pids } => Self::SeveralMasters { pids },
            Unobservable::Forking { pid } => Self::Forking { pid },
            Unobservable::Unreadable { why } => Self::Unreadable { why },
            other => Self::Unreadable {
                why: other.code().to_owned(),
            },
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
        other => Refusal::Unreadable {
            why: format!("pidfd of process {pid}: {}", other.desc()),
        },
    }
}
