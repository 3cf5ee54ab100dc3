//! The kernel's sockets, read by direct loads as `kernel.rs` reads tasks.

use autoscaler_common::Field;
use aya_ebpf::helpers::generated::{
    bpf_get_socket_cookie, bpf_probe_read_kernel, bpf_skc_to_tcp_sock, bpf_skc_to_unix_sock,
};

use crate::charge::is_served;

/// Of a connection that data may go through, TCP's or a Unix socket's (`include/net/tcp_states.h`).
const ESTABLISHED: i32 = 1;

/// Of a TCP connection whose other end sends nothing more.
const CLOSE_WAIT: i32 = 8;

/// A Unix socket (include/linux/socket.h).
const AF_UNIX: u16 = 1;

/// A socket of IPv4.
const AF_INET: u16 = 2;

/// A socket of IPv6.
const AF_INET6: u16 = 10;

/// A socket of bytes in order (include/linux/net.h).
const SOCK_STREAM: u16 = 1;

/// Nothing more comes (include/net/sock.h).
const RCV_SHUTDOWN: u8 = 1;

/// How the name of a Unix socket is read.
#[derive(Clone, Copy)]
pub(crate) enum Naming {
    /// Through a pointer to the Unix socket that the kernel lends (since 5.16).
    Typed,
    /// By a copy of what is there.
    Copied,
}

/// Where `struct unix_sock` has its name: no load that the verifier checks, and so no number of a field. The loader knows.
#[unsafe(no_mangle)]
static UNIX_ADDRESS: u64 = 0;

/// What the connections of one listening socket have in common.
#[derive(Clone, Copy)]
pub(crate) struct Listener {
    /// Of its network namespace, or of its name. A pointer to the verifier, which lets nobody reckon with it.
    pub(crate) address: u64,
    pub(crate) port: u32,
}

/// `struct sock`: include/net/sock.h
#[derive(Clone, Copy)]
pub(crate) struct Socket(*const u8);

impl Socket {
    #[inline(always)]
    pub(crate) fn new(pointer: *const u8) -> Self {
        Self(pointer)
    }

    /// The socket behind a file: `struct socket` (include/linux/net.h). One that was closed has none.
    #[inline(always)]
    pub(crate) fn of(file: *const u8) -> Option<Self> {
        let socket: *const u8 = Self(file).load(Field::SocketSock);
        (!socket.is_null()).then_some(Self(socket))
    }

    #[inline(always)]
    pub(crate) fn pointer(self) -> *const u8 {
        self.0
    }

    /// The number of this socket alone, once anybody has asked for it; 0 before. Everybody's sockets are asked this at every
    /// event, first of all: it is in the cache line that the kernel has just looked the connection up by, where
    /// `sk_bpf_storage` is a way off.
    #[inline(always)]
    pub(crate) fn known_cookie(self) -> u64 {
        self.load(Field::SockCookie)
    }

    /// The same; asked for where nobody has.
    #[inline(always)]
    pub(crate) fn cookie(self) -> u64 {
        // SAFETY: the socket is one that the tracepoint hands over.
        unsafe { bpf_get_socket_cookie(self.0.cast_mut().cast()) }
    }

    #[inline(always)]
    pub(crate) fn is_unix(self) -> bool {
        self.load::<u16>(Field::SockFamily) == AF_UNIX
    }

    /// Whether any program keeps a record with this socket.
    #[inline(always)]
    pub(crate) fn has_storage(self) -> bool {
        self.load::<u64>(Field::SockStorage) != 0
    }

    /// The listener of a Unix connection, where this is the end that a server has got from `accept`. That end shares its
    /// listener's name; the client's has none, unless it was bound, which nobody does.
    #[inline(always)]
    fn unix_listener(self, by: Naming) -> Option<Listener> {
        if self.load::<u16>(Field::SockType) != SOCK_STREAM
            || i32::from(self.load::<u8>(Field::SockState)) != ESTABLISHED
        {
            return None;
        }
        let name = match by {
            Naming::Typed => self.unix_name()?,
            Naming::Copied => self.unix_name_copied(),
        };
        (name != 0).then_some(Listener {
            address: name,
            port: 0,
        })
    }

    /// The address of a Unix socket's name.
    #[inline(always)]
    fn unix_name(self) -> Option<u64> {
        // SAFETY: the helper checks the socket's family, and gives no pointer to one of another.
        let unix = unsafe { bpf_skc_to_unix_sock(self.0.cast_mut().cast()) };
        (!unix.is_null()).then(|| Self(unix.cast::<u8>()).load(Field::UnixAddress))
    }

    /// The same, copied from where it must be: `struct unix_sock` begins with the socket that every Unix socket is
    /// (`include/net/af_unix.h`).
    #[inline(always)]
    fn unix_name_copied(self) -> u64 {
        // SAFETY: a whole word of this object, which the loader has written.
        let offset = unsafe { (&raw const UNIX_ADDRESS).read_volatile() };
        let place = self.0.wrapping_add(offset as usize);
        let mut name = 0_u64;
        // SAFETY: the helper writes a whole word, zero where there is nothing to read.
        unsafe { bpf_probe_read_kernel((&raw mut name).cast(), size_of::<u64>() as u32, place.cast()) };
        name
    }

    /// The listener of a connection, where this is the end that a server has got from `accept`.
    #[inline(always)]
    pub(crate) fn listener(self, by: Naming) -> Option<Listener> {
        if self.is_unix() {
            self.unix_listener(by)
        } else {
            self.tcp_listener()
        }
    }

    /// The listener of a TCP connection: its network namespace and its port. A client's end has another port than one that
    /// somebody listens at.
    #[inline(always)]
    fn tcp_listener(self) -> Option<Listener> {
        let port = self.load::<u16>(Field::SockPort);
        if !is_served(port) {
            return None;
        }
        let family = self.load::<u16>(Field::SockFamily);
        if (family != AF_INET && family != AF_INET6) || self.load::<u16>(Field::SockType) != SOCK_STREAM {
            return None;
        }
        match i32::from(self.load::<u8>(Field::SockState)) {
            ESTABLISHED => {}
            // Its first data may have come together with its end.
            CLOSE_WAIT if self.has_unread() => {}
            _ => return None,
        }
        Some(Listener {
            address: self.load(Field::SockNet),
            port: u32::from(port),
        })
    }

    /// Whether there is data on a TCP connection that nobody has read, beside its end, which counts as a byte.
    #[inline(always)]
    pub(crate) fn has_unread(self) -> bool {
        // SAFETY: the helper checks the socket's family, and gives no pointer to one of another.
        let tcp = unsafe { bpf_skc_to_tcp_sock(self.0.cast_mut().cast()) };
        if tcp.is_null() {
            return false;
        }
        let tcp = Self(tcp.cast::<u8>());
        let (received, read): (u32, u32) = (tcp.load(Field::TcpReceived), tcp.load(Field::TcpRead));
        received.wrapping_sub(read) > 1
    }

    /// Whether the other end has said that it will send nothing more.
    #[inline(always)]
    pub(crate) fn is_half_closed(self) -> bool {
        self.load::<u8>(Field::SockShutdown) & RCV_SHUTDOWN != 0
    }

    #[inline(always)]
    fn load<T: Copy>(self, field: Field) -> T {
        // SAFETY: the verifier has checked that a field of this structure is at the offset that the loader has put here.
        unsafe { self.0.add(field as usize).cast::<T>().read() }
    }
}
