//! Figures for Prometheus, over HTTP at a loopback address or a Unix socket.
//!
//! Each scrape is answered by the daemon's loop with the state of the moment and counters read for it, as a
//! [`Scrape`]; [`text`] writes it down. Off unless configured.

mod scrape;
mod server;
mod text;

pub use scrape::{Counts, Process, ProjectScrape, Scrape};
pub(crate) use server::address;
pub use server::{Server, ServerEvent};
pub use text::{Format, text};
