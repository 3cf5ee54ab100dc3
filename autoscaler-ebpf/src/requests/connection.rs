//! What is known of one connection, and what an event makes of it.
//!
//! Data arrives on one CPU while a task reads on another: `arrived` is written by the arriving side alone, all else by the
//! side that reads, so that neither undoes what the other has written.

use core::ptr::null_mut;

use autoscaler_common::Connection;
use aya_ebpf::bindings::BPF_SK_STORAGE_GET_F_CREATE;
use aya_ebpf::btf_maps::SkStorage;
use aya_ebpf::helpers::generated::bpf_sk_storage_get;
use aya_ebpf::helpers::{bpf_get_current_task_btf, bpf_ktime_get_ns};
use aya_ebpf::macros::btf_map;

use crate::charge::{Charge, changes, place_of};
use crate::kernel::Task;
use crate::socket::{Listener, Socket};

/// The record of each connection, kept by the kernel with the socket and gone with it.
#[btf_map]
static CONNECTIONS: SkStorage<Connection> = SkStorage::new();

/// The record of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Record(*mut Connection);

/// The record that `socket` has.
#[inline(always)]
pub(crate) fn found(socket: Socket) -> Option<Record> {
    storage(socket, 0)
}

/// The same, made for a connection of `listener` where there is none.
#[inline(always)]
pub(crate) fn open(socket: Socket, listener: Listener) -> Option<Record> {
    let record = storage(socket, u64::from(BPF_SK_STORAGE_GET_F_CREATE))?;
    let connection = record.read_side();
    connection.listener = listener.address;
    connection.port = listener.port;
    Some(record)
}

#[inline(always)]
fn storage(socket: Socket, flags: u64) -> Option<Record> {
    // SAFETY: the map is one of socket storage, and the socket one that the tracepoint hands over.
    let record = unsafe {
        bpf_sk_storage_get(
            (&raw const CONNECTIONS).cast_mut().cast(),
            socket.pointer().cast_mut().cast(),
            null_mut(),
            flags,
        )
    };
    (!record.is_null()).then_some(Record(record.cast()))
}

/// A connection is over: a request that was not answered is abandoned.
#[inline(always)]
pub(crate) fn close(record: Record) {
    let connection = record.read_side();
    if connection.place == Connection::NOBODYS || connection.begun == 0 {
        return;
    }
    let charge = Charge::to(connection.place);
    if connection.sent == 0 {
        charge.abandoned(now().wrapping_sub(connection.begun));
    } else {
        charge.served(connection.sent.wrapping_sub(connection.begun));
    }
    connection.begun = 0;
}

impl Record {
    /// The part that the reading side writes.
    #[inline(always)]
    fn read_side<'a>(self) -> &'a mut Connection {
        // SAFETY: the kernel keeps the record for as long as a program runs that found it, and one task at a time reads
        // from a connection. `arrived` may change meanwhile; it is one word and read once.
        unsafe { &mut *self.0 }
    }

    /// Data has come. A request waits from now on, if nothing unread was there before. The end of a connection comes like
    /// data: it is no request after others; one that was never read may have come with it.
    #[inline(always)]
    pub(crate) fn data_came(self, socket: Socket) {
        // SAFETY: whole words of a live record.
        unsafe {
            if (*self.0).place == Connection::NOBODYS || (*self.0).arrived > (*self.0).read {
                return;
            }
            if (*self.0).begun == 0 || !socket.is_half_closed() {
                (*self.0).arrived = now();
            }
        }
    }

    /// Data was read: a request begins, unless it is more of the one that is being served.
    #[inline(always)]
    pub(crate) fn data_read(self) {
        let connection = self.read_side();
        if connection.place == Connection::NOBODYS {
            // Nobody wanted its requests, and nobody has asked for others since.
            if connection.begun == changes() {
                return;
            }
            (connection.begun, connection.sent, connection.cgroup) = (0, 0, 0);
        }
        // SAFETY: the helper has no precondition.
        let task = Task::new(unsafe { bpf_get_current_task_btf() }.cast());
        let cgroup = task.css_set().cgroup();
        if connection.cgroup != cgroup.address() {
            connection.cgroup = cgroup.address();
            connection.place = place_of(cgroup, connection).unwrap_or(Connection::NOBODYS);
            if connection.place == Connection::NOBODYS {
                // The record stays, or it would be made again at once.
                connection.begun = changes();
                return;
            }
        }
        let now = now();
        if connection.begun == 0 || connection.sent != 0 {
            let charge = Charge::to(connection.place);
            if connection.sent != 0 {
                charge.served(connection.sent.wrapping_sub(connection.begun));
            }
            let arrived = connection.arrived;
            charge.begun(if arrived > connection.read {
                now.wrapping_sub(arrived)
            } else {
                0
            });
            connection.begun = now;
            connection.sent = 0;
        }
        connection.read = now;
    }

    /// Data was sent: the request that was read is answered, as far as is known. Each later send moves its end.
    #[inline(always)]
    pub(crate) fn data_sent(self) {
        let connection = self.read_side();
        if connection.place == Connection::NOBODYS || connection.begun == 0 {
            return;
        }
        let now = now();
        let charge = Charge::to(connection.place);
        if connection.sent == 0 {
            charge.answered(now.wrapping_sub(connection.begun));
        } else {
            charge.went_on(now.wrapping_sub(connection.sent));
        }
        connection.sent = now;
    }
}

#[inline(always)]
fn now() -> u64 {
    // SAFETY: the helper has no precondition.
    unsafe { bpf_ktime_get_ns() }
}
