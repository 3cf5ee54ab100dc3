//! A connection to Redis that is made at the first use and again after a failure.

use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use tokio::time::timeout;

use crate::observe::measure::queue::QueueFault;
use crate::observe::measure::queue::address::RedisAddress;
use crate::observe::measure::queue::redis::connect::{Connected, Server, late};

/// A server, and the connection to it.
pub(super) struct Session {
    pub(super) server: Server,
    connected: Option<Connected>,
}

impl Session {
    pub(super) fn new(address: &RedisAddress) -> Result<Self, QueueFault> {
        Ok(Self {
            server: Server::new(address)?,
            connected: None,
        })
    }

    /// Host and port, or socket.
    pub(super) fn at(&self) -> String {
        self.server.at.clone()
    }

    pub(super) async fn connection(&mut self) -> Result<MultiplexedConnection, QueueFault> {
        if let Some(connected) = &self.connected {
            return Ok(connected.connection.clone());
        }
        let connected = self.server.connect().await?;
        Ok(self.connected.insert(connected).connection.clone())
    }

    /// Lets go of the connection after a failure: the next use makes a new one.
    pub(super) fn checked<T>(&mut self, result: Result<T, QueueFault>) -> Result<T, QueueFault> {
        if result.is_err() {
            self.let_go();
        }
        result
    }

    /// Lets go of the connection: the next use makes a new one.
    pub(super) fn let_go(&mut self) {
        self.connected = None;
    }
}

/// What comes of `work` with the server at `at`, if it ends in time.
pub(super) async fn within<T>(
    at: &str,
    limit: Duration,
    work: impl Future<Output = Result<T, QueueFault>>,
) -> Result<T, QueueFault> {
    timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(late(at, limit)))
}
