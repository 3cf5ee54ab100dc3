//! The control socket: what the daemon's owner may ask and order while it runs.
//!
//! Line-delimited JSON over a Unix socket that root alone can reach: one [`Request`] a line, one [`Response`] a
//! line. The server reads what the daemon's loop publishes and hands orders to it; it owns no state.

mod client;
mod peer;
mod protocol;
mod server;
mod socket;
mod status;

pub use client::Client;

pub use protocol::{Answer, Command, Done, Request, Response, VERSION};
pub use server::{Call, Desk, serve};
pub use socket::Socket;
pub use status::{
    DecisionStatus, ListenQueueStatus, NextStep, OrderStatus, ProjectStatus, RequestsStatus, ScheduleStatus,
    Status,
};

/// The socket's name in the daemon's runtime directory.
pub const SOCKET_NAME: &str = "control.sock";
