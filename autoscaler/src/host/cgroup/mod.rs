//! cgroup v2 directories and their files (Linux Documentation/admin-guide/cgroup-v2.rst).

mod cpu_limit;
mod directory;
mod events;
mod file;
mod hierarchy;
mod memory;
mod mount;
mod owner;
mod pressure;
mod processes;
mod stat;
mod tasks;
mod throttle;
mod tree;

pub use directory::Cgroup;
pub use events::MemoryEvents;
pub use hierarchy::{Hierarchy, Place};
pub use mount::CgroupMount;
pub(in crate::host) use owner::is_id;
pub use owner::{Container, Owner, Runtime, owner};
pub use pressure::{Pressure, Stalled};
pub(crate) use processes::members;
pub use stat::{Buffer, CpuStat, QuotaStat, StatFile};
pub use throttle::{CpuTotals, ThrottleCounters};
pub use tree::Tree;
