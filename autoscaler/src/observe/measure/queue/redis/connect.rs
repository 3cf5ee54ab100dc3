//! Connecting to Redis, and what its errors mean to the operator.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, ErrorKind, RedisConnectionInfo, RedisError, ServerError};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::model::{Silence, TlsProblem, UrlFault};
use crate::observe::measure::queue::address::{Endpoint, RedisAddress};
use crate::observe::measure::queue::redis::{LIMIT, QueueFault};
use crate::observe::measure::queue::tls;

/// For words that a server says unasked.
const GREETING: Duration = Duration::from_millis(300);

/// How long the server may take for its part of TLS, of [`LIMIT`].
const HANDSHAKE: Duration = Duration::from_secs(2);

/// How to reach a server.
pub(super) struct Server {
    endpoint: Endpoint,
    /// Host and port, or socket.
    pub(super) at: String,
    login: RedisConnectionInfo,
    tls: Option<Arc<ClientConfig>>,
}

/// A connection. Dropping it ends it, a command that is under way included.
pub(super) struct Connected {
    pub(super) connection: MultiplexedConnection,
    driver: JoinHandle<()>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Server {
    /// The server at this address. Nothing is connected yet.
    pub(super) fn new(address: &RedisAddress) -> Result<Self, QueueFault> {
        let mut login = RedisConnectionInfo::default().set_db(address.database.into());
        if let Some(user) = &address.login.user {
            login = login.set_username(user);
        }
        if let Some(password) = &address.login.password {
            login = login.set_password(password);
        }
        let tls = match &address.endpoint {
            Endpoint::Tls { tls, .. } => Some(Arc::new(tls.config()?)),
            Endpoint::Tcp { .. } | Endpoint::Unix(_) => None,
        };
        Ok(Self {
            endpoint: address.endpoint.clone(),
            at: address.endpoint.to_string(),
            login,
            tls,
        })
    }

    /// Connects and logs in, within [`LIMIT`].
    pub(super) async fn connect(&self) -> Result<Connected, QueueFault> {
        let connected = timeout(LIMIT, self.connect_at_length()).await;
        connected.unwrap_or_else(|_| Err(late(&self.at, LIMIT)))
    }

    async fn connect_at_length(&self) -> Result<Connected, QueueFault> {
        match &self.endpoint {
            Endpoint::Unix(path) => {
                let stream = UnixStream::connect(path).await;
                self.log_in(stream.map_err(|error| self.unreachable(&error))?)
                    .await
            }
            Endpoint::Tcp { host, port } => match self.log_in(self.tcp(host, *port).await?).await {
                Err(fault @ QueueFault::Unreachable { .. }) => {
                    Err(self.greeting(host, *port).await.unwrap_or(fault))
                }
                ended => ended,
            },
            Endpoint::Tls { host, port, .. } => {
                let name = ServerName::try_from(host.clone()).map_err(|_| QueueFault::BadUrl {
                    why: UrlFault::NoCertificateName,
                })?;
                let stream = self.tcp(host, *port).await?;
                let config = self.tls.clone().unwrap_or_else(|| unreachable!("made in new"));
                // A server without TLS waits in silence for the end of what it takes for a command.
                let shaken = timeout(HANDSHAKE, TlsConnector::from(config).connect(name, stream)).await;
                let stream = shaken.map_err(|_| QueueFault::Tls {
                    at: self.at.clone(),
                    problem: TlsProblem::NotSpoken,
                })?;
                self.log_in(stream.map_err(|error| self.unreachable(&error))?)
                    .await
            }
        }
    }

    /// What a server says that hangs up before it is asked: that it has too many clients, or is in protected mode. A login
    /// that is written at that moment fails before these words are read.
    async fn greeting(&self, host: &str, port: u16) -> Option<QueueFault> {
        let mut stream = self.tcp(host, port).await.ok()?;
        let mut words = [0; 512];
        let read = timeout(GREETING, stream.read(&mut words)).await.ok()?.ok()?;
        let words = String::from_utf8_lossy(words.get(..read)?).into_owned();
        let why = words.strip_prefix('-')?.lines().next()?.trim().to_owned();
        Some(QueueFault::Answered {
            at: self.at.clone(),
            why,
        })
    }

    async fn tcp(&self, host: &str, port: u16) -> Result<TcpStream, QueueFault> {
        let stream = TcpStream::connect((host, port)).await;
        let stream = stream.map_err(|error| self.unreachable(&error))?;
        stream
            .set_nodelay(true)
            .map_err(|error| self.unreachable(&error))?;
        Ok(stream)
    }

    async fn log_in<S>(&self, stream: S) -> Result<Connected, QueueFault>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Answers may take as long as a blocking BRPOP waits: the callers set their own limits.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let made = MultiplexedConnection::new_with_config(&self.login, stream, config).await;
        let (connection, driver) = made.map_err(|error| self.fault(&error))?;
        Ok(Connected {
            connection,
            driver: tokio::spawn(driver),
        })
    }

