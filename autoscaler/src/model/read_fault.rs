//! What is behind something about a project that cannot be read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::{CgroupError, ProcessError};

/// Why something about a project cannot be read. Displayed in English, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ReadFault {
    /// A cgroup.
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
    /// A process.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The main process went while it was looked at.
    #[error("the main process {pid} ended while it was looked at")]
    Ended {
        /// Its pid.
        pid: u32,
    },
    /// The instances of a template are not together.
    #[error(
        "the instances of {template} are in {} and {}: let them share one slice",
        .slices[0].display(), .slices[1].display()
    )]
    TwoSlices {
        /// The template.
        template: String,
        /// Two of the slices that they are in.
        slices: [PathBuf; 2],
    },
    /// Something else is among the instances of a template.
    #[error(
        "the instances of {template} share {slice} with {name}: give the template a slice of its own, as it has without Slice="
    )]
    SharedSlice {
        /// The template.
        template: String,
        /// Their slice.
        slice: String,
        /// What else is in it.
        name: String,
    },
    /// systemd does not know which process of an instance is the main one.
    #[error(
        "systemd does not know the main process of {unit}: write Type=notify, exec or simple, or a PIDFile="
    )]
    NoMainProcess {
        /// The instance.
        unit: String,
    },
    /// The daemon has not looked yet.
    #[error("the daemon has not counted its workers yet")]
    NotCounted,
    /// What an earlier version kept: its own English words.
    #[error("{0}")]
    Words(String),
}

impl From<String> for ReadFault {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}
