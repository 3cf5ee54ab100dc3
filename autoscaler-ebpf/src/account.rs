//! What a CPU's task has used since it came, and whom that is charged to.

use autoscaler_common::{Counters, Cpu, NOWHERE, Slot};
use aya_ebpf::helpers::{bpf_get_smp_processor_id, bpf_ktime_get_ns};

use crate::index;
use crate::kernel::Task;
use crate::maps::{
    CAPACITY, COUNTERS, CPUS, LEFT, LEFT_ENTRIES, MOVED, MOVED_ENTRIES, Move, Moves, REMEMBERED,
};

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
        // SAFETY: the helper has no precondition.
        let number = unsafe { bpf_get_smp_processor_id() };
        Some(Self {
            number,
            state: CPUS.get_ptr_mut(number)?,
        })
    }

    /// `task` leaves the CPU: charges what it has used since it came.
    #[inline(always)]
    pub(crate) fn leave(self, task: Task) {
        let pid = task.pid();
        if pid == 0 {
            return;
        }
        // SAFETY: see `OnCpu`: nothing else touches this CPU's state.
        let slot = unsafe { &(*self.state).slot };
        if slot.pid != pid || slot.css_set != task.css_set().address() {
            return leave_unexpected(self.number, self.state, task);
        }
        let used = used(task, Marks::of(slot), slot.exec, slot.delay);
        if used.unseen {
            return charge_split(self.number, slot.index, task, self.state, used);
        }
        charge(self.number, slot.index, used);
    }

    /// `task` comes onto the CPU: notes where its counters stand.
    #[inline(always)]
    pub(crate) fn enter(self, task: Task) {
        let pid = task.pid();
        // SAFETY: as in `leave`.
        let cpu = unsafe { &mut *self.state };
        cpu.slot.pid = pid;
        if pid == 0 {
            return;
        }
        let css_set = task.css_set();
        cpu.slot.task = task.address();
        cpu.slot.css_set = css_set.address();
        cpu.slot.exec = task.exec();
        cpu.slot.delay = task.delay();
        cpu.slot.index = index::of(cpu, css_set.cgroup());
    }

    /// Forgets the CPU's cached indexes.
    #[inline(always)]
    pub(crate) fn forget(self) {
        // SAFETY: as in `leave`.
        let cpu = unsafe { &mut *self.state };
        for cached in &mut cpu.cache {
            cached.id = 0;
        }
        cpu.started = 1;
    }
}

/// The slow end of [`OnCpu::leave`]: the switch that brought `task` here was never reported, or the task was
/// moved to another cgroup while it ran.
#[inline(never)]
fn leave_unexpected(number: u32, state: *mut Cpu, task: Task) {
    // SAFETY: see `OnCpu`.
    let cpu = unsafe { &mut *state };
    if cpu.started == 0 {
        // Right after the programs were attached: nothing is known of this task yet.
        return;
    }
    let slot = cpu.slot;
    let now = index::of(cpu, task.css_set().cgroup());
    if slot.pid != task.pid() {
        cpu.lost_switches += 1;
        cpu.slot.task = task.address();
        // Since when it runs, the scheduler itself noted when it put the task here.
        let used = Used {
            unseen: true,
            ..used(task, Marks::of(&cpu.slot), task.prev_exec(), task.delay())
        };
        return charge_split(number, now, task, state, used);
    }
    let used = used(task, Marks::of(&slot), slot.exec, slot.delay);
    charge_split(number, slot.index, task, state, used);
}

/// Charges `used` to the cgroups that `task` was moved to and from meanwhile; to `first` if to none.
#[inline(never)]
fn charge_split(number: u32, first: u32, task: Task, state: *mut Cpu, used: Used) {
    // SAFETY: see `OnCpu`.
    let now = index::of(unsafe { &mut *state }, task.css_set().cgroup());
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
            if age == 1 && moved.to != now && own.is_none() {
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
                ..used
            };
            charge(number, moved.to, here);
            rest.on_cpu = used.on_cpu - since;
            before = if moved.from == NOWHERE { first } else { moved.from };
        }
    }
    // It began in `first` if it was seen to come; only else does the move tell from where it was taken. That one is
    // told of late: the task may have left and come again since it was made.
    charge(number, if used.unseen { before } else { first }, rest);
}

/// What is to be charged, ns.
#[derive(Clone, Copy)]
struct Used {
    on_cpu: u64,
    wait: u64,
    /// Part of `on_cpu` was used before a switch that was never reported, whichever way it led.
    unseen: bool,
}

