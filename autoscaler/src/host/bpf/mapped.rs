//! A kernel array that is read in place, without a system call.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::ptr::NonNull;

use anyhow::{Context, Result};
use autoscaler_common::{Counters, Cpu, Owner, Requests};
use aya::maps::{Map, MapData};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

use crate::model::KernelStep;

/// A record whose every bit pattern is valid: integers alone, laid out as in C.
///
/// # Safety
/// The type must be `repr(C)`, hold integers only, and its size be a multiple of 8: array maps align their
/// elements so (`array_map_alloc` in kernel/bpf/arraymap.c).
pub(in crate::host) unsafe trait Record: Copy {}

// SAFETY: see autoscaler-common: integers only, `repr(C)`, of whole 8-byte words.
unsafe impl Record for Counters {}
// SAFETY: as above.
unsafe impl Record for Owner {}
// SAFETY: as above.
unsafe impl Record for Cpu {}
// SAFETY: as above.
unsafe impl Record for Requests {}

/// The elements of one array map, shared with the kernel programs.
pub(in crate::host) struct Mapped<T> {
    start: NonNull<T>,
    len: usize,
    /// The mapping outlives the file descriptor; kept so that the map can be looked at from outside.
    _map: MapData,
    _record: PhantomData<T>,
}

// SAFETY: the pointer is to a mapping of this process, valid on every thread, and owned by this value.
unsafe impl<T: Record> Send for Mapped<T> {}

impl<T: Record> Mapped<T> {
    /// Maps the `len` elements of `map`, an array made with `BPF_F_MMAPABLE`.
    pub(in crate::host) fn new(map: Map, len: usize) -> Result<Self> {
        let Map::Array(map) = map else {
            anyhow::bail!(KernelStep::MapArray)
        };
        let bytes = NonZeroUsize::new(len * size_of::<T>()).context(KernelStep::MapArray)?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let start = unsafe { mmap(None, bytes, protection, MapFlags::MAP_SHARED, map.fd().as_fd(), 0) };
        let start = start.context(KernelStep::MapArray)?;
        Ok(Self {
            start: start.cast(),
            len,
            _map: map,
            _record: PhantomData,
        })
    }

    /// How many elements there are.
    pub(in crate::host) fn len(&self) -> usize {
        self.len
    }

    /// The element's value now. Programs may write it at the same time: each integer in it is whole, but
    /// two of them may be of different moments.
    pub(in crate::host) fn get(&self, index: usize) -> T {
        // SAFETY: `element` is in the mapping; any bit pattern is a `T`; volatile, since the kernel writes it.
        unsafe { self.element(index).read_volatile() }
    }

    /// Overwrites an element that no program writes any more.
    pub(in crate::host) fn set(&self, index: usize, value: T) {
        // SAFETY: as in `get`.
        unsafe { self.element(index).write_volatile(value) }
    }

    fn element(&self, index: usize) -> NonNull<T> {
        assert!(index < self.len, "element {index} of {}", self.len);
        // SAFETY: `index` is below the number of elements that were mapped.
        unsafe { self.start.add(index) }
    }
}

impl Mapped<Owner> {
    /// The id of the owner at `index`, without copying the whole record; 0 for none.
    pub(in crate::host) fn id(&self, index: usize) -> u64 {
        // SAFETY: as in `get`, for the first field.
        unsafe { (&raw const (*self.element(index).as_ptr()).id).read_volatile() }
    }
}

impl<T> Drop for Mapped<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and nothing borrows from it.
        let unmapped = unsafe { munmap(self.start.cast::<c_void>(), self.len * size_of::<T>()) };
        if let Err(errno) = unmapped {
            tracing::warn!("cannot unmap a kernel array: {errno}");
        }
    }
}
