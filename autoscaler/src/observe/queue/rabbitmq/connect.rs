//! Connecting to RabbitMQ, and what its errors mean to the operator.

use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Connection, ConnectionProperties, Error, ErrorKind};

use super::super::address::AmqpAddress;
use super::{LIMIT, QueueFault};

/// The broker's own default user, which it admits from its own host only.
pub(super) const GUEST: &str = "guest";

/// Connects and logs in.
pub(super) async fn connect(address: &AmqpAddress) -> lapin::Result<Connection> {
    let word = |given: &Option<String>| given.clone().unwrap_or_else(|| GUEST.to_owned());
    let uri = AMQPUri {
        scheme: if address.tls {
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
    };
    let properties = ConnectionProperties::default().with_connection_name("autoscaler".into());
    Connection::connect_uri(uri, properties).await
}

/// What an error means to the operator.
pub(super) fn fault(at: &str, error: &Error) -> QueueFault {
    let at = at.to_owned();
    let ErrorKind::ProtocolError(answer) = error.kind() else {
        return QueueFault::Unreachable {
            at,
            why: error.to_string(),
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
        AMQPErrorKind::Hard(AMQPHardError::CONNECTIONFORCED) => QueueFault::Unreachable { at, why },
        _ => QueueFault::Answered { at, why },
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
