//! Why a step is not asked for.

use crate::model::{ManagerError, TaskQueue};
use std::time::Duration;

use super::{
    CgroupError, PoolFault, ProcessError, QueueFault, ReadFault, ServiceError, SystemFault, Unobservable,
};

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

/// Why stopping a unit could cut off what it works on (systemd.kill(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopFault {
    /// Another signal than the one that asks for an end in good order.
    OtherSignal {
        /// The signal's number.
        signal: i32,
        /// The name of the one that is wanted.
        wanted: &'static str,
    },
    /// The main process does not catch the signal: it would end at once.
    NotCaught {
        /// The main process.
        pid: u32,
        /// The signal's name.
        signal: &'static str,
    },
    /// No process would be told.
    NoSignal,
    /// Every process of the unit gets the signal, and those that this program makes for its tasks would drop them.
    AllTold {
        /// The program.
        task_queue: TaskQueue,
    },
    /// Every process of the unit gets the signal, and one of them would end at once.
    GroupNotCaught {
        /// That process.
        pid: u32,
        /// The signal's name.
        signal: &'static str,
    },
    /// Nobody knows whether it is idle, and systemd kills it if it does not end soon enough.
    WouldBeKilled {
        /// `TimeoutStopSec`.
        after: Duration,
    },
}
