//! Makes a decision so: signals and memory limits, each action verified by looking again.
//!
//! The daemon calls [`Actor::apply`] once a check and project. All that comes back is data: `words` finds
//! the words for it.

mod actor;
mod actuator;
mod boots;
mod celery;
mod instances;
mod mandate;
mod memory;
mod outcome;
mod scale;
mod shares;
mod signal;
mod systemd;
mod unanswered;
mod worker_signals;

pub use actor::{Actor, Mode};
pub use actuator::{Actuator, Boot, Step};
pub use boots::BootTimes;
pub use celery::PoolControl;
pub use instances::{StopFault, TemplateInstances, UnitManager};
pub use mandate::{Mandate, Withdrawal};
pub use memory::{Limit, ManagerError, MemoryError, MemoryLimits, ServiceManager};
pub use outcome::{Outcome, Workers};
pub use scale::{AfterBoot, Cause, Plan, ScaleError, Scaled, Timing, Walked, scale, scale_under};
pub use signal::{Refusal, SignalTarget, WorkerSignal};
pub use systemd::Systemd;
pub use worker_signals::WorkerSignals;
