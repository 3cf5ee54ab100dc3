//! What does not work of the sources of CPU figures.

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;

use crate::model::{CgroupError, SystemFault, WhyNotEbpf};

/// Which of the two sources is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// The kernel program on the scheduler's tracepoint.
    Ebpf,
    /// The cgroups' `cpu.stat` files: CPU only, no run-queue wait.
    CpuStat,
}

/// Why the source of CPU figures cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageFault {
    /// A file of a cgroup.
    Cgroup(CgroupError),
    /// The kernel program.
    Kernel(KernelFault),
}

impl From<anyhow::Error> for UsageFault {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<CgroupError>() {
            Ok(error) => Self::Cgroup(error),
            Err(other) => Self::Kernel(other.into()),
        }
    }
}

/// What does not work of the kernel program, and what is behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelFault {
    /// What was to be done; `None` where what is behind it says so.
    pub step: Option<KernelStep>,
    /// What stood against it.
    pub behind: Behind,
}

/// What a source has to tell beside its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceNews {
    /// The kernel program has room for so many cgroups from now on.
    Room {
        /// How many.
        capacity: usize,
    },
    /// There is no more room to be had for new cgroups. It is tried again by itself.
    NoRoom {
        /// Why not.
        why: WhyNotEbpf,
    },
}

/// What was to be done with the kernel program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KernelStep {
    /// To find this map in the object.
    Map(String),
    /// To find this program in the object.
    Program(String),
    /// To find a section in the object.
    Section,
    /// To put this offset into an instruction.
    Offset(u32),
    /// To make room for so many cgroups.
    Room,
    /// To map an array into memory.
    MapArray,
    /// To run `flush` on this CPU.
    Flush(u32),
    /// To take a cgroup's index out of use.
    Remove,
    /// To give an index back.
    GiveBack,
    /// To read this file.
    Read(PathBuf),
    /// To find a list of CPUs in this file.
    CpuList(PathBuf),
}

told_by_words!(KernelStep);

/// What stood against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behind {
    /// Nothing that has a name.
    Nothing,
    /// The system.
    System(SystemFault),
    /// What the library says that speaks with the kernel.
    Words(String),
}

impl From<KernelStep> for KernelFault {
    fn from(step: KernelStep) -> Self {
        Self {
            step: Some(step),
            behind: Behind::Nothing,
        }
    }
}

/// Of an error with a [`KernelStep`] as its context, or as itself.
impl From<anyhow::Error> for KernelFault {
    fn from(error: anyhow::Error) -> Self {
        let step = error.downcast_ref::<KernelStep>().cloned();
        let below: Vec<_> = error.chain().skip(usize::from(step.is_some())).collect();
        let system = below.last().and_then(|root| {
            let errno = root.downcast_ref::<Errno>().map(|errno| (*errno).into());
            errno.or_else(|| Some(root.downcast_ref::<io::Error>()?.into()))
        });
        let words: Vec<String> = below.iter().map(ToString::to_string).collect();
        let behind = match (system, words.as_slice()) {
            (_, []) => Behind::Nothing,
            // Where a library names what it was about, its own words say more.
            (Some(system), [_]) => Behind::System(system),
            (_, words) => Behind::Words(words.join(": ")),
        };
        Self { step, behind }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn the_step_stands_apart_from_what_is_behind_it() {
        let step = || KernelStep::Flush(3);
        let fault = |error: anyhow::Error| KernelFault::from(error);
        assert_eq!(fault(step().into()), step().into());
        let system: anyhow::Result<()> = Err(io::Error::from(Errno::EPERM)).context(step());
        assert_eq!(
            fault(system.unwrap_err()),
            KernelFault {
                step: Some(step()),
                behind: Behind::System(Errno::EPERM.into()),
            }
        );
        let library = anyhow!("inner").context("outer").context(step());
        let behind = Behind::Words("outer: inner".into());
        assert_eq!(fault(library).behind, behind);
        assert_eq!(
            fault(anyhow!("inner").context("outer")),
            KernelFault { step: None, behind }
        );
    }
}
