//! An HTTP/1.1 client that asks again and again, on one connection or on a new one each time.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::http::Address;

const ANSWER_LIMIT: Duration = Duration::from_mins(1);

/// A stream of bytes, whatever it goes through.
trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// One client.
pub struct Client {
    address: Address,
    keep_alive: bool,
    open: Option<Box<dyn Stream>>,
}

impl Client {
    /// A client of the server at `address`. With `keep_alive` it asks on one connection for as long as the server lets it.
    #[must_use]
    pub fn new(address: &Address, keep_alive: bool) -> Self {
        Self {
            address: address.clone(),
            keep_alive,
            open: None,
        }
    }

    /// Asks for `path`; returns the time from before it connected to the last byte of the answer.
    ///
    /// # Errors
    /// When the answer is not 200, or does not come.
    pub fn ask(&mut self, path: &str) -> Result<Duration> {
        let start = Instant::now();
        let mut stream = match self.open.take() {
            Some(stream) => stream,
            None => connect(&self.address).context("connect")?,
        };
        let connection = if self.keep_alive { "keep-alive" } else { "close" };
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let stays = answer(stream.as_mut())?;
        if !self.keep_alive {
            ensure!(stream.read(&mut [0])? == 0, "more than was announced");
        }
        let took = start.elapsed();
        if self.keep_alive && stays {
            self.open = Some(stream);
        }
        Ok(took)
    }
}

fn connect(address: &Address) -> Result<Box<dyn Stream>> {
    Ok(match address {
        Address::Unix(socket) => {
            let stream = UnixStream::connect(socket)?;
            stream.set_read_timeout(Some(ANSWER_LIMIT))?;
            Box::new(stream)
        }
        Address::Loopback(port) => {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, *port))?;
            stream.set_read_timeout(Some(ANSWER_LIMIT))?;
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
    })
}

/// Reads one answer to its last byte; whether the server leaves the connection open.
fn answer(stream: &mut dyn Stream) -> Result<bool> {
    let mut seen = Vec::new();
    let mut piece = [0; 4096];
    let mut wanted = None;
    let mut stays = true;
    loop {
        let length = stream.read(&mut piece).context("read the answer")?;
        ensure!(
            length > 0,
            "the answer was cut short: {}",
            String::from_utf8_lossy(&seen)
        );
        seen.extend_from_slice(&piece[..length]);
        if wanted.is_none()
            && let Some(end) = seen.windows(4).position(|bytes| bytes == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&seen[..end]).to_ascii_lowercase();
            ensure!(head.split(' ').nth(1) == Some("200"), "answered with {head}");
            let field = |name: &str| {
                head.lines()
                    .find_map(|line| line.strip_prefix(name))
                    .map(str::trim)
            };
            let body: usize = field("content-length:").context("no length")?.parse()?;
            stays = field("connection:") != Some("close");
            wanted = Some(end + 4 + body);
        }
        if let Some(wanted) = wanted
            && seen.len() >= wanted
        {
            ensure!(seen.len() == wanted, "more than was announced");
            return Ok(stays);
        }
    }
}
