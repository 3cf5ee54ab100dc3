//! Figures pushed to an OpenTelemetry receiver: OTLP over HTTP, as protobuf.
//!
//! The message is made here, of the published types, and not by the OpenTelemetry SDK: its asynchronous instruments know no
//! histogram, one start time serves all series of an instrument however late each of them began, and beyond 2 000 sets of
//! attributes the rest goes into one (`cardinality_limit` of the SDK). Here the counters are the kernel's, and cgroups come and
//! go by the thousand.

mod message;
mod send;

pub use message::{Sender, requests};
pub use send::send;

use crate::http::{BadEndpoint, Endpoint};

/// What the specification adds to the address of a receiver for metrics (OTLP Exporter Configuration, "Endpoint URLs for
/// OTLP/HTTP").
const METRICS: &str = "/v1/metrics";

/// The port of OTLP over HTTP.
const PORT: u16 = 4318;

/// Reads the address of a receiver, `http://HOST:4318`.
///
/// # Errors
/// Why it is none.
pub fn receiver(text: &str) -> Result<Endpoint, BadEndpoint> {
    Endpoint::parse(text, PORT, METRICS)
}
