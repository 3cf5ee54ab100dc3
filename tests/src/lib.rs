//! Test bench shared by the whole-program tests: real gunicorn, real cgroups, real requests.
//!
//! Everything it starts is ended by pid and everything it makes is removed when the value that stands for
//! it is dropped, a failed test included.

pub mod affinity;
pub mod broker;
pub mod burner;
pub mod celery;
pub mod cgroup;
pub mod client;
pub mod daemon;
pub mod fuzz;
pub mod helm;
pub mod http;
pub mod load;
pub mod nginx;
pub mod privilege;
pub mod prometheus;
pub mod server;
pub mod steal;
pub mod task_queue;
pub mod terminal;
pub mod tls;
pub mod tools;
pub mod venv;
pub mod wait;

pub use burner::Burner;
pub use cgroup::ScratchCgroup;
pub use client::Client;
pub use daemon::{Daemon, Home};
pub use http::Address;
pub use load::Load;
pub use nginx::Nginx;
pub use privilege::{in_ci, require_root, require_root_bpf};
pub use prometheus::Prometheus;
pub use server::Server;
pub use terminal::Terminal;
pub use venv::Venv;
pub use wait::until;
