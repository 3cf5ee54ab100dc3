//! What tells one process of a server from another: its caught signals and its command line.

use crate::host::process::{Procfs, SignalSet, unless_gone};
use crate::model::ProcessError;

/// The marks of one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks {
    /// Signals with a handler.
    pub(super) caught: SignalSet,
    /// The command line, or the title that the process put in its place.
    pub(super) cmdline: Vec<String>,
}

impl Marks {
    /// Reads the marks of `pid`; `None` if it is gone.
    pub(super) fn read(procfs: &Procfs, pid: u32) -> Result<Option<Self>, ProcessError> {
        let Some(status) = unless_gone(procfs.status(pid))? else {
            return Ok(None);
        };
        let cmdline = unless_gone(procfs.cmdline(pid))?;
        Ok(cmdline.map(|cmdline| Self {
            caught: status.caught,
            cmdline,
        }))
    }

    /// The first argument: the program, or the whole title.
    pub(super) fn title(&self) -> &str {
        self.cmdline.first().map_or("", String::as_str)
    }
}
