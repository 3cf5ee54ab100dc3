//! What waits or is served at this moment: iterators over the records of all connections.

use core::ffi::c_void;

use autoscaler_common::{Connection, Live, Placed};
use aya_ebpf::helpers::generated::bpf_seq_write;

use crate::charge::place_of_listener;

/// `struct bpf_iter__bpf_sk_storage_map` (`net/core/bpf_sk_storage.c`) and `struct bpf_iter__bpf_map_elem`
/// (`kernel/bpf/map_iter.c`): alike but for what `of` is, the socket or the key.
#[repr(C)]
pub(crate) struct Step<T> {
    meta: *const Meta,
    map: *const c_void,
    of: *const c_void,
    value: *const T,
}

/// `struct bpf_iter_meta`: include/linux/bpf.h
#[repr(C)]
struct Meta {
    seq: *mut c_void,
}

/// Writes a [`Live`] for each connection with a record in storage on which a request waits or is served.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/bpf_sk_storage_map")]
extern "C" fn live(step: *const Step<Connection>) -> i32 {
    // SAFETY: the context of the program.
    let (meta, value) = unsafe { ((*step).meta, (*step).value) };
    if !value.is_null() {
        // SAFETY: a record that the kernel holds for this call.
        write(meta, unsafe { &*value });
    }
    0
}

/// The same for each connection with a place.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/bpf_map_elem")]
extern "C" fn live_placed(step: *const Step<Placed>) -> i32 {
    // SAFETY: the context of the program.
    let (meta, value) = unsafe { ((*step).meta, (*step).value) };
    if !value.is_null() {
        // SAFETY: an entry of the map.
        let place = unsafe { &*value };
        if place.cookie != 0 {
            write(meta, &place.connection);
        }
    }
    0
}

#[inline(always)]
fn write(meta: *const Meta, connection: &Connection) {
    let Connection {
        arrived,
        read,
        begun,
        sent,
        ..
    } = *connection;
    let place = if connection.reader == 0 {
        place_of_listener(connection).unwrap_or(Connection::NOBODYS)
    } else {
        connection.place
    };
    let live = Live {
        place,
        unused: 0,
        waiting_since: if arrived > read { arrived } else { 0 },
        served_since: if sent == 0 { begun } else { 0 },
    };
    if place == Connection::NOBODYS || (live.waiting_since | live.served_since) == 0 {
        return;
    }
    // SAFETY: the iterator's own file, and a record on the stack of the size told.
    unsafe {
        bpf_seq_write(
            (*meta).seq.cast(),
            (&raw const live).cast_mut().cast(),
            size_of::<Live>() as u32,
        );
    }
}
