//! Sends messages to a receiver.

use std::error::Error;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::export::Scrape;
use crate::export::otlp::{Endpoint, Sender, requests};
use crate::model::{SendFault, SystemFault};

/// A receiver must have answered a message within this time: the specification's default.
const PATIENCE: Duration = Duration::from_secs(10);

/// Far more than an answer has, in bytes.
const LARGEST: usize = 64 << 10;

/// Of a receiver's words, so many characters are told.
const WORDS: usize = 200;

/// Sends a look, in one message after the other over one connection. What it brings is cumulative: a look that is lost is made
/// good by the next.
///
/// # Errors
/// Why the receiver does not take it, or not all of it.
pub async fn send(endpoint: &Endpoint, sender: &Sender, scrape: &Scrape) -> Result<(), SendFault> {
    let connect = TcpStream::connect((endpoint.host(), endpoint.port()));
    let stream = within(connect).await?.map_err(|error| unreachable(&error))?;
    let (mut connection, driver) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| unreachable(&error))?;
    let driver = tokio::spawn(driver);
    let mut sent = Ok(());
    for message in requests(scrape, sender) {
        let message = Bytes::from(message.encode_to_vec());
        sent = within(post(&mut connection, endpoint, message))
            .await
            .and_then(|answered| answered);
        if sent.is_err() {
            break;
        }
    }
    driver.abort();
    sent
}

async fn within<T>(doing: impl Future<Output = T>) -> Result<T, SendFault> {
    timeout(PATIENCE, doing)
        .await
        .map_err(|_| SendFault::Silent(PATIENCE.as_secs()))
}

async fn post(
    connection: &mut SendRequest<Full<Bytes>>,
    endpoint: &Endpoint,
    message: Bytes,
) -> Result<(), SendFault> {
    let request = Request::post(endpoint.path())
        .header(HOST, endpoint.authority())
        .header(CONTENT_TYPE, "application/x-protobuf")
        .header(USER_AGENT, concat!("autoscaler/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(message))
        .map_err(|error| unreachable(&error))?;
    connection.ready().await.map_err(|error| unreachable(&error))?;
    let answer = connection.send_request(request).await;
    taken(answer.map_err(|error| unreachable(&error))?).await
}

/// Whether an answer says that all was taken.
async fn taken(answer: Response<Incoming>) -> Result<(), SendFault> {
    let status = answer.status();
    let kind = answer.headers().get(CONTENT_TYPE).cloned();
    let body = Limited::new(answer.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| unreachable(error.as_ref()))?.to_bytes();
    if status != StatusCode::OK {
        let is_text = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
        let words = String::from_utf8_lossy(&body);
        let words = Some(words.trim()).filter(|words| is_text && !words.is_empty());
        let words = words.or(status.canonical_reason()).unwrap_or_default();
        return Err(SendFault::Refused {
            status: status.as_u16(),
            text: words.chars().take(WORDS).collect(),
        });
    }
    // A receiver may answer with an empty message, or in words of its own: only what it says of a part counts.
    let partial = ExportMetricsServiceResponse::decode(body)
        .ok()
        .and_then(|answer| answer.partial_success)
        .filter(|partial| partial.rejected_data_points > 0);
    partial.map_or(Ok(()), |partial| {
        Err(SendFault::Rejected {
            points: partial.rejected_data_points,
            text: partial.error_message.chars().take(WORDS).collect(),
        })
    })
}

/// What the system says, where that is behind it; else the library's words.
fn unreachable(error: &(dyn Error + 'static)) -> SendFault {
    let fault = SystemFault::within(error).unwrap_or_else(|| SystemFault::from(error.to_string()));
    SendFault::Unreachable(fault)
}
