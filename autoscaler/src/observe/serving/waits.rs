//! What the threads of a process wait for.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

use nix::libc;

use super::descriptors::Descriptor;
use crate::host::process::{Procfs, unless_gone};
use crate::model::ProcessError;

/// Whether an epoll set of `pid` has one of the descriptors `listening` in it: each has a line `tfd:` in the set's
/// fdinfo (`ep_show_fdinfo` of fs/eventpoll.c). Asyncio, uvloop, gevent and Ruby's reactors wait so.
pub(super) fn in_epoll(
    procfs: &Procfs,
    pid: u32,
    open: &[Descriptor],
    listening: &BTreeSet<u32>,
) -> Result<bool, ProcessError> {
    for set in open.iter().filter(|open| open.name == "anon_inode:[eventpoll]") {
        let Some(info) = unless_gone(procfs.text(pid, &format!("fdinfo/{}", set.number)))? else {
            continue;
        };
        let mut watched = info.lines().filter_map(|line| {
            let number = line.strip_prefix("tfd:")?.split_ascii_whitespace().next()?;
            number.parse::<u32>().ok()
        });
        if watched.any(|number| listening.contains(&number)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a thread of `pid` is inside a call that waits for one of the descriptors `listening`.
pub(super) fn in_call(procfs: &Procfs, pid: u32, listening: &BTreeSet<u32>) -> Result<bool, ProcessError> {
    let memory = File::open(procfs.root().join(format!("{pid}/mem"))).ok();
    for thread in procfs.numbers_in(pid, "task")? {
        let Some(line) = unless_gone(procfs.text(pid, &format!("task/{thread}/syscall")))? else {
            continue;
        };
        let waits = Call::parse(&line)
            .and_then(Call::waits)
            .is_some_and(|wait| match wait {
                Wait::Accept(number) => listening.contains(&number),
                Wait::Select { below, at } => {
                    let set = read(memory.as_ref(), at, below.div_ceil(8));
                    let has = |number: u32| {
                        let byte = set.as_ref().and_then(|set| set.get(number as usize / 8));
                        number < below && byte.is_some_and(|byte| byte >> (number % 8) & 1 == 1)
                    };
                    listening.iter().any(|number| has(*number))
                }
                Wait::Poll { at, count } => {
                    let polled = read(memory.as_ref(), at, count.saturating_mul(POLLFD)).unwrap_or_default();
                    polled.chunks_exact(POLLFD as usize).any(|pollfd| {
                        let number = pollfd.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes));
                        number.is_some_and(|number| listening.contains(&number))
                    })
                }
            });
        if waits {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Bytes of a `struct pollfd`; its first four are the descriptor (poll(2)).
const POLLFD: u32 = 8;

/// Most bytes that are read of a process's memory: a server listens on few sockets.
const MOST: u32 = 64 * 1024;

/// `len` bytes of a process at `at`. The kernel writes the caller's set only when the call returns (fs/select.c).
fn read(memory: Option<&File>, at: u64, len: u32) -> Option<Vec<u8>> {
    let mut bytes = vec![0; len.min(MOST) as usize];
    memory?.read_exact_at(&mut bytes, at).ok()?;
    Some(bytes)
}

/// The call that a thread is in: its number and its first arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    number: i64,
    arguments: [u64; 2],
}

/// What a call waits for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// A connection on this descriptor.
    Accept(u32),
    /// The descriptors below `below` of the set of bits at the address `at`.
    Select { below: u32, at: u64 },
    /// The `count` descriptors of the list at `at`.
    Poll { at: u64, count: u32 },
}

impl Call {
    /// Reads `/proc/PID/syscall` (`proc_pid_syscall(5)`): `NUMBER 0xARG …`. `None` for a thread that runs, or that is
    /// blocked outside any call.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let number = fields.next()?.parse().ok().filter(|number| *number >= 0)?;
        let mut argument = || u64::from_str_radix(fields.next()?.strip_prefix("0x")?, 16).ok();
        Some(Self {
            number,
            arguments: [argument()?, argument()?],
        })
    }

    pub(super) fn waits(self) -> Option<Wait> {
        let [first, second] = self.arguments;
        let low = |argument: u64| u32::try_from(argument & u64::from(u32::MAX)).ok();
        let is = |numbers: &[libc::c_long]| numbers.contains(&self.number);
        if is(&[libc::SYS_accept, libc::SYS_accept4]) {
            return Some(Wait::Accept(low(first)?));
        }
        if is(SELECTS) {
            let (below, at) = (low(first)?, second);
            return Some(Wait::Select { below, at });
        }
        if is(POLLS) {
            let (at, count) = (first, low(second)?);
            return Some(Wait::Poll { at, count });
        }
        None
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
const SELECTS: &[libc::c_long] = &[libc::SYS_select, libc::SYS_pselect6];
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
const POLLS: &[libc::c_long] = &[libc::SYS_poll, libc::SYS_ppoll];
// Later architectures have the newer calls alone.
#[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
const SELECTS: &[libc::c_long] = &[libc::SYS_pselect6];
#[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
const POLLS: &[libc::c_long] = &[libc::SYS_ppoll];
