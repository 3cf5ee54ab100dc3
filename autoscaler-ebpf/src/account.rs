//! What a CPU's task has used since it came, and whom that is charged to.

use autoscaler_common::{Counters, Cpu, NOWHERE, Slot};
use aya_ebpf::helpers::{bpf_get_smp_processor_id, bpf_ktime_get_ns};

use crate::index;
use crate::kernel::Task;
use crate::maps::{COUNTERS, CPUS, LEFT, Left, MOVED, MOVED_ENTRIES, Move, Moves, REMEMBERED, left_entry};

/// The CPU that this program runs on. Programs on it cannot interrupt each other: switches are traced with
/// interrupts off, and a test run keeps its CPU from switching.
#[derive(Clone, Copy)]
pub(crate) struct OnCpu {
    number: u32,
    state: *mut Cpu,
}

impl OnCpu {
    #[inline(always)]
    pub(crate) fn this() -> Option<Self> {
        let number = this_cpu();
        Some(Self {
            number,
            state: CPUS.get_ptr_mut(number)?,
        })
    }

    /// `task` leaves the CPU: charges what it has used since it came.
    #[inline(always)]
    pub(crate) fn leave(self, task: Task) {
        // SAFETY: see `OnCpu`: nothing else touches this CPU's state.
        let slot = unsafe { &(*self.state).slot };
        if slot.task != task.address() || slot.css_set != task.css_set().address() {
            if task.pid() != 0 {
                leave_unexpected(self.number, self.state, task);
            }
            return;
        }
        let Some(left) = LEFT.get_ptr_mut(left_entry(slot.pid)) else {
            return;
        };
        // SAFETY: the entry is mapped for as long as the map lives; `LEFT` says why whole words are enough.
        let left = unsafe { &mut *left };
        let now = Left::of(task, slot.tag);
        // Where it stood when it came is where it had left: nothing is hidden between.
        if left.exec == slot.exec && left.delay == slot.delay {
            let (on_cpu, wait) = (
                now.exec.wrapping_sub(slot.exec),
                now.delay.wrapping_sub(slot.delay),
            );
            *left = now;
            charge(self.state, slot.place, Used { on_cpu, wait });
        } else {
            leave_with_hidden(self.number, self.state, task, left);
        }
    }

    /// `task` comes onto the CPU: notes where its counters stand.
    #[inline(always)]
    pub(crate) fn enter(self, task: Task) {
        // SAFETY: as in `leave`.
        let cpu = unsafe { &mut *self.state };
        let pid = task.pid();
        if pid == 0 {
            cpu.slot.task = 0;
            return;
        }
        cpu.slot.note(task);
        cpu.slot.pid = pid;
        let css_set = task.css_set();
        cpu.slot.css_set = css_set.address();
        cpu.slot.exec = task.exec().wrapping_add(cpu.slot.tag);
        cpu.slot.delay = task.delay().wrapping_add(cpu.slot.tag);
        cpu.slot.place = index::place_of(self.number, cpu, css_set.cgroup());
    }

    /// Forgets the CPU's cached translations, and notes when that was: what ran here has just been charged.
    #[inline(always)]
    pub(crate) fn forget(self) {
        // SAFETY: as in `leave`.
        let cpu = unsafe { &mut *self.state };
        for cached in &mut cpu.cache {
            cached.cgroup = 0;
        }
        // SAFETY: the helper has no precondition.
        cpu.flushed = unsafe { bpf_ktime_get_ns() };
    }
}

/// The number of the CPU that this runs on.
#[inline(always)]
pub(crate) fn this_cpu() -> u32 {
    // SAFETY: the helper has no precondition.
    unsafe { bpf_get_smp_processor_id() }
}

trait Note {
    /// Notes which task runs, and the tag of its words in `LEFT`.
    fn note(&mut self, task: Task);
}

impl Note for Slot {
    #[inline(always)]
    fn note(&mut self, task: Task) {
        self.task = task.address();
        // SAFETY: a field of a live record.
        let address = unsafe { index::number_at(&raw const self.task) };
        // Tasks lie at least 64 bytes apart (`ARCH_MIN_TASKALIGN`): the 42 bits below stay free.
        self.tag = address << (TAG_SHIFT - 6);
    }
}

/// A counter's part of a word in `LEFT`: 73 minutes of ns. A task cannot use more between two readings, as each of them
/// flushes what runs.
const TAG_SHIFT: u32 = 42;

impl Left {
    /// Where the counters of `task` stand now.
    #[inline(always)]
    fn of(task: Task, tag: u64) -> Self {
        Self {
            exec: task.exec().wrapping_add(tag),
            delay: task.delay().wrapping_add(tag),
        }
    }
}

