//! What the host is doing now: kernel usage, memory, workers → [`Snapshot`].

pub mod cgroup;
pub mod cpu_list;
pub mod process;
pub mod snapshot;
pub mod usage;

pub use snapshot::{
    CgroupMemory, CpuSample, Host, ProcessId, ProjectSample, QueueFault, QueueSample, Snapshot, Throttle,
    Unobservable,
};
