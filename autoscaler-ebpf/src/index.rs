//! Cgroup → where its counters are: a small cache on each CPU, then the map, then a new index.

use autoscaler_common::{CACHE, Cpu, MAX_DEPTH, NOWHERE};
use aya_ebpf::bindings::BPF_NOEXIST;
use aya_log_ebpf::warn;

use crate::kernel::Cgroup;
use crate::maps::{CPUS, FREE, INDEX, OWNERS};

/// How many CPUs are told of a removal, and so may remember cgroups by their addresses. Those above look each up.
const REMEMBERING: u32 = 512;

/// Where CPU `number` charges `cgroup`, which is given an index if it has none; the place of [`NOWHERE`] when none is
/// left. `cpu` is that CPU's state.
#[inline(always)]
pub(crate) fn place_of(number: u32, cpu: &mut Cpu, cgroup: Cgroup) -> u32 {
    cpu.slot.cgroup = cgroup.address();
    // SAFETY: a field of a live record.
    let address = unsafe { number_at(&raw const cpu.slot.cgroup) };
    let cached = &cpu.cache[slot_of(address)];
    if cached.cgroup == address {
        cached.place as u32
    } else {
        look_up(number, cpu, cgroup, address)
    }
}

/// The address that was just stored at `place`, as a number: the verifier lets no program calculate with a pointer, but
/// what is read from a map is none.
///
/// # Safety
/// `place` must be readable.
#[inline(always)]
pub(crate) unsafe fn number_at(place: *const u64) -> u64 {
    // SAFETY: the caller's; volatile, or the compiler would take the pointer that it has just stored there.
    unsafe { place.read_volatile() }
}

/// The entry of a cache that a cgroup's address belongs to.
#[inline(always)]
fn slot_of(address: u64) -> usize {
    // 2^64 over the golden ratio: neighbours come far apart, and the top bits depend on all below.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    (address.wrapping_mul(SPREAD) >> (u64::BITS - CACHE.ilog2())) as usize
}

#[inline(never)]
fn look_up(number: u32, cpu: &mut Cpu, cgroup: Cgroup, address: u64) -> u32 {
    let id = cgroup.node().id();
    let Some(index) = find_or_assign(id, cgroup) else {
        // The first time, and then ever less often.
        if cpu.full & cpu.full.wrapping_sub(1) == 0 {
            no_room(id);
        }
        cpu.full += 1;
        return cpu.base + NOWHERE;
    };
    let place = cpu.base + index;
    if number < REMEMBERING {
        let cached = &mut cpu.cache[slot_of(address)];
        cached.place = u64::from(place);
        // SAFETY: a word of a live record; volatile, to be written before the question that follows.
        unsafe { (&raw mut cached.cgroup).write_volatile(address) };
        // Once a cgroup is removed its address can come to stand for another one. Its removal empties this place, and
        // one that came just before this is seen here.
        if cgroup.is_removed() {
            cached.cgroup = 0;
        }
    }
    place
}

/// The index of `cgroup`, made if it has none; [`NOWHERE`] when none is left.
#[inline(always)]
pub(crate) fn of(cgroup: Cgroup) -> u32 {
    find_or_assign(cgroup.node().id(), cgroup).unwrap_or(NOWHERE)
}

#[inline(always)]
fn find_or_assign(id: u64, cgroup: Cgroup) -> Option<u32> {
    find(id).or_else(|| assign(id, cgroup))
}

#[inline(always)]
fn find(id: u64) -> Option<u32> {
    // SAFETY: the value is plain data, and userspace removes only entries of removed cgroups.
    unsafe { INDEX.get(id) }.copied()
}

/// Gives a cgroup that is seen for the first time a free index.
#[inline(always)]
fn assign(id: u64, cgroup: Cgroup) -> Option<u32> {
    let Ok(Some(index)) = FREE.pop() else { return None };
    if INDEX.insert(id, index, BPF_NOEXIST.into()).is_err() {
        // Another CPU was faster.
        let _ = FREE.push(index, 0);
        return find(id);
    }
    describe(index, id, cgroup);
    Some(index)
}

/// Writes down whom `index` stands for. Userspace believes the record only when it is complete.
#[inline(always)]
fn describe(index: u32, id: u64, cgroup: Cgroup) {
    let Some(owner) = OWNERS.get_ptr_mut(index) else {
        return;
    };
    // SAFETY: the index was just taken from FREE: no other program writes its record.
    let owner = unsafe { &mut *owner };
    let mut node = cgroup.node();
    let mut depth = 0;
    for ancestor in &mut owner.ancestors[..MAX_DEPTH] {
        let Some(parent) = node.parent() else { break };
        *ancestor = parent.id();
        depth += 1;
        node = parent;
    }
    owner.depth = depth;
    owner.id = id;
    // Asked last: a removal after this finds the index in INDEX and marks it itself.
    if cgroup.is_removed() {
        owner.removed = 1;
    }
}

/// Marks a cgroup whose directory is gone, so that userspace takes its index back, and lets every CPU forget its
/// address. CPU `number` runs this.
#[inline(always)]
pub(crate) fn mark_removed(number: u32, cgroup: Cgroup) {
    if let Some(owner) = find(cgroup.node().id()).and_then(|index| OWNERS.get_ptr_mut(index)) {
        // SAFETY: the record is mapped for as long as the map lives; a plain store of a flag.
        unsafe { (*owner).removed = 1 };
    }
    let Some(own) = CPUS.get_ptr_mut(number) else {
        return;
    };
    // SAFETY: cgroups are removed one at a time (`cgroup_mutex`), and nothing else uses the field.
    let address = unsafe {
        (*own).removing = cgroup.address();
        number_at(&raw const (*own).removing)
    };
    for number in 0..REMEMBERING {
        let Some(cpu) = CPUS.get_ptr_mut(number) else {
            break;
        };
        // SAFETY: whole words. Should that CPU put another cgroup there meanwhile, it is looked up once more.
        let cached = unsafe { &mut (*cpu).cache[slot_of(address)] };
        if cached.cgroup == address {
            cached.cgroup = 0;
        }
    }
}

#[inline(never)]
fn no_room(id: u64) {
    warn!((), "no room for cgroup {}: its usage is not counted", id);
}
