//! Figures for Prometheus, over HTTP at a loopback address or a Unix socket.
//!
//! Each scrape is answered by the daemon's loop with the state of the moment and counters read for it, as a
//! [`Scrape`]; [`text`] writes it down. Off unless configured. `autoscaler export` serves its own figures by the same
//! server.

mod process;
mod scrape;
mod server;
mod text;

pub use process::Process;
pub use scrape::{Counts, ProjectScrape, Scrape};
pub(crate) use server::address;
pub use server::{Server, ServerEvent};
pub use text::{Format, text};
pub(crate) use text::{Label, Times, build_info, counter, family, gauge, health, plain, process};

/// What can be served: a collector that one task hands to another.
pub trait Figures: prometheus_client::collector::Collector + Send + 'static {}

impl<S: prometheus_client::collector::Collector + Send + 'static> Figures for S {}
