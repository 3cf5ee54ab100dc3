//! The socket's file: made closed to others, put in place whole, taken away at the end.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use super::SOCKET_NAME;
use crate::model::SocketError;

/// The listening socket. Dropping it removes the file if it is still this one's.
#[derive(Debug)]
pub struct Socket {
    pub(super) listener: UnixListener,
    path: PathBuf,
    inode: u64,
}

impl Socket {
    /// Listens in `dir`. `sole` says that the caller holds the daemon's lock: whatever socket is there belongs to
    /// a daemon that is dead, or that only looks on. Without it, a socket that somebody answers at is left alone.
    ///
    /// # Errors
    /// See [`SocketError`].
    pub fn bind(dir: &Path, sole: bool) -> Result<Self, SocketError> {
        let path = dir.join(SOCKET_NAME);
        match fs::symlink_metadata(&path) {
            Ok(found) if !found.file_type().is_socket() => return Err(SocketError::NotASocket { path }),
            Ok(_) if !sole && UnixStream::connect(&path).is_ok() => return Err(SocketError::Taken { path }),
            _ => {}
        }
        // Under another name until its mode is right: nobody can connect in between.
        let unready = dir.join(format!(".{SOCKET_NAME}.{}", std::process::id()));
        let io = |source| SocketError::Io {
            path: path.clone(),
            source,
        };
        let _ = fs::remove_file(&unready);
        let listener = UnixListener::bind(&unready).map_err(io)?;
        let placed = fs::set_permissions(&unready, Permissions::from_mode(0o600))
            .and_then(|()| fs::metadata(&unready))
            .and_then(|metadata| fs::rename(&unready, &path).map(|()| metadata.ino()));
        match placed {
            Ok(inode) => Ok(Self {
                listener,
                path,
                inode,
            }),
            Err(source) => {
                let _ = fs::remove_file(&unready);
                Err(io(source))
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_closed_to_others_and_gone_at_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let socket = Socket::bind(dir.path(), true).unwrap();
        let path = socket.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        UnixStream::connect(&path).unwrap();
        drop(socket);
        assert!(fs::read_dir(dir.path()).unwrap().next().is_none());
    }

    #[tokio::test]
    async fn a_dead_daemons_socket_is_replaced_and_its_end_leaves_the_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let dead = Socket::bind(dir.path(), true).unwrap();
        let alive = Socket::bind(dir.path(), true).unwrap();
        drop(dead);
        UnixStream::connect(alive.path()).unwrap();
    }

    #[tokio::test]
    async fn one_that_only_looks_on_leaves_a_living_daemons_socket_alone() {
        let dir = tempfile::tempdir().unwrap();
        let daemon = Socket::bind(dir.path(), true).unwrap();
        assert!(matches!(
            Socket::bind(dir.path(), false),
            Err(SocketError::Taken { .. })
        ));
        let path = daemon.path().to_owned();
        drop(daemon);
        // A socket that nobody listens at any more.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        Socket::bind(dir.path(), false).unwrap();
    }

    #[tokio::test]
    async fn what_is_no_socket_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(SOCKET_NAME), "precious").unwrap();
        assert!(matches!(
            Socket::bind(dir.path(), true),
            Err(SocketError::NotASocket { .. })
        ));
        assert_eq!(
            fs::read_to_string(dir.path().join(SOCKET_NAME)).unwrap(),
            "precious"
        );
    }

    #[tokio::test]
    async fn a_path_too_long_for_a_socket_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("d".repeat(120));
        fs::create_dir(&deep).unwrap();
        let error = Socket::bind(&deep, true).unwrap_err();
        assert!(
            matches!(&error, SocketError::Io { path, .. } if path.starts_with(&deep)),
            "{error:?}"
        );
    }
}
