//! The iterator that tells which requests wait or are served at this moment on connections whose record is in socket storage. aya
//! attaches iterators over all of a kind; one over a single map is made here, by the two commands of bpf(2) that it takes.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use anyhow::{Context, Result, ensure};
use autoscaler_common::Live;
use aya::maps::Map;
use aya::programs::ProgramFd;
use nix::libc;

use crate::model::KernelStep;

/// Commands and the kind of attachment: include/uapi/linux/bpf.h.
const BPF_LINK_CREATE: libc::c_int = 28;
const BPF_ITER_CREATE: libc::c_int = 33;
const BPF_TRACE_ITER: u32 = 28;

/// `struct { … } link_create` of `union bpf_attr`.
#[repr(C)]
struct LinkCreate {
    program: RawFd,
    target: u32,
    kind: u32,
    flags: u32,
    info: u64,
    info_length: u32,
    unused: u32,
}

/// `struct { … } iter_create` of `union bpf_attr`.
#[repr(C)]
struct IterCreate {
    link: RawFd,
    flags: u32,
}

/// An iterator over one map. Dropped, the kernel forgets it.
#[derive(Debug)]
pub(super) struct LiveIterator(OwnedFd);

impl LiveIterator {
    /// Attaches `program` to the records of `map`.
    pub(super) fn open(program: &ProgramFd, map: &Map) -> Result<Self> {
        let Map::SkStorage(map) = map else {
            anyhow::bail!(KernelStep::MapArray)
        };
        // `union bpf_iter_link_info`: the map's descriptor is its first member, and all that is told.
        let info: u32 = map.fd().as_fd().as_raw_fd().cast_unsigned();
        let link = LinkCreate {
            program: program.as_fd().as_raw_fd(),
            target: 0,
            kind: BPF_TRACE_ITER,
            flags: 0,
            info: (&raw const info) as u64,
            info_length: u32::BITS / u8::BITS,
            unused: 0,
        };
        // SAFETY: `link` is what the command expects, and `info` lives until the call returns.
        unsafe { bpf(BPF_LINK_CREATE, &link) }
            .map(Self)
            .context(KernelStep::Program("live".to_owned()))
    }

    /// Walks over all records once.
    pub(super) fn read(&self) -> Result<Vec<Live>> {
        let walk = IterCreate {
            link: self.0.as_raw_fd(),
            flags: 0,
        };
        // SAFETY: `walk` is what the command expects.
        let walk = unsafe { bpf(BPF_ITER_CREATE, &walk) };
        let step = || KernelStep::Program("live".to_owned());
        let mut bytes = Vec::new();
        File::from(walk.with_context(step)?)
            .read_to_end(&mut bytes)
            .with_context(step)?;
        ensure!(bytes.len().is_multiple_of(size_of::<Live>()), step());
        Ok(bytes.chunks_exact(size_of::<Live>()).map(record).collect())
    }
}

fn record(bytes: &[u8]) -> Live {
    let word = |at: usize| u64::from_ne_bytes(std::array::from_fn(|byte| bytes[at + byte]));
    Live {
        place: u32::from_ne_bytes(std::array::from_fn(|byte| bytes[byte])),
        unused: 0,
        waiting_since: word(8),
        served_since: word(16),
    }
}

/// Runs a command of bpf(2) that gives a descriptor.
///
/// # Safety
/// `attributes` must be the part of `union bpf_attr` that the command reads, and what it points to must be there.
unsafe fn bpf<T>(command: libc::c_int, attributes: &T) -> io::Result<OwnedFd> {
    // SAFETY: the caller's.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command,
            std::ptr::from_ref(attributes),
            size_of::<T>(),
        )
    };
    let fd = RawFd::try_from(fd).unwrap_or(-1);
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
