//! What is known of one connection, and what an event makes of it.
//!
//! Data arrives on one CPU while a task reads on another: `arrived` is written by the arriving side alone, all else by the
//! side that reads, so that neither undoes what the other has written.

use core::intrinsics::{AtomicOrdering, atomic_cxchg, atomic_xchg};
use core::ptr::null_mut;

use autoscaler_common::{Connection, Placed};
use aya_ebpf::bindings::{BPF_F_MMAPABLE, BPF_SK_STORAGE_GET_F_CREATE};
use aya_ebpf::btf_maps::SkStorage;
use aya_ebpf::helpers::generated::bpf_sk_storage_get;
use aya_ebpf::helpers::{bpf_get_current_task_btf, bpf_ktime_get_ns};
use aya_ebpf::macros::{btf_map, map};
use aya_ebpf::maps::Array;

use crate::charge::{Charge, changes, place_of};
use crate::kernel::Task;
use crate::socket::{Listener, Socket};

/// The records of connections, by the low bits of their sockets' cookies. To make one costs no more than to find it, and
/// userspace reads them where they are.
#[map]
static PLACES: Array<Placed> = Array::with_max_entries(COUNT, BPF_F_MMAPABLE);

/// How many of them. A power of two.
const COUNT: u32 = 4096;

/// Whether the end of a Unix socket is told: the loader writes 1 where it has attached `unix_freed`. Where it is not, the place
/// of a Unix connection on which nothing is under way can be taken by another, and userspace gives back those of sockets that
/// are gone.
#[unsafe(no_mangle)]
static UNIX_ENDS: u64 = 0;

/// The record of a connection whose place in `PLACES` is another's, kept by the kernel with the socket and gone with it. The
/// kernel takes memory for each, which costs more than all else that is done for a request.
#[btf_map]
static CONNECTIONS: SkStorage<Connection> = SkStorage::new();

/// The record of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Record(*mut Connection);

/// The record that `socket` has.
#[inline(always)]
pub(crate) fn found(socket: Socket) -> Option<Record> {
    let cookie = socket.known_cookie();
    if cookie == 0 {
        return None;
    }
    if let Some(place) = place(cookie)
        // SAFETY: an entry of the map, which lives as long as the programs.
        && unsafe { (*place).cookie } == cookie
    {
        // SAFETY: as above.
        return Some(Record(unsafe { &raw mut (*place).connection }));
    }
    if socket.has_storage() {
        storage(socket, 0)
    } else {
        None
    }
}

/// A record for a connection of `listener` that has none.
#[inline(always)]
pub(crate) fn open(socket: Socket, listener: Listener) -> Option<Record> {
    let record = match claimed(socket.cookie()) {
        Some(record) => record,
        None => storage(socket, u64::from(BPF_SK_STORAGE_GET_F_CREATE))?,
    };
    let connection = record.read_side();
    connection.listener = listener.address;
    connection.port = listener.port;
    Some(record)
}

#[inline(always)]
fn place(cookie: u64) -> Option<*mut Placed> {
    PLACES.get_ptr_mut(cookie as u32 & (COUNT - 1))
}

/// The place of this cookie, unless it is another's who needs it.
#[inline(always)]
fn claimed(cookie: u64) -> Option<Record> {
    let place = place(cookie)?;
    // SAFETY: an entry of the map, which lives as long as the programs.
    let (holder, record) = unsafe {
        (
            (&raw const (*place).cookie).read_volatile(),
            Record(&raw mut (*place).connection),
        )
    };
    if holder != 0 && !record.may_be_replaced() {
        return None;
    }
    // SAFETY: as above. Two that want one place at the same time are told apart by the one instruction.
    let (before, _) = unsafe {
        atomic_cxchg::<u64, { AtomicOrdering::SeqCst }, { AtomicOrdering::SeqCst }>(
            &raw mut (*place).cookie,
            holder,
            cookie,
        )
    };
    if before != holder {
        return None;
    }
    if holder != 0 {
        close(record);
    }
    *record.read_side() = Connection::default();
    Some(record)
}

/// The record of `socket` is not needed any more. One in storage goes with it.
#[inline(always)]
pub(crate) fn forget(socket: Socket) {
    let cookie = socket.known_cookie();
    if cookie != 0
        && let Some(place) = place(cookie)
        // SAFETY: an entry of the map, and this socket's own where it has its cookie.
        && unsafe { (*place).cookie } == cookie
    {
        // SAFETY: as above. Nothing is under way on it any more, whoever sees it before the next one has written its own.
        unsafe {
            (*place).connection.arrived = 0;
            (*place).connection.begun = 0;
            atomic_xchg::<u64, { AtomicOrdering::SeqCst }>(&raw mut (*place).cookie, 0);
        }
    }
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
    /// Whether another connection may have this place: nobody tells the end of this one, and nothing is under way on it that
    /// anybody wants to know. A socket that lives gets a record anew with its next data. What it gives up: the time of an answer
    /// that was not at its end is counted as far as it had come, and data that comes to it on another CPU in this very moment can
    /// be counted as the other's.
    #[inline(always)]
    fn may_be_replaced(self) -> bool {
        // SAFETY: a whole word of this object, which the loader has written. The verifier knows it, and drops what is not to be.
        if unsafe { (&raw const UNIX_ENDS).read_volatile() } != 0 {
            return false;
        }
        let connection = self.read_side();
        let over = connection.begun == 0 || connection.sent != 0;
        connection.is_unix()
            && (connection.place == Connection::NOBODYS || (over && connection.arrived <= connection.read))
    }

    /// The part that the reading side writes.
    #[inline(always)]
    fn read_side<'a>(self) -> &'a mut Connection {
        // SAFETY: the kernel keeps the record for as long as a program runs that found it, and one task at a time reads
        // from a connection. `arrived` may change meanwhile; it is one word and read once.
        unsafe { &mut *self.0 }
    }

    /// Data has come. A request waits from now on, if nothing unread was there before. The end of a TCP connection comes like
    /// data, and may come with some.
    #[inline(always)]
    pub(crate) fn data_came(self, socket: Socket) {
        // SAFETY: whole words of a live record.
        unsafe {
            if (*self.0).place == Connection::NOBODYS || (*self.0).arrived > (*self.0).read {
                return;
            }
            if !socket.is_half_closed() || socket.has_unread() {
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
            (connection.begun, connection.sent, connection.reader) = (0, 0, 0);
        }
        // SAFETY: the helper has no precondition.
        let task = Task::new(unsafe { bpf_get_current_task_btf() }.cast());
        let reader = task.css_set();
        if connection.reader != reader.address() {
            connection.reader = reader.address();
            connection.place = place_of(reader, connection).unwrap_or(Connection::NOBODYS);
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
