//! What waits or is served at this moment on connections whose record is in storage: an iterator over those. Userspace reads the
//! other records where they are.

use core::ffi::c_void;

use autoscaler_common::{Connection, Live};
use aya_ebpf::helpers::generated::bpf_seq_write;

use crate::charge::place_of_listener;

/// `struct bpf_iter__bpf_sk_storage_map`: `net/core/bpf_sk_storage.c`
#[repr(C)]
pub(crate) struct Step {
    meta: *const Meta,
    map: *const c_void,
    socket: *const c_void,
    value: *const Connection,
}

/// `struct bpf_iter_meta`: include/linux/bpf.h
#[repr(C)]
struct Meta {
    seq: *mut c_void,
}

/// Writes a [`Live`] for each connection with a record in storage on which a request waits or is served.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/bpf_sk_storage_map")]
extern "C" fn live(step: *const Step) -> i32 {
    // SAFETY: the context of the program.
    let (meta, value) = unsafe { ((*step).meta, (*step).value) };
    if !value.is_null() {
        // SAFETY: a record that the kernel holds for this call.
        write(meta, unsafe { &*value });
    }
    0
}

#[inline(always)]
fn write(meta: *const Meta, connection: &Connection) {
    // A copy: what it tells is of one moment.
    let connection = *connection;
    let place = if connection.reader == 0 {
        place_of_listener(&connection).unwrap_or(Connection::NOBODYS)
    } else {
        connection.place
    };
    let Some(live) = connection.live(place) else {
        return;
    };
    // SAFETY: the iterator's own file, and a record on the stack of the size told.
    unsafe {
        bpf_seq_write(
            (*meta).seq.cast(),
            (&raw const live).cast_mut().cast(),
            size_of::<Live>() as u32,
        );
    }
}
