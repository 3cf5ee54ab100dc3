//! A question to a container runtime: HTTP over its Unix socket. Docker and Podman speak alike.

use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::model::{ContainerFault, Runtime, Silence};

/// A runtime that does not answer must not hold up the check.
const LIMIT: Duration = Duration::from_secs(5);

/// Far more than a runtime tells of one container, bytes.
const LARGEST: usize = 4 << 20;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Answer {
    /// What the runtime says is wrong; its status where it says nothing.
    pub(crate) fn message(&self) -> String {
        let said: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let said = [&said["cause"], &said["message"]]
            .into_iter()
            .find_map(Value::as_str);
        said.map_or_else(|| self.status.to_string(), str::to_owned)
    }
}

/// A runtime that is asked at its socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Engine<'a> {
    pub(crate) runtime: Runtime,
    pub(crate) socket: &'a Path,
}

impl Engine<'_> {
    /// Asks it, with `body` as JSON where there is one.
    ///
    /// # Errors
    /// [`ContainerFault::Unreachable`] where there is no answer.
    pub(crate) async fn call(
        self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, ContainerFault> {
        let asked = timeout(LIMIT, exchange(self.socket, method, path, body)).await;
        let answer = asked.unwrap_or(Err(Silence::Late { after: LIMIT }));
        answer.map_err(|why| ContainerFault::Unreachable {
            runtime: self.runtime,
            at: self.socket.display().to_string(),
            why,
        })
    }

    /// What it answered is not what was asked for.
    pub(crate) fn refused(self, why: &dyn ToString) -> ContainerFault {
        ContainerFault::Refused {
            runtime: self.runtime,
            why: why.to_string(),
        }
    }
}

/// One request, and the whole of its answer.
async fn exchange(
    socket: &Path,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Answer, Silence> {
    let stream = UnixStream::connect(socket).await;
    let stream = stream.map_err(|error| Silence::System(error.into()))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| lost(&error))?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| Silence::Words(error.to_string()))?;
    let answer = async move {
        let answer = sender.send_request(request).await.map_err(|error| lost(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| Silence::within(error.as_ref(), || error.to_string()))?;
        Ok(Answer {
            status,
            body: body.to_bytes(),
        })
    };
    // The connection's own work ends with the answer, or with the runtime; what went wrong there is the answer's fault, too.
    let (answer, _) = tokio::join!(answer, connection);
    answer
}

fn lost(error: &hyper::Error) -> Silence {
    Silence::within(error, || error.to_string())
}
