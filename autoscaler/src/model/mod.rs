//! What the rooms of the program hand to each other: plain data, which imports nothing of ours.
//!
//! A [`Project`] is what the operator asked for, a [`Snapshot`] what one check saw, a [`Decision`] what came of the two.

mod decision;
mod event;
mod order;
mod outlook;
mod pool_fault;
mod project;
mod queue_fault;
mod settings;
mod snapshot;
mod uncounted;

pub use decision::{Action, Decision, Figures, Measure, Reason};
pub use event::EventKind;
pub use order::Order;
pub use outlook::{Next, Outlook};
pub use pool_fault::PoolFault;
pub use project::{
    Bounds, BrokerAccess, BrokerUrl, CeleryActuator, Config, CpuBasis, Global, Ladder, Language,
    ManagementUrl, MemoryRules, Priorities, Project, QueueRule, QueueSizing, Workload,
};
pub(crate) use queue_fault::quoted;
pub use queue_fault::{QueueFault, TlsProblem};
pub use settings::{Listen, Metrics, Storage};
pub use snapshot::{
    CgroupMemory, CpuSample, Host, ProcessId, ProjectSample, QueueSample, Snapshot, Throttle, Unobservable,
};
pub(crate) use uncounted::queues_line;
pub use uncounted::{Place, Remedy, Uncounted};