/// The slow end of [`OnCpu::leave`] for a task that is where it was expected, but has used more than shows there.
///
/// Between leaving and coming neither counter should move, but both do. A task that is taken to another
/// CPU's queue while it waits has the wait so far added to its counter then (`sched_info_dequeue` in
/// kernel/sched/stats.h). And where a task left by a switch that was never reported, nobody has charged what
/// it ran. So the base is where the counters stood when it was last charged.
#[inline(never)]
fn leave_with_hidden(number: u32, state: *mut Cpu, task: Task, left: *mut Left) {
    // SAFETY: see `OnCpu`.
    let slot = unsafe { (*state).slot };
    // SAFETY: as in `leave`.
    let left = unsafe { &mut *left };
    let used = used(task, slot.tag, slot.exec, slot.delay, left);
    if used.on_cpu != Left::of(task, slot.tag).exec.wrapping_sub(slot.exec) {
        return charge_split(number, slot.place, task, state, Split { used, unseen: true });
    }
    charge(state, slot.place, used);
}

/// The slow end of [`OnCpu::leave`]: the switch that brought `task` here was never reported, or the task was
/// moved to another cgroup while it ran.
#[inline(never)]
fn leave_unexpected(number: u32, state: *mut Cpu, task: Task) {
    // SAFETY: see `OnCpu`.
    let cpu = unsafe { &mut *state };
    if cpu.flushed == 0 {
        // Right after the programs were attached: nothing is known of this task yet.
        return;
    }
    let Some(left) = LEFT.get_ptr_mut(left_entry(task.pid())) else {
        return;
    };
    // SAFETY: as in `leave`.
    let left = unsafe { &mut *left };
    let slot = cpu.slot;
    if slot.task == task.address() {
        let used = used(task, slot.tag, slot.exec, slot.delay, left);
        let unseen = used.on_cpu != Left::of(task, slot.tag).exec.wrapping_sub(slot.exec);
        return charge_split(number, slot.place, task, state, Split { used, unseen });
    }
    cpu.lost_switches += 1;
    cpu.slot.note(task);
    let used = used_unseen(task, cpu, left);
    let now = index::place_of(number, cpu, task.css_set().cgroup());
    charge_split(number, now, task, state, Split { used, unseen: true });
}

/// Charges what was used to the cgroups that `task` was moved to and from meanwhile; to the one at `first` if to none.
#[inline(never)]
fn charge_split(number: u32, first: u32, task: Task, state: *mut Cpu, split: Split) {
    let Split { used, unseen } = split;
    // SAFETY: see `OnCpu`.
    let cpu = unsafe { &mut *state };
    let now = index::place_of(number, cpu, task.css_set().cgroup());
    let base = cpu.base;
    let mut rest = used;
    let mut before = first;
    // A thread that was moved with its process's leader has no entry of its own. It has been running ever
    // since the move, so that the clock tells what it used.
    let own = moves_of(task.pid()).filter(|moves| {
        // SAFETY: the entry is mapped for as long as the map lives; a whole word.
        unsafe { (**moves).task == task.address() }
    });
    if let Some(moves) = own.or_else(|| moves_of(task.tgid())) {
        let exec = task.exec();
        // SAFETY: the helper has no precondition.
        let clock = unsafe { bpf_ktime_get_ns() };
        // SAFETY: the entry is mapped for as long as the map lives; a whole word.
        let made = unsafe { (*moves).made };
        for age in 1..=REMEMBERED {
            if age > made {
                break;
            }
            // SAFETY: the place is masked; one that is being replaced is another recent move.
            let moved = unsafe { (*moves).ring[(made.wrapping_sub(age) & (REMEMBERED - 1)) as usize] };
            if age == 1 && base + moved.to != now && own.is_none() {
                // The leader was moved alone, or somebody else had this pid. (The task's own last move may well
                // lead elsewhere: the next one is made, and not yet told of.)
                break;
            }
            let since = if own.is_some() {
                exec.wrapping_sub(moved.exec)
            } else {
                clock.wrapping_sub(moved.at)
            };
            let charged = used.on_cpu - rest.on_cpu;
            if since > used.on_cpu || since < charged {
                break;
            }
            let here = Used {
                on_cpu: since - charged,
                wait: 0,
            };
            charge(state, base + moved.to, here);
            rest.on_cpu = used.on_cpu - since;
            before = if moved.from == NOWHERE {
                first
            } else {
                base + moved.from
            };
        }
    }
    // It began in `first` if it was seen to come; only else does the move tell from where it was taken. That one is
    // told of late: the task may have left and come again since it was made.
    charge(state, if unseen { before } else { first }, rest);
}

/// What is to be charged, ns.
#[derive(Clone, Copy)]
struct Used {
    on_cpu: u64,
    wait: u64,
}

/// What is to be charged where `moved` tells.
#[derive(Clone, Copy)]
struct Split {
    used: Used,
    /// Part of it was used before a switch that was never reported, whichever way it led.
    unseen: bool,
}

