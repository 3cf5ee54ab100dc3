//! Which processes are a project's workers.

mod kin;
mod master;
mod pool;
pub mod server;
pub mod workers;
