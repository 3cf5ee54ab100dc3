//! The open files of a process (`proc_pid_fd(5)`).

use std::path::PathBuf;

use crate::host::process::{Procfs, unless_gone};
use crate::model::ProcessError;

/// One open file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Descriptor {
    /// Its number.
    pub(super) number: u32,
    /// What the kernel calls it: a path, `socket:[INODE]`, `anon_inode:[eventpoll]`.
    pub(super) name: String,
    /// The link in procfs, which leads to the file itself.
    pub(super) link: PathBuf,
}

/// The open files of `pid`.
pub(super) fn of(procfs: &Procfs, pid: u32) -> Result<Vec<Descriptor>, ProcessError> {
    let mut open = Vec::new();
    for number in procfs.numbers_in(pid, "fd")? {
        // One that is closed meanwhile is none.
        if let Some(name) = unless_gone(procfs.link(pid, &format!("fd/{number}")))? {
            open.push(Descriptor {
                number,
                name,
                link: procfs.root().join(format!("{pid}/fd/{number}")),
            });
        }
    }
    Ok(open)
}
