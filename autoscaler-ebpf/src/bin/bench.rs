//! What `cargo xtask bench` measures ours against: nothing at all, and the textbook's way to the same figures.
#![no_std]
#![no_main]
#![allow(
    clippy::cast_possible_truncation,
    reason = "a pointer of the BPF target has 64 bits; a narrower cast takes the bits that it means"
)]
#![allow(
    clippy::inline_always,
    reason = "what is not inlined becomes a BPF function: a call at every switch, verified apart"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "aya's macros hand the context over by value"
)]

use aya_ebpf::helpers::{bpf_get_current_cgroup_id, bpf_ktime_get_ns};
use aya_ebpf::macros::{btf_tracepoint, map};
use aya_ebpf::maps::{HashMap, PerCpuArray, PerCpuHashMap};
use aya_ebpf::programs::BtfTracePointContext;

#[allow(dead_code, reason = "the textbook needs no more than the pid")]
#[path = "../kernel.rs"]
mod kernel;

use kernel::Task;

/// The cost of being called.
#[btf_tracepoint(function = "sched_switch")]
fn bench_empty(_ctx: BtfTracePointContext) -> i32 {
    0
}

/// When each task was woken or put back, by pid.
#[map]
static QUEUED: HashMap<u32, u64> = HashMap::with_max_entries(16 * 1024, 0);

/// When each CPU's task came.
#[map]
static CAME: PerCpuArray<u64> = PerCpuArray::with_max_entries(1, 0);

/// On-CPU time and wait by cgroup, ns.
#[map]
static TOTALS: PerCpuHashMap<u64, [u64; 2]> = PerCpuHashMap::with_max_entries(16 * 1024, 0);

/// `sched_wakeup(struct task_struct *task)`
#[btf_tracepoint(function = "sched_wakeup")]
fn bench_wakeup(ctx: BtfTracePointContext) -> i32 {
    queued(Task::new(ctx.arg(0)).pid(), now());
    0
}

#[btf_tracepoint(function = "sched_switch")]
fn bench_textbook(ctx: BtfTracePointContext) -> i32 {
    let (preempted, prev, next) = (ctx.arg::<u64>(0), Task::new(ctx.arg(1)), Task::new(ctx.arg(2)));
    let now = now();
    let prev = prev.pid();
    if prev != 0 && preempted as u8 != 0 {
        // It was not done: it waits again from now on.
        queued(prev, now);
    }
    let next = next.pid();
    // SAFETY: plain data, used at once.
    let wait = unsafe { QUEUED.get(next) }.map_or(0, |queued| now.saturating_sub(*queued));
    let _ = QUEUED.remove(next);
    let mut ran = 0;
    if let Some(came) = CAME.get_ptr_mut(0) {
        // SAFETY: only this CPU touches its own element.
        let came = unsafe { &mut *came };
        if *came != 0 {
            ran = now.saturating_sub(*came);
        }
        *came = now;
    }
    if prev != 0 {
        charge(ran, wait);
    }
    0
}

fn now() -> u64 {
    // SAFETY: the helper has no precondition.
    unsafe { bpf_ktime_get_ns() }
}

fn queued(pid: u32, now: u64) {
    let _ = QUEUED.insert(pid, now, 0);
}

/// To the cgroup of the task that leaves: the only one that the helper knows.
fn charge(ran: u64, wait: u64) {
    // SAFETY: the helper has no precondition.
    let cgroup = unsafe { bpf_get_current_cgroup_id() };
    if let Some(totals) = TOTALS.get_ptr_mut(cgroup) {
        // SAFETY: only this CPU touches its own values.
        unsafe {
            (*totals)[0] += ran;
            (*totals)[1] += wait;
        }
    } else {
        let _ = TOTALS.insert(cgroup, [ran, wait], 0);
    }
}

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
