//! Speaking to servers of figures over HTTP: a receiver of OTLP, Prometheus.

mod connection;
mod endpoint;

pub(crate) use connection::{Answer, Connection, few};
pub use endpoint::{BadEndpoint, Endpoint};
