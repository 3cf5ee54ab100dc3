//! What a CPU's task has used since it came, and whom that is charged to.

use autoscaler_common::{Counters, Cpu, NOWHERE};
use aya_ebpf::helpers::{bpf_get_smp_processor_id, bpf_ktime_get_ns};

use crate::index;
use crate::kernel::Task;
use crate::maps::{CAPACITY, COUNTERS, CPUS, MOVED, Move, WAITED, WAITED_ENTRIES};

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
        let on_cpu = task.exec().wrapping_sub(slot.exec);
        charge(
            self.number,
            slot.index,
            on_cpu,
            waited(pid, task.delay(), slot.delay),
        );
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
    let exec = task.exec();
    let now = index::of(cpu, task.css_set().cgroup());
    let (pid, delay) = (task.pid(), task.delay());
    if slot.pid != pid {
        cpu.lost_switches += 1;
        // How long it ran, the scheduler itself noted when it put the task here.
        let on_cpu = exec.wrapping_sub(task.prev_exec());
        return charge(number, now, on_cpu, waited(pid, delay, delay));
    }
    let on_cpu = exec.wrapping_sub(slot.exec);
    let wait = waited(pid, delay, slot.delay);
    let after = if slot.index == now {
        0
    } else {
        since_moved(task).min(on_cpu)
    };
    charge(number, now, after, 0);
    charge(number, slot.index, on_cpu - after, wait);
}

/// The run-queue wait, ns, of a task that leaves with `delay` in all and came with `came`.
///
/// A task that is moved to another CPU's queue while it waits has the wait so far added to its counter then,
/// before it comes (`sched_info_dequeue` in kernel/sched/stats.h). So the difference is taken to where the
/// counter stood when the task last left a CPU, which `WAITED` knows unless another task took the entry.
#[inline(always)]
fn waited(pid: u32, delay: u64, came: u64) -> u64 {
    let Some(entry) = WAITED.get_ptr_mut(pid & (WAITED_ENTRIES - 1)) else {
        return 0;
    };
    // SAFETY: a whole word; see `WAITED` for two CPUs that write it at once.
    let left = unsafe { entry.replace(u64::from(pid) << PID_SHIFT | delay & DELAY_MASK) };
    let hidden = came.wrapping_sub(left) & DELAY_MASK;
    // A new task has waited for nothing before; and an earlier task of the same pid may have left a higher
    // value than this one has now.
    if left >> PID_SHIFT == u64::from(pid) && came != 0 && hidden < 1 << (PID_SHIFT - 1) {
        delay.wrapping_sub(came).wrapping_add(hidden)
    } else {
        delay.wrapping_sub(came)
    }
}

/// Pids have 22 bits at most (`PID_MAX_LIMIT` in include/linux/threads.h).
const PID_SHIFT: u32 = 42;
const DELAY_MASK: u64 = (1 << PID_SHIFT) - 1;

/// Notes that `task` has just been moved to another cgroup, alone or with its whole process.
#[inline(always)]
pub(crate) fn note_move(task: Task) {
    // SAFETY: the helper has no precondition.
    let at = unsafe { bpf_ktime_get_ns() };
    let exec = task.exec();
    // Best effort: without the entry, the whole slice stays with the cgroup that it began in.
    let _ = MOVED.insert(task.pid(), Move { at, exec }, 0);
}

/// How much of its running slice `task` has used in its present cgroup, ns; 0 if unknown.
#[inline(always)]
fn since_moved(task: Task) -> u64 {
    // SAFETY: the value is plain data; one that is being replaced is another recent move.
    if let Some(moved) = unsafe { MOVED.get(task.pid()) } {
        return task.exec().saturating_sub(moved.exec);
    }
    // A thread that was moved with its process's leader: it has been running ever since.
    // SAFETY: as above.
    let moved = unsafe { MOVED.get(task.tgid()) };
    // SAFETY: the helper has no precondition.
    moved.map_or(0, |moved| unsafe { bpf_ktime_get_ns() }.saturating_sub(moved.at))
}

/// Adds to the counters of `index` on CPU `number`. A difference that came out negative, as no later value
/// of a counter can be below an earlier one, is left out and counted.
#[inline(always)]
fn charge(number: u32, index: u32, on_cpu: u64, wait: u64) {
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
