//! A real message broker on loopback, with a data directory of its own.

mod rabbitmq;
mod redis;

pub use rabbitmq::RabbitMq;
pub use redis::{Access, Redis};

use std::net::TcpListener;

use anyhow::{Context, Result};

/// A port of loopback that is free at this moment.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on loopback")?;
    Ok(listener.local_addr()?.port())
}