/// The bits that tell a task's words in `LEFT` from those of the tasks that share the entry.
#[derive(Clone, Copy)]
struct Marks(u64);

impl Marks {
    /// The verifier lets no program shift a pointer, but an address read back from a map is a number.
    #[inline(always)]
    fn of(slot: &Slot) -> Self {
        // SAFETY: a field of a live slot; volatile, or the compiler would shift the pointer that it has just
        // stored there.
        let address = unsafe { (&raw const slot.task).read_volatile() };
        // Tasks lie at least 64 bytes apart (`ARCH_MIN_TASKALIGN`).
        Self((address >> 6) << COUNTER_BITS)
    }
}

/// A counter's part of a word in `LEFT`: 73 minutes of ns, of which a task cannot use more between two
/// readings, as each of them flushes what runs.
const COUNTER_BITS: u32 = 42;
const COUNTER_MASK: u64 = (1 << COUNTER_BITS) - 1;

/// What `task`, which leaves, has used since it last left a CPU; it came with `came_exec` and `came_delay`.
///
/// Between leaving and coming neither counter should move, but both do. A task that is taken to another
/// CPU's queue while it waits has the wait so far added to its counter then (`sched_info_dequeue` in
/// kernel/sched/stats.h). And where a task left by a switch that was never reported, nobody has charged what
/// it ran. So the base is where the counters stood when it was last charged.
#[inline(always)]
fn used(task: Task, marks: Marks, came_exec: u64, came_delay: u64) -> Used {
    let (exec, delay) = (task.exec(), task.delay());
    let Some(left) = LEFT.get_ptr_mut(task.pid() & (LEFT_ENTRIES - 1)) else {
        return Used {
            on_cpu: 0,
            wait: 0,
            unseen: false,
        };
    };
    // SAFETY: the entry is mapped for as long as the map lives; `LEFT` says why whole words are enough.
    let left = unsafe { &mut *left };
    let on_cpu = since(&mut left.exec, marks, exec, came_exec);
    Used {
        on_cpu,
        wait: since(&mut left.delay, marks, delay, came_delay),
        unseen: on_cpu != exec.wrapping_sub(came_exec),
    }
}

/// How far a counter that is at `now` has come since it was last charged, or, where that is not known, since
/// the task came with `came`.
#[inline(always)]
fn since(word: &mut u64, marks: Marks, now: u64, came: u64) -> u64 {
    let left = *word;
    *word = marks.0 | now & COUNTER_MASK;
    let hidden = came.wrapping_sub(left) & COUNTER_MASK;
    // A new task has used nothing before it comes, and whatever had its address before may have left more.
    let known = (left ^ marks.0) >> COUNTER_BITS == 0 && came != 0 && hidden >> (COUNTER_BITS - 1) == 0;
    now.wrapping_sub(came)
        .wrapping_add(if known { hidden } else { 0 })
}

/// Notes that `task` has just been moved to another cgroup, alone or with its whole process.
#[inline(always)]
pub(crate) fn note_move(task: Task) {
    let pid = task.pid();
    // Not the cgroup that the tracepoint names: that may be one of another hierarchy.
    let to = index::of_any_cpu(task.css_set().cgroup());
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

/// Adds to the counters of `index` on CPU `number`. A difference that came out negative, as no later value
/// of a counter can be below an earlier one, is left out and counted.
#[inline(always)]
fn charge(number: u32, index: u32, used: Used) {
    let Used { on_cpu, wait, .. } = used;
    if (on_cpu | wait) >> 63 != 0 {
        return discard(number);
    }
    if let Some(counters) = COUNTERS.get_ptr_mut(number * CAPACITY.load() + index) {
        // SAFETY: only this CPU writes its own counters.
        let Counters { cpu_ns, wait_ns } = unsafe { &mut *counters };
        *cpu_ns += on_cpu;
        *wait_ns += wait;
    }
    if index == NOWHERE {
        nowhere(number);
    }
}

#[inline(never)]
fn discard(number: u32) {
    if let Some(cpu) = CPUS.get_ptr_mut(number) {
        // SAFETY: see `OnCpu`.
        unsafe { (*cpu).discarded += 1 };
    }
}

#[inline(never)]
fn nowhere(number: u32) {
    if let Some(cpu) = CPUS.get_ptr_mut(number) {
        // SAFETY: see `OnCpu`.
        unsafe { (*cpu).full += 1 };
    }
}
