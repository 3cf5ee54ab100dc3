//! Why the kernel program is not in use: each reason names what is missing.

use std::path::PathBuf;

use crate::model::{KernelFault, SystemFault};

/// Why usage comes from `cpu.stat` and not from the kernel program. Said once; scaling goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyNotEbpf {
    /// No cgroup v2 hierarchy in /proc/self/mountinfo.
    NoCgroup2,
    /// The kernel was built without `CONFIG_DEBUG_INFO_BTF`.
    NoBtf {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The kernel's type information could not be read or understood.
    BadBtf {
        /// What is wrong with it.
        why: BtfFault,
    },
    /// A field that the program reads is not in this kernel.
    NoField {
        /// Structure and field, e.g. `task_struct.sched_info.run_delay`.
        field: String,
        /// The kernel option that brings it, where one does.
        needs: Option<String>,
    },
    /// A function that the program calls is not among those that this kernel lends to it (bpf-helpers(7)).
    NoHelper {
        /// The function's name.
        helper: &'static str,
        /// The first release that has it.
        since: &'static str,
    },
    /// An event that the programs are called at is not among those of this kernel.
    NoEvent {
        /// The tracepoint's name.
        event: &'static str,
        /// The first release that has it.
        since: &'static str,
    },
    /// A function that the programs are called at is not among those of this kernel that may be traced.
    NoFunction {
        /// Its name.
        function: &'static str,
    },
    /// Capabilities that the daemon lacks (capabilities(7)).
    NotPermitted {
        /// Their names, e.g. `CAP_BPF`.
        missing: Vec<&'static str>,
    },
    /// The kernel refused it while it is locked down (`kernel_lockdown(7)`).
    Lockdown {
        /// What was refused.
        refusal: Box<WhyNotEbpf>,
    },
    /// The verifier refused the program.
    Refused {
        /// The program's name.
        program: String,
        /// The kernel's error.
        error: SystemFault,
        /// The last lines of the verifier's log.
        log: String,
    },
    /// Anything else that went wrong while loading or attaching.
    Failed {
        /// What did not work.
        why: KernelFault,
    },
}

/// What is wrong with the kernel's type information.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BtfFault {
    /// The file cannot be read.
    System {
        /// The file.
        path: PathBuf,
        /// The kernel's error.
        error: SystemFault,
    },
    /// It is not understood.
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the library says that reads it.
        words: String,
    },
    /// Several structures of one name disagree about a field.
    SeveralPlaces {
        /// Structure and field.
        field: String,
        /// How many places it is at.
        count: usize,
    },
    /// A structure is part of itself, which no structure of C can be.
    PartOfItself {
        /// The structure.
        structure: &'static str,
    },
    /// What the library says that loads the programs.
    Words(String),
}

told_by_words!(WhyNotEbpf);
