//! What one look says, as plain data.

use std::sync::Arc;
use std::time::SystemTime;

use crate::host::cgroup::{Owner, QuotaStat, owner};
use crate::host::usage::Health;
use crate::metrics::{Label, Process};
use crate::model::{RequestLook, RequestsWay, SourceKind};

/// What one look says.
#[derive(Debug, Clone)]
pub struct Scrape {
    /// When it was taken.
    pub taken_at: SystemTime,
    /// When the host was booted: no cgroup is older.
    pub booted_at: SystemTime,
    /// When the kernel programs began to count.
    pub opened_at: SystemTime,
    /// Where the figures of CPU come from.
    pub source: SourceKind,
    /// What that source lost.
    pub health: Health,
    /// By what requests are seen; `None` where nobody wants them, or they cannot be seen.
    pub requests_way: Option<RequestsWay>,
    /// Cgroups that have no series, for want of room.
    pub left_out: usize,
    /// What the program itself uses.
    pub process: Process,
    /// Each cgroup, parents before children.
    pub cgroups: Vec<CgroupScrape>,
}

/// What one look says of a cgroup with all below it. `None` each where that cannot be told.
#[derive(Debug, Clone)]
pub struct CgroupScrape {
    /// Which it is.
    pub name: Arc<Name>,
    /// On-CPU time since it was made, ns.
    pub cpu_ns: Option<u64>,
    /// Run-queue wait since it was made, or since the kernel programs are there, ns.
    pub wait_ns: Option<u64>,
    /// What became of it under its own `cpu.max`; `None` as long as it never had one.
    pub quota: Option<QuotaStat>,
    /// Memory in use, bytes.
    pub memory: Option<u64>,
    /// Requests that it serves, since that is seen. Few serve any, and a look at them takes 4 KiB.
    pub requests: Option<Box<RequestLook>>,
}

/// Which cgroup it is, worked out once.
#[derive(Debug, PartialEq, Eq)]
pub struct Name {
    /// Its path from the cgroup2 mount.
    pub path: String,
    /// Whose it is.
    pub owner: Owner,
    /// A moment at which it was not there yet; `None` where none is known.
    pub since: Option<SystemTime>,
    /// Its labels for Prometheus. One that has no value is not there: to Prometheus that is the same.
    labels: Vec<Label>,
}

impl Name {
    /// The cgroup at `path`, which was not there at `since`.
    #[must_use]
    pub fn new(path: String, since: Option<SystemTime>) -> Self {
        let owner = owner(&path);
        let container = owner.container.as_ref();
        let pairs = [
            ("cgroup", Some(path.clone())),
            ("unit", owner.unit.clone()),
            ("container_id", container.map(|container| container.id.clone())),
            (
                "runtime",
                container
                    .and_then(|container| container.runtime)
                    .map(|runtime| runtime.name().to_owned()),
            ),
            ("pod_uid", owner.pod_uid.clone()),
        ];
        let labels = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        Self {
            labels: labels.collect(),
            path,
            owner,
            since,
        }
    }

    pub(super) fn labels(&self) -> &[Label] {
        &self.labels
    }
}
