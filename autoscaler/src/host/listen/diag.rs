//! The kernel's answers about its sockets: `sock_diag(7)`.

use std::io;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt as _;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::inet::{self, ExtensionFlags, InetRequest, InetResponse, SocketId};
use netlink_packet_sock_diag::unix::{self, ShowFlags, UnixRequest, UnixResponse};
use netlink_packet_sock_diag::{AF_INET, AF_INET6, IPPROTO_TCP, SockDiagMessage};
use netlink_sys::Socket;
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use nix::errno::Errno;

use crate::model::{ListenFault, ListenQueue, SystemFault};

/// A netlink socket, in the network namespace that it was opened in.
#[derive(Debug)]
pub(super) struct SockDiag {
    socket: Socket,
    /// Tells the answers to one request from those to another.
    sequence: u32,
    buffer: Vec<u8>,
}

/// The kernel puts no more into one piece of an answer: `SKB_WITH_OVERHEAD(32768)` in `netlink_dump`
/// (`net/netlink/af_netlink.c`).
const PIECE: usize = 32 << 10;

/// The module that answers about Unix sockets.
const UNIX_DIAG: &str = "unix_diag";

impl SockDiag {
    /// Opens a socket in the namespace of this thread.
    pub(super) fn open() -> Result<Self, ListenFault> {
        let open = || {
            let socket = Socket::new(NETLINK_SOCK_DIAG)?;
            // The kernel answers in the call: what is not there yet will not come.
            socket.set_non_blocking(true)?;
            Ok(socket)
        };
        let socket = open().map_err(|error: io::Error| ListenFault::NoNetlink { error: error.into() })?;
        Ok(Self {
            socket,
            sequence: 0,
            buffer: Vec::with_capacity(PIECE),
        })
    }

    /// Every socket that listens, and why that may not be all.
    pub(super) fn listeners(&mut self) -> (Vec<ListenQueue>, Vec<ListenFault>) {
        let (mut found, mut faults) = (Vec::new(), Vec::new());
        for (request, module) in [
            (tcp(AF_INET), "tcp_diag"),
            (tcp(AF_INET6), "tcp_diag"),
            (unix_streams(unix::StateFlags::LISTEN), UNIX_DIAG),
        ] {
            match self.ask(request, module, listener) {
                Ok(some) => found.extend(some),
                // Both families of TCP lack the one module.
                Err(fault) if faults.contains(&fault) => {}
                Err(fault) => faults.push(fault),
            }
        }
        (found, faults)
    }

    /// The cookies of all Unix sockets.
    pub(super) fn unix_sockets(&mut self) -> Result<Vec<u64>, ListenFault> {
        self.ask(unix_streams(unix::StateFlags::all()), UNIX_DIAG, cookie)
    }

    /// The answers to a request, each as `told` has it.
    fn ask<T>(
        &mut self,
        request: SockDiagMessage,
        module: &'static str,
        told: fn(&SockDiagMessage) -> Option<T>,
    ) -> Result<Vec<T>, ListenFault> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        header.sequence_number = self.sequence;
        let mut packet = NetlinkMessage::new(header, request.into());
        packet.finalize();
        let mut bytes = vec![0; packet.buffer_len()];
        packet.serialize(&mut bytes);
        self.socket.send(&bytes, 0).map_err(broken)?;
        let mut found = Vec::new();
        loop {
            self.buffer.clear();
            self.socket.recv(&mut self.buffer, 0).map_err(broken)?;
            match take_in(&self.buffer, self.sequence, told, &mut found) {
                Ok(Progress::More) => {}
                Ok(Progress::Done) => return Ok(found),
                // `sock_diag_lock_handler`, `inet_diag_lock_handler`: nobody has registered, and no module would load.
                Err(error) if error.errno() == Some(Errno::ENOENT) => {
                    return Err(ListenFault::NoModule { module });
                }
                Err(error) => return Err(ListenFault::Broken { error }),
            }
        }
    }
}

