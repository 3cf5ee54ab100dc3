//! What the host is doing now: kernel usage, memory, workers → [`Snapshot`].

pub mod celery;
pub mod cgroup;
mod code;
pub mod cpu_list;
#[cfg(test)]
pub(crate) mod fixture;
pub mod host;
mod kin;
mod master;
pub mod observer;
mod pool;
pub mod process;
pub mod queue;
mod server;
pub mod service;
mod serving;
pub mod snapshot;
pub mod usage;
mod workers;

pub use celery::{PoolFault, QueueReading};
pub use code::{CodeSource, NewerCode, boots_from, newer_code};
pub use observer::{Observer, Totals, workers_in};
pub use queue::{Place, QueueFault, Remedy, TlsProblem, Uncounted};
pub use server::server_in;
pub use serving::{Serving, serving};
pub use snapshot::{
    CgroupMemory, CpuSample, Host, ProcessId, ProjectSample, QueueSample, Snapshot, Throttle, Unobservable,
};
pub use workers::{Children, children_of, takes_newest, workers_of};
