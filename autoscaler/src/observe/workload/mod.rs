//! Which processes are a project's workers.

pub(super) mod chosen;
pub(super) mod concurrency;
pub mod kind;
mod marks;
mod master;
mod pool;
pub mod server;
pub mod workers;
