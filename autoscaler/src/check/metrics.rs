//! The address where figures are to be served.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio::time::timeout;

use crate::check::writable::writable;
use crate::metrics::address;
use crate::model::{Fact, Listen, Metrics, Taken};

/// A daemon answers within milliseconds.
const ANSWER: Duration = Duration::from_secs(5);

/// More than a thousand projects' figures.
const LARGEST: usize = 4 << 20;

/// What every one of our answers holds.
const OURS: &str = "autoscaler_";

/// Whether our figures are served there, or could be.
pub(super) async fn look(metrics: Option<&Metrics>) -> Fact {
    let Some(Metrics { listen }) = metrics else {
        return Fact::NoMetrics;
    };
    let at = address(listen);
    let taken = |why| Fact::MetricsTaken { at: at.clone(), why };
    // Another host may serve figures there, such as one that has the same configuration.
    if let Some(host) = elsewhere(listen) {
        return taken(Taken::Elsewhere { host });
    }
    let fetched = timeout(ANSWER, fetch(listen)).await;
    match fetched {
        Ok(Ok(text)) if text.contains(OURS) => Fact::MetricsServed { at },
        Ok(Ok(_)) => taken(Taken::Another),
        Ok(Err(Fetch::Connect)) => match could_listen(listen) {
            Ok(()) => Fact::MetricsFree { at },
            Err(error) => taken(Taken::Refused { why: error.into() }),
        },
        Ok(Err(Fetch::Http(why))) => taken(Taken::NoHttp { why }),
        Err(_) => taken(Taken::Silent { after: ANSWER }),
    }
}

enum Fetch {
    Connect,
    Http(String),
}

async fn fetch(listen: &Listen) -> Result<String, Fetch> {
    match listen {
        Listen::Tcp(address) => get(TcpStream::connect(address).await).await,
        Listen::Unix(path) => get(UnixStream::connect(path).await).await,
    }
}

async fn get<S>(stream: io::Result<S>) -> Result<String, Fetch>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let stream = stream.map_err(|_| Fetch::Connect)?;
    let http = |error: hyper::Error| Fetch::Http(error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(http)?;
    let driver = tokio::spawn(connection);
    let request = Request::get("/metrics").header("host", "localhost");
    let request = request
        .body(Empty::<Bytes>::new())
        .map_err(|error| Fetch::Http(error.to_string()))?;
    let answer = sender.send_request(request).await.map_err(http)?;
    let body = Limited::new(answer.into_body(), LARGEST).collect().await;
    driver.abort();
    let body = body.map_err(|error| Fetch::Http(error.to_string()))?;
    Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
}

/// The address, where it is none of this host's.
fn elsewhere(listen: &Listen) -> Option<IpAddr> {
    let Listen::Tcp(address) = listen else {
        return None;
    };
    let any_port = Listen::Tcp(SocketAddr::new(address.ip(), 0));
    let error = could_listen(&any_port).err()?;
    (error.kind() == io::ErrorKind::AddrNotAvailable).then(|| address.ip())
}

/// Bound and let go, never listened on: nobody can connect meanwhile.
fn could_listen(listen: &Listen) -> io::Result<()> {
    match listen {
        Listen::Tcp(address) => {
            let socket = match address {
                SocketAddr::V4(_) => TcpSocket::new_v4(),
                SocketAddr::V6(_) => TcpSocket::new_v6(),
            }?;
            socket.set_reuseaddr(true)?;
            socket.bind(*address)
        }
        Listen::Unix(path) => unix_could_listen(path),
    }
}

/// A socket that a killed daemon left is taken away by the next; anything else stays.
fn unix_could_listen(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;
    match path.symlink_metadata() {
        Ok(found) if !found.file_type().is_socket() => Err(io::Error::from(io::ErrorKind::AddrInUse)),
        _ => writable(&path.with_file_name(".metrics")),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn at(listen: Listen) -> Fact {
        look(Some(&Metrics { listen })).await
    }

    #[tokio::test]
    async fn an_address_of_another_host_is_told_whoever_answers_there() {
        // For documentation alone (RFC 5737): no host has it.
        let address = SocketAddr::from(([198, 51, 100, 7], 9919));
        let Fact::MetricsTaken { why, .. } = at(Listen::Tcp(address)).await else {
            panic!("it is taken for this host's");
        };
        assert_eq!(why, Taken::Elsewhere { host: address.ip() });
    }

    #[tokio::test]
    async fn an_address_is_free_or_taken_and_nothing_is_left_behind() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        assert!(matches!(at(Listen::Tcp(address)).await, Fact::MetricsFree { .. }));
        // Taken by somebody who hangs up at once.
        let listener = TcpListener::bind(address).await.unwrap();
        let hangs_up = tokio::spawn(async move { drop(listener.accept().await) });
        assert!(matches!(
            at(Listen::Tcp(address)).await,
            Fact::MetricsTaken { .. }
        ));
        hangs_up.await.unwrap();

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("metrics.sock");
        let unix = Listen::Unix(path.clone());
        assert!(matches!(at(unix.clone()).await, Fact::MetricsFree { .. }));
        assert!(!path.exists());
        std::fs::write(&path, "").unwrap();
        assert!(matches!(at(unix).await, Fact::MetricsTaken { .. }));
    }
}