fn broken(error: io::Error) -> ListenFault {
    ListenFault::Broken { error: error.into() }
}

fn tcp(family: u8) -> SockDiagMessage {
    SockDiagMessage::InetRequest(InetRequest {
        family,
        protocol: IPPROTO_TCP,
        // `sk_drops` of the listener is in it: `sk_get_meminfo` (net/core/sock.c).
        extensions: ExtensionFlags::SKMEMINFO,
        states: inet::StateFlags::LISTEN,
        socket_id: if family == AF_INET {
            SocketId::new_v4()
        } else {
            SocketId::new_v6()
        },
    })
}

fn unix_streams(states: unix::StateFlags) -> SockDiagMessage {
    SockDiagMessage::UnixRequest(UnixRequest {
        state_flags: states,
        inode: 0,
        show_flags: ShowFlags::NAME | ShowFlags::RQLEN,
        cookie: [0xff; 8],
    })
}

/// Whether there is more to an answer.
#[derive(Debug, PartialEq, Eq)]
enum Progress {
    More,
    Done,
}

/// Takes one piece of the answer to request `sequence` in, what `told` has of it.
fn take_in<T>(
    mut bytes: &[u8],
    sequence: u32,
    told: fn(&SockDiagMessage) -> Option<T>,
    found: &mut Vec<T>,
) -> Result<Progress, SystemFault> {
    while !bytes.is_empty() {
        let message = NetlinkMessage::<SockDiagMessage>::deserialize(bytes);
        let message = message.map_err(|error| SystemFault::from(error.to_string()))?;
        let ours = message.header.sequence_number == sequence;
        match message.payload {
            NetlinkPayload::Done(_) if ours => return Ok(Progress::Done),
            NetlinkPayload::Error(error) if ours => return Err(error.to_io().into()),
            NetlinkPayload::InnerMessage(message) if ours => found.extend(told(&message)),
            _ => {}
        }
        // Each message begins at a multiple of 4 bytes (`NLMSG_ALIGN`), and is never empty.
        let length = (message.header.length as usize).next_multiple_of(4);
        bytes = bytes.get(length.max(4)..).unwrap_or_default();
    }
    Ok(Progress::More)
}

fn listener(message: &SockDiagMessage) -> Option<ListenQueue> {
    match message {
        SockDiagMessage::InetResponse(tcp) => Some(of_tcp(tcp)),
        SockDiagMessage::UnixResponse(unix) => of_unix(unix),
        _ => None,
    }
}

/// `udiag_cookie`: the low half and the high half of `sk_cookie` (`sock_diag_save_cookie` in `net/core/sock_diag.c`).
fn cookie(message: &SockDiagMessage) -> Option<u64> {
    let SockDiagMessage::UnixResponse(unix) = message else {
        return None;
    };
    let half = |at: usize| u32::from_ne_bytes(std::array::from_fn(|byte| unix.header.cookie[at + byte]));
    Some(u64::from(half(4)) << 32 | u64::from(half(0)))
}

/// `inet_diag_msg` of a listener: `idiag_rqueue` is `sk_ack_backlog`, `idiag_wqueue` is `sk_max_ack_backlog`
/// (`tcp_diag_get_info` in `net/ipv4/tcp_diag.c`).
fn of_tcp(socket: &InetResponse) -> ListenQueue {
    let header = &socket.header;
    let dropped = socket.nlas.iter().find_map(|part| match part {
        inet::nlas::Nla::MemInfo(memory) => Some(u64::from(memory.drops)),
        _ => None,
    });
    ListenQueue {
        inode: header.inode,
        address: SocketAddr::new(header.socket_id.source_address, header.socket_id.source_port).to_string(),
        waiting: header.recv_queue,
        limit: header.send_queue,
        dropped,
    }
}

