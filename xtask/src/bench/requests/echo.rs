//! Two threads that send a few bytes to and fro as fast as they can: every event of a connection, and nothing else.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use anyhow::{Result, bail};

/// What goes each way at a time.
const MESSAGE: [u8; 64] = [b'x'; 64];

/// What the two ends are.
#[derive(Clone, Copy)]
pub(super) enum Ends<'a> {
    /// Of this listener.
    Tcp(&'a TcpListener),
    /// The one end from a listener with a name, as a server has it.
    Unix,
    /// Neither end has a name: no record is ever made of it.
    UnixPair,
}

/// Sends so many messages each way over one connection.
pub(super) fn messages(ends: Ends<'_>, count: usize) -> Result<()> {
    match ends {
        Ends::Tcp(listener) => {
            let (client, server) = tcp(listener)?;
            client.set_nodelay(true)?;
            server.set_nodelay(true)?;
            both(client, server, count)
        }
        Ends::Unix => {
            let home = tempfile::tempdir()?;
            let path = home.path().join("socket");
            let listener = UnixListener::bind(&path)?;
            let client = UnixStream::connect(&path)?;
            both(client, listener.accept()?.0, count)
        }
        Ends::UnixPair => {
            let (client, server) = UnixStream::pair()?;
            both(client, server, count)
        }
    }
}

/// A listener at a port of its own.
pub(super) fn listener() -> Result<TcpListener> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?)
}

/// Makes so many connections to one TCP listener; on each, one message goes each way.
pub(super) fn connections(listener: &TcpListener, count: usize) -> Result<()> {
    for _ in 0..count {
        let (mut client, mut server) = tcp(listener)?;
        turn(&mut client, true)?;
        turn(&mut server, false)?;
        turn(&mut server, true)?;
        turn(&mut client, false)?;
    }
    Ok(())
}

fn tcp(listener: &TcpListener) -> Result<(TcpStream, TcpStream)> {
    let client = TcpStream::connect(listener.local_addr()?)?;
    Ok((client, listener.accept()?.0))
}

fn both<S: Read + Write + Send>(mut client: S, mut server: S, count: usize) -> Result<()> {
    thread::scope(|scope| {
        let answering = scope.spawn(move || -> Result<()> {
            for _ in 0..count {
                turn(&mut server, false)?;
                turn(&mut server, true)?;
            }
            Ok(())
        });
        for _ in 0..count {
            turn(&mut client, true)?;
            turn(&mut client, false)?;
        }
        match answering.join() {
            Ok(answered) => answered,
            Err(_) => bail!("the answering end panicked"),
        }
    })
}

fn turn(end: &mut (impl Read + Write), sends: bool) -> Result<()> {
    if sends {
        end.write_all(&MESSAGE)?;
    } else {
        end.read_exact(&mut [0; MESSAGE.len()])?;
    }
    Ok(())
}