    fn unreachable(&self, error: &io::Error) -> QueueFault {
        self.of_tls(error).unwrap_or_else(|| QueueFault::Unreachable {
            at: self.at.clone(),
            why: Silence::System(error.into()),
        })
    }

    fn of_tls(&self, error: &(dyn std::error::Error + 'static)) -> Option<QueueFault> {
        let Endpoint::Tls { tls, .. } = &self.endpoint else {
            return None;
        };
        Some(QueueFault::Tls {
            at: self.at.clone(),
            problem: tls::problem(error, tls)?,
        })
    }

    /// What an error means to the operator. Of a pipeline's errors, the first.
    pub(super) fn fault(&self, error: &RedisError) -> QueueFault {
        if let Some(fault) = self.of_tls(error) {
            return fault;
        }
        let at = self.at.clone();
        let answered = error.clone().into_server_errors();
        let first = answered
            .as_deref()
            .and_then(|errors| errors.first())
            .map(|(_, error)| error);
        let why = first.map_or_else(|| of_client(error), of_server);
        // The client keeps only the words of NOAUTH where the server refuses to switch to the database.
        let login = why.contains("Authentication required");
        match (error.kind(), first.map(ServerError::code)) {
            _ if login => QueueFault::LoginRefused { at, why },
            (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
                QueueFault::LoginRefused { at, why }
            }
            (_, Some("NOPERM")) => QueueFault::NotPermitted { at, why },
            // A node of a cluster sends away who asks for a key of another node.
            (_, Some("MOVED" | "ASK" | "CROSSSLOT" | "CLUSTERDOWN")) => QueueFault::NotSupported {
                kind: "Redis Cluster".to_owned(),
            },
            // A Sentinel has none of the commands of a database.
            (_, Some("ERR")) if is_unknown_command(&why) => QueueFault::NotSupported {
                kind: "Redis Sentinel".to_owned(),
            },
            (ErrorKind::Io, _) => QueueFault::Unreachable {
                at,
                why: Silence::within(error, || why),
            },
            _ => QueueFault::Answered { at, why },
        }
    }
}

fn is_unknown_command(why: &str) -> bool {
    let why = why.to_ascii_lowercase();
    why.contains("unknown command") && ["select", "llen", "hlen"].iter().any(|name| why.contains(name))
}

/// No answer in time.
pub(super) fn late(at: &str, limit: Duration) -> QueueFault {
    QueueFault::Unreachable {
        at: at.to_owned(),
        why: Silence::Late { after: limit },
    }
}

/// The server's own words: its code, and what it says to it.
fn of_server(error: &ServerError) -> String {
    match error.details() {
        Some(details) => format!("{} {details}", error.code()),
        None => error.code().to_owned(),
    }
}

/// The client's words, without the name of its error's kind.
fn of_client(error: &RedisError) -> String {
    match (error.detail(), std::error::Error::source(error)) {
        (Some(detail), _) => detail.to_owned(),
        (None, Some(source)) => source.to_string(),
        (None, None) => error
            .to_string()
            .split(" - ")
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}
