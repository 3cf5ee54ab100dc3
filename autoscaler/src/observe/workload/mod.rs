//! Which processes are a project's workers.

mod marks;
mod master;
mod pool;
pub mod server;
pub mod workers;
