//! Whom a request is charged to, and where that is counted.

use core::intrinsics::{AtomicOrdering, atomic_xadd};

use autoscaler_common::{Connection, Requests, SEATS_EACH, bucket_of};
use aya_ebpf::bindings::BPF_F_MMAPABLE;
use aya_ebpf::helpers::bpf_get_smp_processor_id;
use aya_ebpf::macros::map;
use aya_ebpf::maps::{Array, HashMap, LruHashMap};

use crate::kernel::CssSet;

/// Cgroup id → the place of its counters: userspace names those whose requests are wanted. The loader sets the size.
#[map]
static WANTED: HashMap<u64, u32> = HashMap::with_max_entries(1, 0);

/// What each CPU has charged to each place, at `place + cpu`.
#[map]
static REQUESTS: Array<Requests> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// Listener → the place of the cgroup that last read from one of its connections: whose the requests are that nobody has
/// read.
#[map]
static LISTENERS: LruHashMap<u64, u32> = LruHashMap::with_max_entries(4096, 0);

/// Bit by bit, the ports at which services listen whose requests are wanted.
#[map]
static PORTS: Array<u64> = Array::with_max_entries(1024, 0);

/// How often userspace has changed what is wanted.
#[map]
static CHANGES: Array<u64> = Array::with_max_entries(1, 0);

/// Whether somebody listens at this port whose requests are wanted.
#[inline(always)]
pub(crate) fn is_served(port: u16) -> bool {
    let ports = PORTS.get(u32::from(port >> 6));
    ports.is_some_and(|ports| ports >> (port & 63) & 1 == 1)
}

/// How often it has been changed what is wanted; never 0.
#[inline(always)]
pub(crate) fn changes() -> u64 {
    CHANGES.get(0).map_or(1, |changes| changes + 1)
}

/// Where a CPU charged the last connection of one listener. A server that closes each connection has a new one for every
/// request: this spares it the two look-ups in hashes, and the way to its cgroup's id.
#[derive(Clone, Copy)]
struct Seat {
    listener: u64,
    /// Address of the set of cgroups that its reader is in. Another set may come to stand there once this one is gone: it
    /// would have to read from a connection of the same listener before userspace has told the next change.
    reader: u64,
    /// What [`changes`] was.
    changes: u64,
    place: u64,
}

/// By CPU, and a hash of the listener. The loader sets the size. Nobody maps it: the flag has it begin on a page, so that no
/// seat lies across two cache lines.
#[map]
static SEATS: Array<Seat> = Array::with_max_entries(SEATS_EACH, BPF_F_MMAPABLE);

/// The place of the cgroup of `reader`, which has read from `connection`; `None` where nobody wants its requests.
#[inline(always)]
pub(crate) fn place_of(reader: CssSet, connection: &Connection) -> Option<u32> {
    let listener = connection.listener_key();
    // SAFETY: the helper has no precondition.
    let cpu = unsafe { bpf_get_smp_processor_id() };
    let changes = changes();
    let seat = SEATS.get_ptr_mut(cpu * SEATS_EACH + seat_of(listener))?;
    // SAFETY: an entry of the map, which lives as long as the programs, and only this CPU's.
    let seat = unsafe { &mut *seat };
    if seat.listener != listener || seat.reader != reader.address() || seat.changes != changes {
        let place = looked_up(reader, listener)?;
        *seat = Seat {
            listener,
            reader: reader.address(),
            changes,
            place: place.into(),
        };
    }
    Some(seat.place as u32)
}

#[inline(always)]
fn seat_of(listener: u64) -> u32 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    (listener.wrapping_mul(ODD) >> 32) as u32 & (SEATS_EACH - 1)
}

#[inline(always)]
fn looked_up(reader: CssSet, listener: u64) -> Option<u32> {
    // SAFETY: plain data, copied at once.
    let place = unsafe { WANTED.get(reader.cgroup().node().id()) }.copied()?;
    // SAFETY: as above.
    if unsafe { LISTENERS.get(listener) }.copied() != Some(place) {
        let _ = LISTENERS.insert(listener, place, 0);
    }
    Some(place)
}

/// Whose the requests are that come to the listener of `connection`.
#[inline(always)]
pub(crate) fn place_of_listener(connection: &Connection) -> Option<u32> {
    // SAFETY: plain data, copied at once.
    unsafe { LISTENERS.get(connection.listener_key()) }.copied()
}

/// The counters of one cgroup on this CPU. The close of a connection may interrupt a read or a send: a counter that it adds to is
/// added to in one instruction everywhere, which waits until the counter is at hand. All others have one program each, which
/// nothing interrupts that adds to the same.
#[derive(Clone, Copy)]
pub(crate) struct Charge(Option<*mut Requests>);

impl Charge {
    #[inline(always)]
    pub(crate) fn to(place: u32) -> Self {
        // SAFETY: the helper has no precondition.
        let cpu = unsafe { bpf_get_smp_processor_id() };
        Self(REQUESTS.get_ptr_mut(place.wrapping_add(cpu)))
    }

    /// A request was read that had waited for `wait`.
    #[inline(always)]
    pub(crate) fn begun(self, wait: u64) {
        let Some(counters) = self.0 else { return };
        // SAFETY: entries of the map, which lives as long as the programs.
        unsafe {
            (*counters).begun += 1;
            (*counters).wait_ns += wait;
            (*counters).waits[bucket_of(wait)] += 1;
        }
    }

    /// A request was answered `service` after it was read.
    #[inline(always)]
    pub(crate) fn answered(self, service: u64) {
        let Some(counters) = self.0 else { return };
        // SAFETY: as in `begun`.
        unsafe {
            (*counters).answered += 1;
            (*counters).busy_ns += service;
        }
    }

    /// The answer went on for `more` after what had been sent of it.
    #[inline(always)]
    pub(crate) fn went_on(self, more: u64) {
        let Some(counters) = self.0 else { return };
        // SAFETY: as in `begun`.
        unsafe { (*counters).busy_ns += more }
    }

    /// A request is known to be over that took `service` in all. Told by the next read, and by the close.
    #[inline(always)]
    pub(crate) fn served(self, service: u64) {
        let Some(counters) = self.0 else { return };
        // SAFETY: as in `begun`.
        unsafe { add(&raw mut (*counters).services[bucket_of(service)], 1) }
    }

    /// A request that had been served for `busy` will never be answered: told by the close.
    #[inline(always)]
    pub(crate) fn abandoned(self, busy: u64) {
        let Some(counters) = self.0 else { return };
        // SAFETY: as in `begun`.
        unsafe {
            add(&raw mut (*counters).abandoned, 1);
            add(&raw mut (*counters).abandoned_ns, busy);
        }
    }
}

/// Adds to a counter in one instruction.
///
/// # Safety
/// `counter` is a word of a map.
#[inline(always)]
unsafe fn add(counter: *mut u64, more: u64) {
    // `AtomicU64` adds only where the target can compare and swap, too, which this one does not say of itself.
    // SAFETY: the caller's; a word of a map is aligned.
    unsafe { atomic_xadd::<u64, u64, { AtomicOrdering::Relaxed }>(counter, more) };
}
