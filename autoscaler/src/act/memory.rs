//! The memory limit of a project follows its workers: raised before one is added, lowered after one has gone.

mod file;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::host::cgroup::Cgroup;
use crate::model::{ManagerError, MemoryError};

/// Least distance that a lowered limit keeps from use.
const HEADROOM_FLOOR: u64 = 64 << 20;

/// Who writes a unit's cgroup files: the limit must be told there too, or the next `daemon-reload` undoes it.
pub trait LimitSetter: Send + Sync {
    /// Sets `MemoryMax` of `unit`, in bytes, until the host restarts: a unit that restarts begins under it
    /// (`SetUnitProperties` with `runtime`, org.freedesktop.systemd1(5)).
    fn set_memory_max<'a>(
        &'a self,
        unit: &'a str,
        bytes: u64,
    ) -> Pin<Box<dyn Future<Output = Result<(), ManagerError>> + Send + 'a>>;
}

/// What became of a limit. All figures in bytes, `u64::MAX` for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// It is as it should be.
    Kept {
        /// The limit in force.
        bytes: u64,
    },
    /// It was changed, and read back; in a dry run, it would be changed.
    Changed {
        /// The limit before.
        from: u64,
        /// The limit in force.
        to: u64,
    },
    /// It should be lower, but use stands too close: lowering it would kill. The next check tries again.
    InUse {
        /// The limit in force.
        bytes: u64,
        /// The limit wanted.
        wanted: u64,
        /// The memory in use.
        current: u64,
    },
}

impl Limit {
    /// The limit in force.
    #[must_use]
    pub fn bytes(self) -> u64 {
        match self {
            Self::Kept { bytes } | Self::Changed { to: bytes, .. } | Self::InUse { bytes, .. } => bytes,
        }
    }

    /// This change and a later one as a single one.
    #[must_use]
    pub(super) fn then(self, later: Self) -> Self {
        match (self, later) {
            (Self::Changed { from, .. }, Self::Kept { bytes: to } | Self::Changed { to, .. })
                if from != to =>
            {
                Self::Changed { from, to }
            }
            (Self::Changed { .. }, Self::Changed { to, .. }) => Self::Kept { bytes: to },
            (_, later) => later,
        }
    }
}

/// Keeps `memory.max` of cgroups in step.
#[derive(Clone, Default)]
pub struct MemoryLimits {
    /// Whom to tell; `None` without a service manager.
    manager: Option<Arc<dyn LimitSetter>>,
    dry_run: bool,
}

impl MemoryLimits {
    /// Limits that `manager` is told of as well. With `dry_run`, nothing is told or written.
    #[must_use]
    pub fn new(manager: Option<Arc<dyn LimitSetter>>, dry_run: bool) -> Self {
        Self { manager, dry_run }
    }

    /// Makes room: brings the limit to at least `wanted` bytes. `unit` is the unit that the cgroup belongs
    /// to, where there is one.
    pub async fn raise(
        &self,
        cgroup: &Cgroup,
        unit: Option<&str>,
        wanted: u64,
    ) -> Result<Limit, MemoryError> {
        let now = file::read(cgroup)?;
        if now.max >= wanted {
            return Ok(Limit::Kept { bytes: now.max });
        }
        self.set(cgroup, unit, now.max, wanted).await
    }

    /// Brings the limit to `wanted` bytes, or leaves it where it is while use stands too close below.
    pub async fn settle(
        &self,
        cgroup: &Cgroup,
        unit: Option<&str>,
        wanted: u64,
    ) -> Result<Limit, MemoryError> {
        let now = file::read(cgroup)?;
        if now.max == wanted {
            return Ok(Limit::Kept { bytes: now.max });
        }
        if now.max > wanted && wanted < lowest(now.current) {
            return Ok(Limit::InUse {
                bytes: now.max,
                wanted,
                current: now.current,
            });
        }
        self.set(cgroup, unit, now.max, wanted).await
    }

    async fn set(
        &self,
        cgroup: &Cgroup,
        unit: Option<&str>,
        from: u64,
        to: u64,
    ) -> Result<Limit, MemoryError> {
        if self.dry_run {
            return Ok(Limit::Changed { from, to });
        }
        if to < from {
            // At once, while the look at use still holds: the manager may take seconds to answer, and use may have
            // grown by then.
            file::write(cgroup, to)?;
            self.tell(unit, to).await?;
            return Ok(Limit::Changed { from, to });
        }
        let told = self.tell(unit, to).await;
        // systemd swallows a failed write of its own: only the file says what is in force.
        if file::read(cgroup)?.max != to {
            file::write(cgroup, to)?;
        }
        told?;
        Ok(Limit::Changed { from, to })
    }

    async fn tell(&self, unit: Option<&str>, bytes: u64) -> Result<(), ManagerError> {
        match (&self.manager, unit) {
            (Some(manager), Some(unit)) => manager.set_memory_max(unit, bytes).await,
            _ => Ok(()),
        }
    }
}

/// The lowest limit that leaves room for growth over `current` bytes in use: an eighth of them, 64 MiB at the
/// least. A limit closer than that makes the kernel reclaim what is needed, and then kill.
fn lowest(current: u64) -> u64 {
    current.saturating_add((current / 8).max(HEADROOM_FLOOR))
}
