//! Why a memory limit is not what it should be.

use std::path::PathBuf;

use super::{BusFault, CgroupError, ContainerFault, SystemFault};

/// The service manager did not take an order: a limit, a start, a stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagerError {
    /// The unit.
    pub unit: String,
    /// The manager's answer, or why it could not be asked.
    pub why: BusFault,
}

/// Why a limit could not be brought to its figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemoryError {
    /// The cgroup has no memory controller: there is no limit to keep, and scaling goes on without.
    Unavailable {
        /// The cgroup's directory.
        cgroup: PathBuf,
    },
    /// A file of the cgroup cannot be read.
    Unreadable(CgroupError),
    /// The limit cannot be written.
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: SystemFault,
    },
    /// The limit was written, and reads back as another.
    NotKept {
        /// The file.
        path: PathBuf,
        /// Bytes written.
        wanted: u64,
        /// Bytes read back.
        seen: u64,
    },
    /// The limit is in force, but the service manager will undo it at its next reload.
    Manager(ManagerError),
    /// The limit is in force, but the container's runtime does not know of it, and may undo it.
    Runtime(ContainerFault),
}

told_by_words!(ManagerError, MemoryError);

impl From<CgroupError> for MemoryError {
    fn from(error: CgroupError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<ContainerFault> for MemoryError {
    fn from(fault: ContainerFault) -> Self {
        Self::Runtime(fault)
    }
}

impl From<ManagerError> for MemoryError {
    fn from(error: ManagerError) -> Self {
        Self::Manager(error)
    }
}
