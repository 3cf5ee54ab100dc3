//! A plain HTTP/1.1 request over a Unix socket or loopback: one connection, one answer.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// A port of 127.0.0.1.
    Loopback(u16),
}

impl Address {
    /// A loopback port that was free a moment ago.
    ///
    /// # Errors
    /// When the kernel has none.
    pub fn free_port() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free loopback port")?;
        Ok(Self::Loopback(listener.local_addr()?.port()))
    }

    /// Requests `path` and returns the answer's status and body.
    ///
    /// # Errors
    /// When the connection is refused or breaks, no byte comes for `limit`, or the answer is no HTTP.
    pub fn get(&self, path: &str, limit: Duration) -> Result<(u16, String)> {
        let answer = match self {
            Self::Unix(socket) => {
                let stream = UnixStream::connect(socket).context("connect")?;
                stream.set_read_timeout(Some(limit))?;
                exchange(stream, path)
            }
            Self::Loopback(port) => {
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
                let stream = TcpStream::connect_timeout(&address, limit).context("connect")?;
                stream.set_read_timeout(Some(limit))?;
                exchange(stream, path)
            }
        };
        parse(&answer.context("read the answer")?)
    }
}

fn exchange(mut stream: impl Read + Write, path: &str) -> io::Result<String> {
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn parse(answer: &str) -> Result<(u16, String)> {
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .with_context(|| format!("the answer was cut short: {answer:?}"))?;
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.with_context(|| format!("no status in {head:?}"))?;
    Ok((status, body.to_owned()))
}
