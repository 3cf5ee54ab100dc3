//! What a CPU's task has used since it came, and whom that is charged to.

use autoscaler_common::{Counters, Cpu, NOWHERE};
use aya_ebpf::helpers::{bpf_get_smp_processor_id, bpf_ktime_get_ns};

use crate::index;
use crate::kernel::Task;
use crate::maps::{CAPACITY, COUNTERS, CPUS, MOVED};

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
        let wait = task.delay().wrapping_sub(slot.delay);
        charge(self.number, slot.index, on_cpu, wait);
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
    if slot.pid != task.pid() {
        cpu.lost_switches += 1;
        // What it waited is unknown; what it ran, the scheduler itself noted when it put the task here.
        return charge(number, now, exec.wrapping_sub(task.prev_exec()), 0);
    }
    let on_cpu = exec.wrapping_sub(slot.exec);
    let wait = task.delay().wrapping_sub(slot.delay);
    let after = if slot.index == now {
        0
    } else {
        since_moved(task).min(on_cpu)
    };
    charge(number, now, after, 0);
    charge(number, slot.index, on_cpu - after, wait);
}

/// Time since the task, alone or with its whole process, was moved to its present cgroup, ns; 0 if unknown.
#[inline(always)]
fn since_moved(task: Task) -> u64 {
    // SAFETY: the value is plain data; one that is being replaced is another recent time.
    let moved = unsafe { MOVED.get(&task.pid()).or_else(|| MOVED.get(&task.tgid())) };
    // SAFETY: the helper has no precondition.
    moved.map_or(0, |moved| unsafe { bpf_ktime_get_ns() }.saturating_sub(*moved))
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
