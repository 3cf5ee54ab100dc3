//! The queues of connections that nobody has accepted yet.

use crate::model::{ProcessError, SystemFault};

/// A listening socket, and the connections to it that its server has not accepted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenQueue {
    /// The socket's inode: one socket has one, however many processes share it.
    pub inode: u32,
    /// Where it listens, for people: `0.0.0.0:8000`, `[::]:8000`, `/run/shop.sock`, `@abstract`.
    pub address: String,
    /// Connections that wait.
    pub waiting: u32,
    /// As many as listen(2) was told, and no more than `net.core.somaxconn`.
    pub limit: u32,
    /// What the kernel has thrown away since the socket listens: connections, mostly, for which there was no room. It
    /// counts them for TCP alone, and begins again after 2^32; a Unix socket's client is refused, or waits.
    pub dropped: Option<u64>,
}

impl ListenQueue {
    /// Whether the kernel takes no further connection: `sk_acceptq_is_full` (include/net/sock.h) and
    /// `unix_recvq_full` (`net/unix/af_unix.c`) ask for more than the limit.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.waiting > self.limit
    }
}

/// The listening sockets of a service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListenLook {
    /// Each socket once, by address.
    pub queues: Vec<ListenQueue>,
    /// Why some of them may be missing.
    pub unseen: Vec<ListenFault>,
}

impl ListenLook {
    /// Connections that wait at all its sockets.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.queues.iter().map(|queue| u64::from(queue.waiting)).sum()
    }
}

/// Why listening sockets cannot be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenFault {
    /// The kernel cannot be asked about sockets: netlink(7) with `NETLINK_SOCK_DIAG`.
    NoNetlink {
        /// Its reason.
        error: SystemFault,
    },
    /// The service has a network namespace of its own, and this process may not go there: setns(2) takes
    /// `CAP_SYS_ADMIN`.
    OtherNetwork {
        /// A process of the service.
        pid: u32,
        /// The kernel's reason.
        error: SystemFault,
    },
    /// The kernel has no module that tells of these sockets.
    NoModule {
        /// Its name: `tcp_diag` or `unix_diag`.
        module: &'static str,
    },
    /// The kernel tells of its sockets, and breaks off.
    Broken {
        /// Its reason, or what is wrong with what it tells.
        error: SystemFault,
    },
    /// The open files of a process cannot be read.
    Process(ProcessError),
}

told_by_words!(ListenFault);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_full_beyond_its_limit() {
        let mut queue = ListenQueue {
            inode: 1,
            address: "/run/shop.sock".into(),
            waiting: 4,
            limit: 4,
            dropped: None,
        };
        assert!(!queue.is_full());
        queue.waiting = 5;
        assert!(queue.is_full());
    }
}
