//! Connecting to RabbitMQ, and what its errors mean to the operator.

use std::net::SocketAddr;
use std::sync::Arc;

use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::runtime::default_runtime;
use lapin::tcp::RustlsConnector;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{AsyncTcpStream, Connection, ConnectionProperties, Error, ErrorKind};
use tokio::net::lookup_host;

use crate::observe::measure::queue::address::AmqpAddress;
use crate::observe::measure::queue::rabbitmq::{LIMIT, QueueFault, Silence};
use crate::observe::measure::queue::tls;

/// The broker's own default user, which it admits from its own host only.
pub(super) const GUEST: &str = "guest";

/// Connects and logs in.
pub(super) async fn connect(address: &AmqpAddress) -> Result<Connection, QueueFault> {
    let at = format!("{}:{}", address.host, address.port);
    let properties = ConnectionProperties::default().with_connection_name("autoscaler".into());
    let Some(tls) = &address.tls else {
        let connected = Connection::connect_uri(uri(address), properties).await;
        return connected.map_err(|error| fault(&at, &error));
    };
    let connector = RustlsConnector::from(Arc::new(tls.config()?));
    let runtime = default_runtime().map_err(|error| fault(&at, &error))?;
    let connected = Connection::connector(
        uri(address),
        runtime,
        async move |uri: AMQPUri, runtime| {
            let host = uri.authority.host;
            let addresses: Vec<SocketAddr> =
                lookup_host((host.as_str(), uri.authority.port)).await?.collect();
            let stream = AsyncTcpStream::connect(&runtime, addresses).await?;
            Ok(stream.into_rustls(&connector, &host).await?)
        },
        properties,
    );
    connected.await.map_err(|error| match tls::problem(&error, tls) {
        Some(problem) => QueueFault::Tls { at, problem },
        None => fault(&at, &error),
    })
}

fn uri(address: &AmqpAddress) -> AMQPUri {
    let word = |given: &Option<String>| given.clone().unwrap_or_else(|| GUEST.to_owned());
    AMQPUri {
        scheme: if address.tls.is_some() {
            AMQPScheme::AMQPS
        } else {
            AMQPScheme::AMQP
        },
        authority: AMQPAuthority {
            userinfo: AMQPUserInfo {
                username: word(&address.login.user),
                password: word(&address.login.password),
            },
            host: address.host.clone(),
            port: address.port,
        },
        vhost: address.vhost.clone(),
        query: AMQPQueryString {
            connection_timeout: u64::try_from(LIMIT.as_millis()).ok(),
            ..AMQPQueryString::default()
        },
    }
}

/// What an error means to the operator.
pub(super) fn fault(at: &str, error: &Error) -> QueueFault {
    let at = at.to_owned();
    let ErrorKind::ProtocolError(answer) = error.kind() else {
        return QueueFault::Unreachable {
            at,
            why: silence(error),
        };
    };
    let why = answer.get_message().to_string();
    match answer.kind() {
        // The login is refused on the connection, everything else on a channel.
        AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) if why.contains("Login was refused") => {
            QueueFault::LoginRefused { at, why }
        }
        AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED)
        | AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => QueueFault::NotPermitted { at, why },
        AMQPErrorKind::Hard(AMQPHardError::CONNECTIONFORCED) => QueueFault::Unreachable {
            at,
            why: Silence::Words(why),
        },
        _ => QueueFault::Answered { at, why },
    }
}

/// What the client says, without the names that it has for its own states.
fn silence(error: &Error) -> Silence {
    match error.kind() {
        ErrorKind::InvalidChannelState(..) | ErrorKind::InvalidConnectionState(_) => Silence::Lost,
        ErrorKind::IOError(error) => Silence::System(error.as_ref().into()),
        _ => Silence::Words(error.to_string()),
    }
}

/// The same for an error that came when `queue` was asked for.
pub(super) fn fault_of_queue(at: &str, queue: &str, error: &Error) -> QueueFault {
    if is_not_found(error) {
        return QueueFault::NoSuchQueue {
            at: at.to_owned(),
            queue: queue.to_owned(),
        };
    }
    fault(at, error)
}

/// Whether the broker does not have what was asked for.
pub(super) fn is_not_found(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ProtocolError(answer)
        if *answer.kind() == AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND))
}
