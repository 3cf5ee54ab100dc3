//! Figures pushed to an OpenTelemetry receiver: OTLP over HTTP, as protobuf.
//!
//! The message is made here, of the published types, and not by the OpenTelemetry SDK: its asynchronous instruments know no
//! histogram, one start time serves all series of an instrument however late each of them began, and beyond 2 000 sets of
//! attributes the rest goes into one (`cardinality_limit` of the SDK). Here the counters are the kernel's, and cgroups come and
//! go by the thousand.

mod endpoint;
mod message;
mod send;

pub use endpoint::{BadEndpoint, Endpoint};
pub use message::{Sender, requests};
pub use send::send;
