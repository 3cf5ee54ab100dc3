//! The Celery worker of a project, asked through its own remote control.
//!
//! Every worker of a broker hears every command. So before anything else, [`Inspector`] finds the one node
//! that runs in the project's cgroup, by evidence that no other host's worker can give; from then on that
//! node alone is addressed.

pub(crate) mod envelope;
pub(super) mod fleet;
mod identity;
mod inspector;
mod stats;

pub(super) use inspector::table;
pub use inspector::{Inspector, Pool};
