//! One connection to a server.

use std::error::Error;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::http::Endpoint;
use crate::model::SystemFault;

/// Of a server's words, so many characters are told.
const WORDS: usize = 200;

/// A connection, which is closed when this is dropped. Nothing here ends by itself: whoever asks has patience of its own.
#[derive(Debug)]
pub(crate) struct Connection {
    requests: SendRequest<Full<Bytes>>,
    driver: JoinHandle<hyper::Result<()>>,
}

/// What a server answers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    is_text: bool,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody answers there.
    pub(crate) async fn open(to: &Endpoint) -> Result<Self, SystemFault> {
        let stream = TcpStream::connect((to.host(), to.port())).await?;
        let (requests, driver) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| fault(&error))?;
        Ok(Self {
            requests,
            driver: tokio::spawn(driver),
        })
    }

    /// Posts something of that media type, and reads an answer of `largest` bytes at most.
    ///
    /// # Errors
    /// When the server hangs up, or its answer is longer.
    pub(crate) async fn post(
        &mut self,
        to: &Endpoint,
        kind: &'static str,
        body: Bytes,
        largest: usize,
    ) -> Result<Answer, SystemFault> {
        let request = Request::post(to.path())
            .header(HOST, to.authority())
            .header(CONTENT_TYPE, kind)
            .header(USER_AGENT, concat!("autoscaler/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body))
            .map_err(|error| fault(&error))?;
        self.requests.ready().await.map_err(|error| fault(&error))?;
        let answer = self.requests.send_request(request).await;
        let answer = answer.map_err(|error| fault(&error))?;
        let kind = answer.headers().get(CONTENT_TYPE);
        let is_text = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
        let status = answer.status();
        let body = Limited::new(answer.into_body(), largest).collect().await;
        Ok(Answer {
            status,
            body: body.map_err(|error| fault(error.as_ref()))?.to_bytes(),
            is_text,
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Answer {
    /// What the server says for people: its words, else those of the status.
    pub(crate) fn words(&self) -> String {
        let words = String::from_utf8_lossy(&self.body);
        let words = Some(words.trim()).filter(|words| self.is_text && !words.is_empty());
        let words = words.or(self.status.canonical_reason()).unwrap_or_default();
        few(words)
    }
}

/// The beginning of a server's words.
pub(crate) fn few(words: &str) -> String {
    words.chars().take(WORDS).collect()
}

/// What the system says, where that is behind it; else the library's words.
fn fault(error: &(dyn Error + 'static)) -> SystemFault {
    SystemFault::within(error).unwrap_or_else(|| SystemFault::from(error.to_string()))
}
