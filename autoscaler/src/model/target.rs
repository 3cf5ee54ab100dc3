//! What a project's processes are in.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What a project's processes are in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Target {
    /// The systemd unit that [`service_name`](crate::model::Project::service_name) names.
    #[default]
    Unit,
    /// A cgroup v2 directory, where there is no systemd unit to ask: relative to the cgroup2 mount, or absolute
    /// when the operator wrote the whole path below `/sys/fs/cgroup`. `mount.join(cgroup)` is right for both.
    Cgroup(PathBuf),
    /// A container.
    Container(ContainerName),
}

impl Target {
    /// Whether systemd is asked where it is.
    #[must_use]
    pub fn is_unit(&self) -> bool {
        *self == Self::Unit
    }

    /// The configured cgroup.
    #[must_use]
    pub fn cgroup(&self) -> Option<&PathBuf> {
        match self {
            Self::Cgroup(path) => Some(path),
            Self::Unit | Self::Container(_) => None,
        }
    }
}

/// How the configuration names a container: it gets a new id at each start, and keeps its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerName {
    /// The name that its runtime knows it by.
    pub name: String,
    /// The only runtime to look in; `None`: each that is there.
    pub runtime: Option<Runtime>,
    /// Whose rootless container it is: a user's name. `None`: root's.
    pub user: Option<String>,
}

/// Which of several servers in one cgroup is the project's. All that is given holds of its master.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProcessFilter {
    /// Text that stands in its command line, whose arguments have a space between them; `*` is anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Whose it is: a user's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// A file that holds its pid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pidfile: Option<PathBuf>,
}

/// What runs containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
}

impl Runtime {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Docker, Self::Podman];

    /// Its name for machines, which is also that of its command. Stable across releases.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    /// The runtime of this name.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|runtime| runtime.code() == code)
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Docker => "Docker",
            Self::Podman => "Podman",
        })
    }
}

/// A container that runs: it has this id until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// What runs it.
    pub runtime: Runtime,
    /// 64 hexadecimal digits.
    pub id: String,
    /// Whether it is a user's own, and not root's.
    pub rootless: bool,
}

impl Container {
    /// The beginning of its id, as the runtimes' own commands show it.
    #[must_use]
    pub fn short_id(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }
}
