//! The kernel programs that see requests: a small state machine for each connection that a server has accepted.
//!
//! `ready` makes the record of a connection and notes when data came that nobody had read, `read` begins a request and charges
//! its wait to the cgroup of the task that reads, `sent` charges its time of service as far as it has been answered, `gone` ends
//! the record of a TCP connection. Where the kernel has no tracepoints for the first three, `functions` calls the same. `live`
//! hands out what waits or is served at this moment.
#![no_std]
#![no_main]
#![feature(core_intrinsics)]
#![allow(
    internal_features,
    reason = "an addition in one instruction has no other name in core for this target; the compiler is pinned"
)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "a pointer of the BPF target has 64 bits; a narrower cast takes the bits that it means"
)]
#![allow(
    clippy::inline_always,
    reason = "what is not inlined becomes a BPF function: a call at every event, verified apart"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "aya's macros hand the context over by value"
)]

mod charge;
mod connection;
mod functions;
#[allow(dead_code, reason = "requests need no more than a task's cgroup")]
#[path = "../kernel.rs"]
mod kernel;
mod live;
mod socket;

use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;

use connection::{close, forget, found, open};
use socket::{Naming, Socket};

/// Reads without taking (include/linux/socket.h).
const MSG_PEEK: i32 = 2;

/// `sk_data_ready(const struct sock *sk)`: include/trace/events/sock.h
#[btf_tracepoint(function = "sk_data_ready")]
fn ready(ctx: BtfTracePointContext) -> i32 {
    data_came(Socket::new(ctx.arg(0)), Naming::Typed);
    0
}

/// `sock_recv_length(struct sock *sk, int ret, int flags)`: include/trace/events/sock.h
#[btf_tracepoint(function = "sock_recv_length")]
fn read(ctx: BtfTracePointContext) -> i32 {
    data_read(Socket::new(ctx.arg(0)), ctx.arg(1), ctx.arg(2));
    0
}

/// `sock_send_length(struct sock *sk, int ret, int flags)`: include/trace/events/sock.h
#[btf_tracepoint(function = "sock_send_length")]
fn sent(ctx: BtfTracePointContext) -> i32 {
    data_sent(Socket::new(ctx.arg(0)), ctx.arg(1));
    0
}

/// `tcp_destroy_sock(struct sock *sk)`: include/trace/events/tcp.h. Once a connection, where `inet_sock_set_state` is called five
/// times on either side of one.
#[btf_tracepoint(function = "tcp_destroy_sock")]
fn gone(ctx: BtfTracePointContext) -> i32 {
    let socket = Socket::new(ctx.arg(0));
    if let Some(connection) = found(socket) {
        close(connection);
        forget(socket);
    }
    0
}

#[inline(always)]
fn data_came(socket: Socket, by: Naming) {
    if let Some(connection) = found(socket) {
        connection.data_came(socket);
    } else if let Some(listener) = socket.listener(by)
        && let Some(connection) = open(socket, listener)
    {
        connection.data_came(socket);
    }
}

#[inline(always)]
fn data_read(socket: Socket, length: i32, flags: i32) {
    if length > 0
        && flags & MSG_PEEK == 0
        && let Some(connection) = found(socket)
    {
        connection.data_read();
    }
}

#[inline(always)]
fn data_sent(socket: Socket, length: i32) {
    if length > 0
        && let Some(connection) = found(socket)
    {
        connection.data_sent();
    }
}

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// The kernel lends most tracing helpers only to programs that declare a GPL-compatible licence.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
