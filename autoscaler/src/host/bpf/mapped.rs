//! A kernel array that is read in place, without a system call.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use autoscaler_common::{Counters, Cpu, Live, Owner, Placed, Requests};
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
// SAFETY: as above.
unsafe impl Record for Placed {}

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

    /// Maps all elements of `map`.
    pub(in crate::host) fn whole(map: Map) -> Result<Self> {
        let Map::Array(array) = &map else {
            anyhow::bail!(KernelStep::MapArray)
        };
        let len = array.info().context(KernelStep::MapArray)?.max_entries() as usize;
        Self::new(map, len)
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

impl Mapped<Requests> {
    /// Counts a request at `index` that was served for `busy_ns` and will never be answered. The programs add to the same
    /// counters in one instruction, as this does.
    pub(in crate::host) fn abandon(&self, index: usize, busy_ns: u64) {
        let counters = self.element(index).as_ptr();
        // SAFETY: as in `get`; words of a map are aligned, and all others add to these two in one instruction too.
        unsafe {
            AtomicU64::from_ptr(&raw mut (*counters).abandoned).fetch_add(1, Ordering::Relaxed);
            AtomicU64::from_ptr(&raw mut (*counters).abandoned_ns).fetch_add(busy_ns, Ordering::Relaxed);
        }
    }
}

impl Mapped<Placed> {
    /// Gives back the place at `index` that the socket `cookie` had, which is gone with what was `live` on it: no program
    /// writes there any more, but for one that has the place for another socket from the moment when nothing is live on it.
    pub(in crate::host) fn give_back(&self, index: usize, cookie: u64, live: &Live) {
        let place = self.element(index).as_ptr();
        // SAFETY: as in `get`. The last of these stores ends what is live; after it comes one that asks first.
        unsafe {
            if live.served_since != 0 {
                (&raw mut (*place).connection.begun).write_volatile(0);
            }
            if live.waiting_since != 0 {
                (&raw mut (*place).connection.arrived).write_volatile(0);
            }
            let holder = AtomicU64::from_ptr(&raw mut (*place).cookie);
            // Another may have taken it meanwhile: then it is given back already.
            let _ = holder.compare_exchange(cookie, 0, Ordering::SeqCst, Ordering::Relaxed);
        }
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
