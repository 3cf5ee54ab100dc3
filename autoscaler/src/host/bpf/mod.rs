//! What all kernel programs need: what this host lets them do, where its kernel keeps the fields that they read, and
//! their arrays read in place.

mod mapped;
mod offsets;
mod permission;
mod relocate;
mod types;

use std::collections::VecDeque;
use std::path::Path;

use anyhow::{Context, Result};
use aya::Ebpf;
use aya::programs::{BtfTracePoint, ProgramError};

pub(super) use mapped::Mapped;
pub use offsets::VMLINUX as KERNEL_TYPES;
pub(super) use offsets::{ACCOUNTING, Offsets, REQUESTS};
pub(super) use permission::{check, explain};
pub(super) use relocate::relocated;
pub(super) use types::KernelTypes;

use crate::host::cpu_list::{CpuList, InvalidCpuList};
use crate::model::{Behind, KernelFault, KernelStep, WhyNotEbpf};

/// The verifier's last lines tell what it stumbled over; the thousands before them do not.
const LOG_LINES: usize = 5;

pub(super) fn refused(program: &str, error: &ProgramError) -> WhyNotEbpf {
    match error {
        ProgramError::LoadError {
            io_error,
            verifier_log,
        } => {
            let log = verifier_log.to_string();
            let mut last: VecDeque<&str> = VecDeque::new();
            for line in log.lines().filter(|line| !line.trim().is_empty()) {
                if last.len() == LOG_LINES {
                    last.pop_front();
                }
                last.push_back(line.trim());
            }
            let lines = Vec::from(last).join(" | ");
            WhyNotEbpf::Refused {
                program: program.to_owned(),
                error: io_error.into(),
                log: lines,
            }
        }
        other => WhyNotEbpf::Failed {
            why: KernelFault {
                step: None,
                behind: Behind::Words(format!("`{program}`: {other}")),
            },
        },
    }
}

/// Whether the kernel's description of its types, at `path`, has every field that the programs read.
///
/// # Errors
/// What it lacks, or why it cannot be read.
pub fn fields_known(path: &Path) -> Result<(), WhyNotEbpf> {
    let types = KernelTypes::read(path)?;
    Offsets::of_kernel(&types, ACCOUNTING)?;
    Offsets::of_kernel(&types, REQUESTS)?;
    Ok(())
}

/// What went wrong with a program that had been loaded, or while it was.
pub fn failed(error: impl Into<anyhow::Error>) -> WhyNotEbpf {
    WhyNotEbpf::Failed {
        why: error.into().into(),
    }
}

/// Kernels before 5.11 charge maps against `RLIMIT_MEMLOCK`, which is small by default.
pub(super) fn raise_memlock() {
    use nix::sys::resource::{RLIM_INFINITY, Resource, setrlimit};
    // Best effort: newer kernels do not look at it, and on older ones the map's own error says the rest.
    let _ = setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY);
}

pub(super) fn online_cpus() -> Result<CpuList> {
    cpus("/sys/devices/system/cpu/online")
}

/// One more than the highest CPU number that this kernel may ever bring up.
pub(super) fn possible_cpus() -> Result<u32> {
    let highest = cpus("/sys/devices/system/cpu/possible")?
        .iter()
        .last()
        .with_context(|| KernelStep::CpuList("/sys/devices/system/cpu/possible".into()))?;
    Ok(highest + 1)
}

fn cpus(file: &str) -> Result<CpuList> {
    let text = std::fs::read_to_string(file).with_context(|| KernelStep::Read(file.into()))?;
    text.parse()
        .map_err(|InvalidCpuList| KernelStep::CpuList(file.into()).into())
}

/// A program of an object that is attached to a tracepoint.
pub(super) fn tracepoint<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut BtfTracePoint, WhyNotEbpf> {
    let program = ebpf
        .program_mut(name)
        .with_context(|| KernelStep::Program(name.to_owned()));
    program
        .map_err(failed)?
        .try_into()
        .map_err(|error| refused(name, &error))
}
