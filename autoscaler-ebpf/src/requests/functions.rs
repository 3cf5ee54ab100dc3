//! The same events where the kernel has no tracepoints for them (before 6.3): at the entry or the end of the functions in
//! which they happen. The end of a Unix connection has no tracepoint in any kernel, and is told here alone.
//!
//! `sock_recv_length` and `sock_send_length` tell what `sock->ops->recvmsg` and `sock->ops->sendmsg` have returned
//! (`sock_recvmsg_nosec` and `sock_sendmsg_nosec` in net/socket.c): the functions below are those operations, so that the
//! same is seen. `tcp_recvmsg` and `tcp_sendmsg`, which they call, would be one each for both families, but the former's
//! arguments are others since 5.19, and `tcp_rcv_space_adjust` is told neither of the length nor of `MSG_PEEK`.

use aya_ebpf::macros::{fentry, fexit};
use aya_ebpf::programs::{FEntryContext, FExitContext};

use crate::connection::{close, forget, found};
use crate::socket::{Naming, Socket};
use crate::{data_came, data_read, data_sent};

/// `void sock_def_readable(struct sock *sk)`: net/core/sock.c. Since 6.3 it begins with `sk_data_ready`.
#[fentry(function = "sock_def_readable")]
fn came(ctx: FEntryContext) -> i32 {
    data_came(Socket::new(ctx.arg(0)), Naming::Typed);
    0
}

/// The same before 5.16.
#[fentry(function = "sock_def_readable")]
fn came_copied(ctx: FEntryContext) -> i32 {
    data_came(Socket::new(ctx.arg(0)), Naming::Copied);
    0
}

/// `int unix_stream_recvmsg(struct socket *sock, struct msghdr *msg, size_t size, int flags)`: `net/unix/af_unix.c`
#[fexit(function = "unix_stream_recvmsg")]
fn unix_read(ctx: FExitContext) -> i32 {
    received(&ctx)
}

/// `int inet_recvmsg(struct socket *sock, struct msghdr *msg, size_t size, int flags)`: `net/ipv4/af_inet.c`
#[fexit(function = "inet_recvmsg")]
fn inet_read(ctx: FExitContext) -> i32 {
    received(&ctx)
}

/// The same for IPv6, a function of its own since 5.3: `net/ipv6/af_inet6.c`
#[fexit(function = "inet6_recvmsg")]
fn inet6_read(ctx: FExitContext) -> i32 {
    received(&ctx)
}

/// `int unix_stream_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)`: `net/unix/af_unix.c`
#[fexit(function = "unix_stream_sendmsg")]
fn unix_sent(ctx: FExitContext) -> i32 {
    sent(&ctx)
}

/// `int inet_sendmsg(struct socket *sock, struct msghdr *msg, size_t size)`: `net/ipv4/af_inet.c`
#[fexit(function = "inet_sendmsg")]
fn inet_sent(ctx: FExitContext) -> i32 {
    sent(&ctx)
}

/// The same for IPv6: `net/ipv6/af_inet6.c`
#[fexit(function = "inet6_sendmsg")]
fn inet6_sent(ctx: FExitContext) -> i32 {
    sent(&ctx)
}

/// `int unix_release(struct socket *sock)`: `net/unix/af_unix.c`. Its own end has closed a Unix connection; that of a TCP
/// connection is told by its state.
#[fentry(function = "unix_release")]
fn unix_gone(ctx: FEntryContext) -> i32 {
    if let Some(socket) = Socket::of(ctx.arg(0))
        && let Some(connection) = found(socket)
    {
        close(connection);
    }
    0
}

/// `void unix_sock_destructor(struct sock *sk)`: `net/unix/af_unix.c`. Nobody has this socket any more.
#[fentry(function = "unix_sock_destructor")]
fn unix_freed(ctx: FEntryContext) -> i32 {
    forget(Socket::new(ctx.arg(0)));
    0
}

/// What a function returns stands behind its arguments.
#[inline(always)]
fn received(ctx: &FExitContext) -> i32 {
    if let Some(socket) = Socket::of(ctx.arg(0)) {
        data_read(socket, ctx.arg(4), ctx.arg(3));
    }
    0
}

#[inline(always)]
fn sent(ctx: &FExitContext) -> i32 {
    if let Some(socket) = Socket::of(ctx.arg(0)) {
        data_sent(socket, ctx.arg(3));
    }
    0
}
