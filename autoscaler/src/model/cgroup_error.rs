//! What can go wrong when a cgroup is found or read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::{Lack, SystemFault};

/// Why a cgroup cannot be used. Displayed in English, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum CgroupError {
    /// This host has no cgroup v2 hierarchy.
    #[error(
        "{} lists no cgroup2 file system: mount one (mount -t cgroup2 none /sys/fs/cgroup), or boot with systemd.unified_cgroup_hierarchy=1",
        mountinfo.display()
    )]
    NotMounted {
        /// The list of mounts that was read.
        mountinfo: PathBuf,
    },
    /// The path would leave the cgroup2 mount, or is the root of it, which holds the whole host.
    #[error("{} is not a cgroup below {}", path.display(), mount.display())]
    Outside {
        /// The path that was asked for.
        path: PathBuf,
        /// The cgroup2 mount.
        mount: PathBuf,
    },
    /// There is no such cgroup, or it was removed meanwhile.
    #[error("cgroup {} does not exist", path.display())]
    NotFound {
        /// Its directory.
        path: PathBuf,
    },
    /// The file exists but cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: SystemFault,
    },
    /// The file does not hold what this kernel interface promises.
    #[error("{} holds no {what}: {}", path.display(), crate::model::quoted(.text))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: Lack,
        /// What was found.
        text: String,
    },
}
