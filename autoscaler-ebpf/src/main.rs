//! The kernel programs: they account, they never decide.
//!
//! `switched` charges, at every switch of every CPU, what the task that leaves has used to its cgroup. The
//! others are rare: `flush` does the same to the tasks that run at this moment, `moved` notes when a task
//! changes its cgroup, `removed` marks a cgroup that is gone.
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

mod account;
mod index;
mod kernel;
mod maps;

use aya_ebpf::helpers::bpf_get_current_task_btf;
use aya_ebpf::macros::{btf_tracepoint, raw_tracepoint};
use aya_ebpf::programs::{BtfTracePointContext, RawTracePointContext};

use account::OnCpu;
use kernel::{Cgroup, Task};

/// `sched_switch(bool preempt, struct task_struct *prev, struct task_struct *next, …)`: include/trace/events/sched.h
#[btf_tracepoint(function = "sched_switch")]
fn switched(ctx: BtfTracePointContext) -> i32 {
    let (prev, next) = (Task::new(ctx.arg(1)), Task::new(ctx.arg(2)));
    if let Some(cpu) = OnCpu::this() {
        cpu.leave(prev);
        cpu.enter(next);
    }
    0
}

/// Never attached: userspace runs it on each CPU before it reads, so that a task that has not been switched
/// out for long is charged up to now. It also forgets the CPU's cached indexes, so that after a run on
/// every CPU no index is in use that userspace took out of `INDEX`.
#[raw_tracepoint(tracepoint = "sched_switch")]
fn flush(_ctx: RawTracePointContext) -> i32 {
    // SAFETY: the helper has no precondition; the task is the one that this program interrupted.
    let current = Task::new(unsafe { bpf_get_current_task_btf() }.cast());
    if let Some(cpu) = OnCpu::this() {
        cpu.leave(current);
        cpu.forget();
        cpu.enter(current);
    }
    0
}

/// `cgroup_attach_task(struct cgroup *to, const char *path, struct task_struct *task, bool threadgroup)`:
/// include/trace/events/cgroup.h. It names the leader alone where a whole process moves.
#[btf_tracepoint(function = "cgroup_attach_task")]
fn moved(ctx: BtfTracePointContext) -> i32 {
    account::note_move(Task::new(ctx.arg(2)));
    0
}

/// `cgroup_rmdir(struct cgroup *cgroup, const char *path)`: include/trace/events/cgroup.h
#[btf_tracepoint(function = "cgroup_rmdir")]
fn removed(ctx: BtfTracePointContext) -> i32 {
    index::mark_removed(account::this_cpu(), Cgroup::new(ctx.arg(0)));
    0
}

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// The kernel lends most tracing helpers only to programs that declare a GPL-compatible licence.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
