//! One listening socket of either kind.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::model::Listen;

/// Both directions of a connection of either kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

/// The socket's own group may read the figures too: a group that the operator gives it.
const MODE: u32 = 0o660;

#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Listener {
    pub(super) async fn bind(listen: &Listen) -> io::Result<Self> {
        match listen {
            Listen::Tcp(address) => TcpListener::bind(address).await.map(Self::Tcp),
            Listen::Unix(path) => {
                remove_stale(path).await?;
                let listener = UnixListener::bind(path)?;
                fs::set_permissions(path, fs::Permissions::from_mode(MODE))?;
                Ok(Self::Unix(listener, path.clone()))
            }
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Pin<Box<dyn Stream>>> {
        Ok(match self {
            Self::Tcp(listener) => Box::pin(listener.accept().await?.0),
            Self::Unix(listener, _) => Box::pin(listener.accept().await?.0),
        })
    }

    /// Where it listens: with port 0 configured, the port that the kernel chose.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => name(&Listen::Tcp(address)),
                Err(_) => "tcp".to_owned(),
            },
            Self::Unix(_, path) => name(&Listen::Unix(path.clone())),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            let _ = fs::remove_file(path);
        }
    }
}

/// An address as people write it.
pub(crate) fn name(listen: &Listen) -> String {
    match listen {
        Listen::Tcp(address) => format!("http://{address}/metrics"),
        Listen::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// Removes the socket of a daemon that was killed; one that somebody answers at, and anything else, stays.
async fn remove_stale(path: &Path) -> io::Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if found.file_type().is_socket()
        && let Err(error) = UnixStream::connect(path).await
        && error.kind() == io::ErrorKind::ConnectionRefused
    {
        return fs::remove_file(path);
    }
    Err(io::Error::from(io::ErrorKind::AddrInUse))
}
