//! Sends messages to a receiver.

use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message as _;
use tokio::time::timeout;

use crate::export::Scrape;
use crate::export::otlp::{Sender, requests};
use crate::http::{Answer, Connection, Endpoint, few};
use crate::model::{SendFault, SystemFault};

/// A receiver must have answered a message within this time: the specification's default.
const PATIENCE: Duration = Duration::from_secs(10);

/// Far more than an answer has, in bytes.
const LARGEST: usize = 64 << 10;

/// Sends a look, in one message after the other over one connection. What it brings is cumulative: a look that is lost is made
/// good by the next.
///
/// # Errors
/// Why the receiver does not take it, or not all of it.
pub async fn send(endpoint: &Endpoint, sender: &Sender, scrape: &Scrape) -> Result<(), SendFault> {
    let mut connection = within(Connection::open(endpoint)).await?;
    for message in requests(scrape, sender) {
        let message = Bytes::from(message.encode_to_vec());
        let posted = connection.post(endpoint, "application/x-protobuf", message, LARGEST);
        taken(within(posted).await?)?;
    }
    Ok(())
}

async fn within<T>(doing: impl Future<Output = Result<T, SystemFault>>) -> Result<T, SendFault> {
    match timeout(PATIENCE, doing).await {
        Ok(done) => done.map_err(SendFault::Unreachable),
        Err(_) => Err(SendFault::Silent(PATIENCE.as_secs())),
    }
}

/// Whether an answer says that all was taken.
fn taken(answer: Answer) -> Result<(), SendFault> {
    if answer.status != StatusCode::OK {
        return Err(SendFault::Refused {
            status: answer.status.as_u16(),
            text: answer.words(),
        });
    }
    // A receiver may answer with an empty message, or in words of its own: only what it says of a part counts.
    let partial = ExportMetricsServiceResponse::decode(answer.body)
        .ok()
        .and_then(|answer| answer.partial_success)
        .filter(|partial| partial.rejected_data_points > 0);
    partial.map_or(Ok(()), |partial| {
        Err(SendFault::Rejected {
            points: partial.rejected_data_points,
            text: few(&partial.error_message),
        })
    })
}