/// `udiag_rqueue` and `udiag_wqueue` of a listener: what `sk_receive_queue` holds, and `sk_max_ack_backlog`
/// (`sk_diag_show_rqlen` in net/unix/diag.c). `None` for one that tells neither.
fn of_unix(socket: &UnixResponse) -> Option<ListenQueue> {
    let lengths = socket.nlas.iter().find_map(|part| match part {
        unix::nlas::Nla::ReceiveQueueLength(waiting, limit) => Some((*waiting, *limit)),
        _ => None,
    });
    let (waiting, limit) = lengths?;
    let address = match socket.name() {
        Some(unix::nlas::UnixDiagName::Pathname(path)) => printable(path.as_bytes()),
        Some(unix::nlas::UnixDiagName::Abstract(name)) => format!("@{}", printable(name)),
        None => String::new(),
    };
    Some(ListenQueue {
        inode: socket.header.inode,
        address,
        waiting,
        limit,
        dropped: None,
    })
}

/// Whoever makes a socket chooses its name: it cannot harm a terminal.
fn printable(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message as the kernel writes it: `struct nlmsghdr` and what follows, up to a whole word.
    fn message(kind: u16, sequence: u32, rest: &[u8]) -> Vec<u8> {
        let length = u32::try_from(16 + rest.len()).unwrap();
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([2, 0]);
        bytes.extend(sequence.to_ne_bytes());
        bytes.extend([0; 4]);
        bytes.extend(rest);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    const SOCK_DIAG_BY_FAMILY: u16 = 20;
    const NLMSG_ERROR: u16 = 2;
    const NLMSG_DONE: u16 = 3;

    /// `struct unix_diag_msg` of inode 77, with `UNIX_DIAG_NAME` (0) and `UNIX_DIAG_RQLEN` (4): 3 of 2.
    fn unix(name: &[u8]) -> Vec<u8> {
        let mut bytes = vec![1, 1, 10, 0, 77, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend(u16::try_from(4 + name.len()).unwrap().to_ne_bytes());
        bytes.extend([0, 0]);
        bytes.extend(name);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend([12, 0, 4, 0, 3, 0, 0, 0, 2, 0, 0, 0]);
        bytes
    }

    #[test]
    fn an_answer_in_one_piece_is_taken_in_to_its_end() {
        let mut bytes = message(SOCK_DIAG_BY_FAMILY, 6, &unix(b"/of/the/request/before\0"));
        bytes.extend(message(SOCK_DIAG_BY_FAMILY, 7, &unix(b"/run/shop.sock\0")));
        bytes.extend(message(SOCK_DIAG_BY_FAMILY, 7, &unix(b"\0shop\0a")));
        let mut found = Vec::new();
        assert_eq!(take_in(&bytes, 7, listener, &mut found), Ok(Progress::More));
        assert_eq!(
            take_in(&message(NLMSG_DONE, 7, &[0; 4]), 7, listener, &mut found),
            Ok(Progress::Done)
        );
        let addresses: Vec<&str> = found.iter().map(|queue| queue.address.as_str()).collect();
        assert_eq!(addresses, ["/run/shop.sock", "@shop\u{fffd}a"]);
        for queue in &found {
            assert_eq!((queue.inode, queue.waiting, queue.limit), (77, 3, 2));
            assert!(queue.is_full() && queue.dropped.is_none());
        }
    }

    #[test]
    fn a_refusal_and_a_piece_that_ends_early_are_faults() {
        let refusal = message(NLMSG_ERROR, 7, &(-2_i32).to_ne_bytes());
        let fault = take_in(&refusal, 7, listener, &mut Vec::new()).unwrap_err();
        assert_eq!(fault.errno(), Some(Errno::ENOENT));
        let whole = message(SOCK_DIAG_BY_FAMILY, 7, &unix(b"/run/shop.sock\0"));
        assert!(take_in(&whole[..30], 7, cookie, &mut Vec::new()).is_err());
    }
}
