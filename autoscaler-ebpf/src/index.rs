//! Cgroup → index: a small cache on each CPU, then the map, then a new index.

use autoscaler_common::{CACHE, Cpu, MAX_DEPTH, NOWHERE};
use aya_ebpf::bindings::BPF_NOEXIST;
use aya_log_ebpf::warn;

use crate::kernel::Cgroup;
use crate::maps::{FREE, INDEX, OWNERS};

/// The index of `cgroup`, made if it has none; [`NOWHERE`] when none is left.
#[inline(always)]
pub(crate) fn of(cpu: &mut Cpu, cgroup: Cgroup) -> u32 {
    let id = cgroup.node().id();
    let cached = &cpu.cache[id as usize & (CACHE - 1)];
    if cached.id == id {
        cached.index as u32
    } else {
        look_up(cpu, cgroup)
    }
}

#[inline(never)]
fn look_up(cpu: &mut Cpu, cgroup: Cgroup) -> u32 {
    let id = cgroup.node().id();
    let Some(index) = find_or_assign(id, cgroup) else {
        // The first time, and then ever less often.
        if cpu.full & cpu.full.wrapping_sub(1) == 0 {
            no_room(id);
        }
        return NOWHERE;
    };
    let cached = &mut cpu.cache[id as usize & (CACHE - 1)];
    cached.id = id;
    cached.index = u64::from(index);
    index
}

/// As [`of`], for programs that a switch can interrupt: without the CPU's cache.
#[inline(always)]
pub(crate) fn of_any_cpu(cgroup: Cgroup) -> u32 {
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

/// Marks a cgroup whose directory is gone, so that userspace takes its index back.
#[inline(always)]
pub(crate) fn mark_removed(cgroup: Cgroup) {
    if let Some(owner) = find(cgroup.node().id()).and_then(|index| OWNERS.get_ptr_mut(index)) {
        // SAFETY: the record is mapped for as long as the map lives; a plain store of a flag.
        unsafe { (*owner).removed = 1 };
    }
}

#[inline(never)]
fn no_room(id: u64) {
    warn!((), "no room for cgroup {}: its usage is not counted", id);
}
