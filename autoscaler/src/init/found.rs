//! What was found on this host.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::init::{Broker, Kind, Watched};
use crate::model::{ContainerName, Host, ServiceError, Unobservable};

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The host as a whole.
    pub host: Host,
    /// Services that can be scaled, in the order of their names.
    pub services: Vec<Service>,
    /// What looks like one and cannot.
    pub left_out: Vec<LeftOut>,
    /// Why systemd could not be asked, on a host that runs it.
    pub without_systemd: Option<ServiceError>,
}

/// A service that can be scaled.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// A name for the project.
    pub name: String,
    /// How the configuration points at it.
    pub at: At,
    /// Its cgroup's directory.
    pub directory: PathBuf,
    /// What it runs.
    pub kind: Kind,
    /// The master's pid.
    pub master: u32,
    /// Its workers now.
    pub workers: u32,
    /// What the worker with the most memory holds, MiB.
    pub worker_mib: u64,
    /// What all workers hold, MiB.
    pub workers_mib: u64,
    /// What the master holds, MiB.
    pub master_mib: u64,
    /// CPUs that its cgroup may use.
    pub allowed_cpus: f64,
    /// The broker of a Celery worker.
    pub broker: Broker,
    /// The queues that it was told to take from; empty where it was not told.
    pub queues: Vec<String>,
    /// Whether its command line is whole: a title may have taken its place, and cut it off.
    pub told_whole: bool,
    /// What its requests showed, where they could be seen.
    pub watched: Option<Watched>,
}

/// How a configuration points at a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// By the name of its systemd unit.
    Unit(String),
    /// By its cgroup, from the mount.
    Cgroup(String),
    /// By its container.
    Container(ContainerName),
}

/// A server that cannot be a project.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// One of its processes.
    pub pid: u32,
    /// What it runs.
    pub kind: Kind,
    /// Its cgroup.
    pub cgroup: String,
    /// Why not.
    pub why: WhyLeftOut,
}

/// Why a server cannot be a project.
#[derive(Debug, Clone, PartialEq)]
pub enum WhyLeftOut {
    /// It shares the root cgroup with everything else.
    RootCgroup,
    /// It was started by hand, or by something else that is no service: the unit is a session's.
    NoService {
        /// The unit.
        unit: String,
    },
    /// Two kinds of servers in one cgroup.
    SeveralKinds,
    /// A Celery pool without processes: gevent, eventlet, threads, solo.
    NoPool,
    /// A broker that cannot be read.
    Broker {
        /// Its URL's scheme.
        scheme: String,
    },
    /// A server whose workers nobody can change from outside.
    Fixed,
    /// It is one of several programs in the cgroup of this one, which starts and watches them.
    Supervised {
        /// The program.
        by: &'static str,
    },
    /// Several nodes of Celery in one cgroup, as `celery multi` starts them.
    SeveralNodes {
        /// Their main processes.
        pids: Vec<u32>,
    },
    /// Its master or its workers cannot be told.
    Unobservable(Unobservable),
}

impl Found {
    pub(super) fn leave_out(&mut self, pid: u32, kinds: &BTreeSet<Kind>, cgroup: &str, why: WhyLeftOut) {
        self.left_out.extend(kinds.first().map(|kind| LeftOut {
            pid,
            kind: *kind,
            cgroup: cgroup.to_owned(),
            why,
        }));
    }
}

impl From<Unobservable> for WhyLeftOut {
    fn from(fault: Unobservable) -> Self {
        Self::Unobservable(fault)
    }
}
