//! What the daemon as a whole keeps and serves.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What is kept of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// Whether anything is.
    pub enabled: bool,
    /// The file; `None` for the one in the state directory.
    pub path: Option<PathBuf>,
    /// Age of the oldest check.
    pub keep: Duration,
    /// Size of the file, MiB.
    pub max_mib: u64,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            enabled: true,
            path: None,
            keep: Duration::from_hours(24 * 90),
            max_mib: 256,
        }
    }
}

/// The memory that all projects with a promise share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Their memory limits together, MiB.
    pub memory_mib: u64,
}

/// Where figures are served to Prometheus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// The address.
    pub listen: Listen,
}

/// An address to serve at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// TCP.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}
