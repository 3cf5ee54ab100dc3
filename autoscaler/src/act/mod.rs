//! Makes a decision so: signals and memory limits, each action verified by looking again.
//!
//! The daemon calls [`Actor::apply`] once a check and project. All that comes back is data: `words` finds
//! the words for it.

mod actor;
mod actuator;
mod boots;
mod cancel;
mod celery;
mod instances;
mod memory;
mod outcome;
mod runtime;
mod scale;
mod shares;
mod signal;
mod systemd;
mod unanswered;
mod worker_signals;

pub use actor::{ActOptions, Actor};
pub use actuator::{Actuator, Boot};
pub use boots::BootTimes;
pub use cancel::{CancelHandle, CancelToken};
pub use celery::PoolControl;
pub use instances::{TemplateInstances, UnitManager};
pub use memory::{Keeper, Limit, LimitSetter, MemoryLimits};
pub use outcome::{Outcome, Workers};
pub use runtime::RuntimeLimits;
pub use scale::{Plan, ScaleReport, Scaled, Timing, scale, scale_under};
pub use signal::{SignalTarget, WorkerSignal};
pub use systemd::UnitControl;
pub use worker_signals::WorkerSignals;