/// What `task`, which leaves, has used since it was last charged; where that is not known, since it came with
/// `came_exec` and `came_delay`. All counters are with `tag`.
#[inline(always)]
fn used(task: Task, tag: u64, came_exec: u64, came_delay: u64, left: &mut Left) -> Used {
    let now = Left::of(task, tag);
    let before = core::mem::replace(left, now);
    let since_left_or_came = |now: u64, left: u64, came: u64| match since(now, left) {
        // A new task has used nothing before it comes, though whatever had its address before may have left just that.
        Some(whole) if came != tag => whole,
        _ => now.wrapping_sub(came),
    };
    Used {
        on_cpu: since_left_or_came(now.exec, before.exec, came_exec),
        wait: since_left_or_came(now.delay, before.delay, came_delay),
    }
}

/// The same for a task that nobody saw come to this CPU, which is `cpu` and has noted by now who runs.
#[inline(always)]
fn used_unseen(task: Task, cpu: &Cpu, left: &mut Left) -> Used {
    let now = Left::of(task, cpu.slot.tag);
    let before = core::mem::replace(left, now);
    let on_cpu = since(now.exec, before.exec).unwrap_or_else(|| {
        // Since when it runs, the scheduler itself has noted. But for ordinary tasks alone (`set_next_entity` in
        // kernel/sched/fair.c): a real-time task's mark is as old as its priority. Nobody has run here for longer than
        // since the last flush.
        let marked = task.exec().wrapping_sub(task.prev_exec());
        // SAFETY: the helper has no precondition.
        let flushed = unsafe { bpf_ktime_get_ns() }.wrapping_sub(cpu.flushed);
        marked.min(flushed)
    });
    Used {
        on_cpu,
        wait: since(now.delay, before.delay).unwrap_or(0),
    }
}

/// How far a counter that is at `now` has come since `left`; `None` where that is another task's.
#[inline(always)]
fn since(now: u64, left: u64) -> Option<u64> {
    let whole = now.wrapping_sub(left);
    // Another task's tag puts `left` further off than this, before or behind.
    (whole >> (TAG_SHIFT - 1) == 0).then_some(whole)
}

/// Notes that `task` has just been moved to another cgroup, alone or with its whole process.
#[inline(always)]
pub(crate) fn note_move(task: Task) {
    let pid = task.pid();
    // Not the cgroup that the tracepoint names: that may be one of another hierarchy.
    let to = index::of(task.css_set().cgroup());
    if let Some(moves) = MOVED.get_ptr_mut(pid & (MOVED_ENTRIES - 1)) {
        // SAFETY: moves are made one at a time (`cgroup_mutex`).
        let moves = unsafe { &mut *moves };
        if moves.pid != pid || moves.task != task.address() {
            moves.made = 0;
            moves.pid = pid;
            moves.task = task.address();
        }
        let made = moves.made;
        let from = if made == 0 {
            NOWHERE
        } else {
            moves.ring[(made.wrapping_sub(1) & (REMEMBERED - 1)) as usize].to
        };
        moves.ring[(made & (REMEMBERED - 1)) as usize] = Move {
            // SAFETY: the helper has no precondition.
            at: unsafe { bpf_ktime_get_ns() },
            exec: task.exec(),
            from,
            to,
        };
        moves.made = made.wrapping_add(1);
    }
    // Whoever runs may have been moved there and back, which its set of cgroups does not show.
    for number in 0..MAX_CPUS {
        let Some(cpu) = CPUS.get_ptr_mut(number) else {
            break;
        };
        // SAFETY: one word. Should another task come there meanwhile, it takes the slow end for nothing.
        unsafe { (&raw mut (*cpu).slot.css_set).write_volatile(0) };
    }
}

#[inline(always)]
fn moves_of(pid: u32) -> Option<*const Moves> {
    let moves = MOVED.get_ptr(pid & (MOVED_ENTRIES - 1))?;
    // SAFETY: the entry is mapped for as long as the map lives; a whole word.
    (unsafe { (*moves).pid } == pid).then_some(moves)
}

/// How many CPUs are told of a move. On those above, a task that is moved away and back while it runs is
/// charged where it began.
const MAX_CPUS: u32 = 512;

/// Adds to the counters at `place`. A difference that came out negative, as no later value of a counter can be below an
/// earlier one, is left out and counted.
#[inline(always)]
fn charge(state: *mut Cpu, place: u32, used: Used) {
    let Used { on_cpu, wait } = used;
    if (on_cpu | wait) >> 63 != 0 {
        // SAFETY: see `OnCpu`.
        unsafe { (*state).discarded += 1 };
        return;
    }
    if let Some(counters) = COUNTERS.get_ptr_mut(place) {
        // SAFETY: only this CPU writes its own counters.
        let Counters { cpu_ns, wait_ns } = unsafe { &mut *counters };
        *cpu_ns += on_cpu;
        *wait_ns += wait;
    }
}
