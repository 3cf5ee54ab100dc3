//! SIGTTIN and SIGTTOU to a process that is proven to be the right one and to survive them.

use std::os::fd::OwnedFd;

use nix::errno::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal, test_kill_process};

use crate::act::instances::StopFault;
use crate::act::memory::ManagerError;
use crate::host::cgroup::Cgroup;
use crate::host::process::{Procfs, State};
use crate::model::{
    CgroupError, PoolFault, ProcessError, ProcessId, QueueFault, ReadFault, ServiceError, SystemFault,
    Unobservable,
};

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The process ended.
    Gone {
        /// Its pid.
        pid: u32,
    },
    /// The pid belongs to a process that started at another time than the one that was observed.
    Reused {
        /// The pid.
        pid: u32,
    },
    /// The process is in none of the project's cgroups.
    Elsewhere {
        /// Its pid.
        pid: u32,
        /// The cgroup it is in, as /proc/PID/cgroup writes it.
        cgroup: String,
        /// The project's cgroup, written likewise.
        expected: String,
    },
    /// The signals would stop the process, which is what they do unless caught (signal(7)).
    WouldStop {
        /// Its pid.
        pid: u32,
        /// Its command name.
        command: String,
    },
    /// Somebody stopped the process: it would act on the signal only when continued.
    Stopped {
        /// Its pid.
        pid: u32,
    },
    /// The cgroup is frozen: the process would act on the signal when it is thawed.
    Frozen {
        /// The cgroup, as /proc/PID/cgroup writes it.
        cgroup: String,
    },
    /// A new master is taking over from the old one (gunicorn's upgrade on USR2): neither is the one to ask.
    SeveralMasters {
        /// Their pids.
        pids: Vec<u32>,
    },
    /// A child of the master was forked just now and may become a new master: nothing is asked until it is known.
    Forking {
        /// Its pid.
        pid: u32,
    },
    /// The daemon may not signal the process.
    NotPermitted {
        /// Its pid.
        pid: u32,
    },
    /// Celery's remote control cannot be used.
    Pool(PoolFault),
    /// A step down has to wait: no pool process, or no instance, is idle.
    PoolBusy,
    /// The worker still counts processes that have ended.
    PoolUnsettled,
    /// The last process of a pool is never taken away: the worker would run no task any more.
    LastPoolProcess,
    /// The worker refused a command.
    CommandRefused {
        /// The node.
        node: String,
        /// The command.
        method: &'static str,
        /// The worker's words.
        why: String,
    },
    /// An instance that was started did not come up.
    InstanceFailed {
        /// The instance.
        unit: String,
    },
    /// An instance is on its way up, or systemd starts it again and again: another would come on top of it.
    InstanceStarting {
        /// The instance.
        unit: String,
    },
    /// Stopping the instance could cut off what it works on.
    Unstoppable {
        /// The instance.
        unit: String,
        /// Why not.
        fault: StopFault,
    },
    /// Every number of the template is taken, or it is none.
    NoFreeNumber {
        /// The template.
        template: String,
    },
    /// There is nobody to start and stop instances.
    NoServiceManager,
    /// The service manager does not tell what must be known.
    Service(ServiceError),
    /// The service manager did not do as it was told.
    Manager(ManagerError),
    /// The project cannot be observed any more.
    Unobservable(Unobservable),
    /// No pidfd can be had of the process, or nothing sent through it.
    Pidfd {
        /// The process.
        pid: u32,
        /// The kernel's error.
        error: SystemFault,
    },
    /// Something that must be known before a signal is sent cannot be read.
    Unreadable {
        /// What.
        why: ReadFault,
    },
}

told_by_words!(Refusal);

impl From<PoolFault> for Refusal {
    fn from(fault: PoolFault) -> Self {
        Self::Pool(fault)
    }
}

impl From<CgroupError> for Refusal {
    fn from(error: CgroupError) -> Self {
        Self::Unreadable { why: error.into() }
    }
}

impl From<ProcessError> for Refusal {
    fn from(error: ProcessError) -> Self {
        match error {
            ProcessError::Gone { pid } => Self::Gone { pid },
            other => Self::Unreadable { why: other.into() },
        }
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

impl From<ManagerError> for Refusal {
    fn from(error: ManagerError) -> Self {
        Self::Manager(error)
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
            other => Self::Unobservable(other),
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
