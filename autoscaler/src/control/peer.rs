//! Who is at the other end of the socket, by the kernel's word.

use std::io;

use nix::unistd::{Uid, User};
use tokio::net::UnixStream;

use crate::model::Peer;

/// `loginuid` of a process that nobody logged in for.
const NO_LOGIN: u32 = u32::MAX;

impl Peer {
    pub(super) fn of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = stream.peer_cred()?;
        let uid = credentials.uid();
        let pid = credentials
            .pid()
            .and_then(|pid| u32::try_from(pid).ok())
            .filter(|pid| *pid != 0);
        let login = pid
            .and_then(|pid| std::fs::read_to_string(format!("/proc/{pid}/loginuid")).ok())
            .and_then(|text| text.trim().parse().ok())
            .filter(|login| *login != NO_LOGIN && *login != uid);
        Ok(Self { uid, pid, login })
    }

    /// The name of a user; `None` for one that this system does not know.
    #[must_use]
    pub fn name_of(uid: u32) -> Option<String> {
        Some(User::from_uid(Uid::from_raw(uid)).ok()??.name)
    }

    /// Whether it may ask: root, or the daemon's own user.
    pub(super) fn may_ask(&self) -> bool {
        self.uid == 0 || self.uid == nix::unistd::geteuid().as_raw()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_kernel_says_who_this_process_is() {
        let (one, _other) = UnixStream::pair().unwrap();
        let peer = Peer::of(&one).unwrap();
        assert_eq!(peer.uid, nix::unistd::geteuid().as_raw());
        assert_eq!(peer.pid, Some(std::process::id()));
        assert!(peer.may_ask());
        let stranger = Peer {
            uid: 4_000_000,
            ..peer
        };
        assert!(!stranger.may_ask());
    }
}
