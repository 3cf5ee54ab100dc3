//! Proposes a configuration from the services that run on this host: `autoscaler init`.
//!
//! [`find`] looks for gunicorn and Celery services → [`Found`], whose requests [`watch`] may look at → [`propose`] chooses bounds, rungs and memory for
//! each → [`text`] writes them down with the reason of each choice beside it. Nothing is touched, and no password
//! is printed.

mod broker;
mod find;
mod found;
mod name;
mod place;
mod propose;
mod text;
mod watch;

pub use crate::observe::workload::kind::Kind;
pub use broker::Broker;
pub use find::{FindError, find};
pub use found::{At, Found, LeftOut, Service, WhyLeftOut};
pub use propose::{ByRequests, Proposal, Rungs, propose};
pub use text::{text, words};
pub use watch::{Watched, watch};

#[cfg(test)]
mod tests;
