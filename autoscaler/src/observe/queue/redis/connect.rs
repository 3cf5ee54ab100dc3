//! Connecting to Redis, and what its errors mean to the operator.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use ::redis::aio::MultiplexedConnection;
use ::redis::io::tcp::TcpSettings;
use ::redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, IntoConnectionInfo, RedisConnectionInfo,
    RedisError, ServerError, TlsCertificates,
};

use nix::fcntl::OFlag;

use super::super::address::{Endpoint, RedisAddress};
use super::{LIMIT, QueueFault};

/// More than a system's whole bundle of certificate authorities, in bytes.
const LARGEST_CA: u64 = 4 << 20;

/// A client for the address. Nothing is connected yet.
pub(super) fn client(address: &RedisAddress) -> Result<Client, QueueFault> {
    let bad = |error: RedisError| QueueFault::BadUrl {
        why: error.to_string(),
    };
    let mut settings = RedisConnectionInfo::default().set_db(address.database.into());
    if let Some(user) = &address.login.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = &address.login.password {
        settings = settings.set_password(password);
    }
    let (endpoint, ca_file) = match &address.endpoint {
        Endpoint::Tcp { host, port } => (ConnectionAddr::Tcp(host.clone(), *port), None),
        Endpoint::Unix(path) => (ConnectionAddr::Unix(path.clone()), None),
        Endpoint::Tls {
            host,
            port,
            verify,
            ca_file,
        } => {
            let (host, port, insecure) = (host.clone(), *port, !verify);
            (
                ConnectionAddr::TcpTls {
                    host,
                    port,
                    insecure,
                    tls_params: None,
                },
                ca_file.as_ref(),
            )
        }
    };
    let info = endpoint
        .into_connection_info()
        .map_err(bad)?
        .set_tcp_settings(TcpSettings::default().set_nodelay(true))
        .set_redis_settings(settings);
    let Some(path) = ca_file else {
        return Client::open(info).map_err(bad);
    };
    let root_cert = read_ca(path).map_err(|error| QueueFault::BadUrl {
        why: format!("its ssl_ca_certs {} cannot be read: {error}", path.display()),
    })?;
    Client::build_with_tls(
        info,
        TlsCertificates {
            client_tls: None,
            root_cert: Some(root_cert),
        },
    )
    .map_err(bad)
}

/// The file's content. The path may come from a process of any user: nothing that waits or never ends is read.
fn read_ca(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::options()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut content = Vec::new();
    file.take(LARGEST_CA).read_to_end(&mut content)?;
    Ok(content)
}

/// Connects and logs in.
pub(super) async fn connect(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    // Answers may take as long as a blocking BRPOP waits: the callers set their own limits.
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(LIMIT))
        .set_response_timeout(None);
    client.get_multiplexed_async_connection_with_config(&config).await
}

/// What an error means to the operator. Of a pipeline's errors, the first.
pub(super) fn fault(at: &str, error: &RedisError) -> QueueFault {
    let at = at.to_owned();
    let answered = error.clone().into_server_errors();
    let first = answered
        .as_deref()
        .and_then(|errors| errors.first())
        .map(|(_, error)| error);
    let why = first.map_or_else(|| error.to_string(), ToString::to_string);
    // The client keeps only the words of NOAUTH where the server refuses to switch to the database.
    let login = why.contains("Authentication required");
    match (error.kind(), first.map(ServerError::code)) {
        _ if login => QueueFault::LoginRefused { at, why },
        (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
            QueueFault::LoginRefused { at, why }
        }
        (_, Some("NOPERM")) => QueueFault::NotPermitted { at, why },
        (ErrorKind::Io, _) => QueueFault::Unreachable { at, why },
        _ => QueueFault::Answered { at, why },
    }
}
