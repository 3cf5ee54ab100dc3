//! One user's HTTP/1.1 client, over hyper: asks, waits for the whole answer, says how long it took.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONNECTION, HOST};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::tally::Failure;

/// What is asked, and how.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Where the server listens.
    pub(crate) address: SocketAddr,
    /// The path that is asked for.
    pub(crate) path: String,
    /// Whether to ask for the next answer over the same connection, where the server allows it. Without it
    /// each request has a connection of its own, as behind a plain reverse proxy.
    pub(crate) keep_alive: bool,
    /// A request whose answer is not there after this time has failed.
    pub(crate) limit: Duration,
}

type Connection = SendRequest<Empty<Bytes>>;

/// One user's client.
pub(crate) struct Client {
    target: Target,
    open: Option<Connection>,
}

impl Client {
    pub(crate) fn new(target: Target) -> Self {
        Self { target, open: None }
    }

    /// Closes a connection that was kept.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// Asks once. The latency runs from before the connection is made to the answer's last byte.
    ///
    /// # Errors
    /// Why the request failed.
    pub(crate) async fn ask(&mut self) -> Result<Duration, Failure> {
        let start = Instant::now();
        let kept = self.open.take();
        let answer = timeout(self.target.limit, exchange(&self.target, kept)).await;
        self.open = answer.map_err(|_| Failure::Timeout)??;
        Ok(start.elapsed())
    }
}

/// Asks over `kept`, or over a new connection where there is none or the server has closed it. Returns the
/// connection if it may be used again.
async fn exchange(target: &Target, kept: Option<Connection>) -> Result<Option<Connection>, Failure> {
    let mut connection = match usable(kept).await {
        Some(connection) => connection,
        None => connect(target).await?,
    };
    let mut request = Request::get(&target.path).header(HOST, target.address.to_string());
    if !target.keep_alive {
        request = request.header(CONNECTION, "close");
    }
    let request = request.body(Empty::new()).map_err(broken)?;
    let answer = connection.send_request(request).await.map_err(broken)?;
    let status = answer.status().as_u16();
    let mut body = answer.into_body();
    while let Some(frame) = body.frame().await {
        frame.map_err(broken)?;
    }
    if status != 200 {
        return Err(Failure::Status(status));
    }
    Ok(target.keep_alive.then_some(connection))
}

async fn usable(kept: Option<Connection>) -> Option<Connection> {
    let mut connection = kept?;
    connection.ready().await.ok()?;
    Some(connection)
}

async fn connect(target: &Target) -> Result<Connection, Failure> {
    let refused = |error: std::io::Error| Failure::Connect(error.kind());
    let stream = TcpStream::connect(target.address).await.map_err(refused)?;
    stream.set_nodelay(true).map_err(refused)?;
    let (connection, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // What goes wrong in the driver comes back through the request that it carries.
    tokio::spawn(driver);
    Ok(connection)
}

fn broken(error: impl std::error::Error) -> Failure {
    let cause = error.source().map(|cause| format!(" ({cause})"));
    Failure::Broken(format!("{error}{}", cause.unwrap_or_default()))
}
