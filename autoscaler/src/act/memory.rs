//! The memory limit of a project follows its workers: raised before one is added, lowered after one has gone.

mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::act::runtime::RuntimeLimits;
use crate::host::cgroup::Cgroup;
use crate::model::{Container, ManagerError, MemoryError};

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

/// Who keeps the limit of a cgroup as well, and would undo one that it was not told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper<'a> {
    /// Nobody.
    Nobody,
    /// systemd, as that of this unit.
    Unit(&'a str),
    /// The runtime of a container, or else systemd, as that of the scope it is in.
    Container {
        /// The container.
        container: &'a Container,
        /// The scope.
        scope: Option<&'a str>,
    },
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
    runtimes: RuntimeLimits,
    /// Cgroups whose limit is in force and whose keeper could not be told of it.
    untold: Arc<Mutex<BTreeSet<PathBuf>>>,
    dry_run: bool,
}

impl MemoryLimits {
    /// Limits that `manager` is told of as well. With `dry_run`, nothing is told or written.
    #[must_use]
    pub fn new(manager: Option<Arc<dyn LimitSetter>>, dry_run: bool) -> Self {
        Self {
            manager,
            runtimes: RuntimeLimits::default(),
            untold: Arc::default(),
            dry_run,
        }
    }

    /// Makes room: brings the limit to at least `wanted` bytes.
    pub async fn raise(
        &self,
        cgroup: &Cgroup,
        keeper: Keeper<'_>,
        wanted: u64,
    ) -> Result<Limit, MemoryError> {
        let now = file::read(cgroup)?;
        if now.max >= wanted {
            return self.keep(cgroup, keeper, now.max).await;
        }
        self.set(cgroup, keeper, now.max, wanted).await
    }

    /// Brings the limit to `wanted` bytes, or leaves it where it is while use stands too close below.
    pub async fn settle(
        &self,
        cgroup: &Cgroup,
        keeper: Keeper<'_>,
        wanted: u64,
    ) -> Result<Limit, MemoryError> {
        let now = file::read(cgroup)?;
        if now.max == wanted {
            return self.keep(cgroup, keeper, now.max).await;
        }
        if now.max > wanted && wanted < lowest(now.current) {
            return Ok(Limit::InUse {
                bytes: now.max,
                wanted,
                current: now.current,
            });
        }
        self.set(cgroup, keeper, now.max, wanted).await
    }

    async fn set(
        &self,
        cgroup: &Cgroup,
        keeper: Keeper<'_>,
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
            self.tell(cgroup, keeper, to).await?;
            return Ok(Limit::Changed { from, to });
        }
        let told = self.tell(cgroup, keeper, to).await;
        // systemd swallows a failed write of its own: only the file says what is in force.
        if file::read(cgroup)?.max != to {
            file::write(cgroup, to)?;
        }
        told?;
        Ok(Limit::Changed { from, to })
    }

    /// Leaves the limit as it is. Its keeper is told where it could not be before.
    async fn keep(&self, cgroup: &Cgroup, keeper: Keeper<'_>, bytes: u64) -> Result<Limit, MemoryError> {
        if !self.dry_run && self.untold().contains(cgroup.path()) {
            self.tell(cgroup, keeper, bytes).await?;
        }
        Ok(Limit::Kept { bytes })
    }

    async fn tell(&self, cgroup: &Cgroup, keeper: Keeper<'_>, bytes: u64) -> Result<(), MemoryError> {
        let told = self.try_to_tell(keeper, bytes).await;
        let mut untold = self.untold();
        if told.is_ok() {
            untold.remove(cgroup.path());
        } else {
            untold.insert(cgroup.path().to_owned());
        }
        told
    }

    fn untold(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn try_to_tell(&self, keeper: Keeper<'_>, bytes: u64) -> Result<(), MemoryError> {
        let unit = match keeper {
            Keeper::Nobody => None,
            Keeper::Unit(unit) => Some(unit),
            Keeper::Container { container, scope } => {
                let told = self.runtimes.set_memory_max(container, bytes).await?;
                scope.filter(|_| !told && !container.rootless)
            }
        };
        match (&self.manager, unit) {
            (Some(manager), Some(unit)) => Ok(manager.set_memory_max(unit, bytes).await?),
            _ => Ok(()),
        }
    }
}

/// The lowest limit that leaves room for growth over `current` bytes in use: an eighth of them, 64 MiB at the
/// least. A limit closer than that makes the kernel reclaim what is needed, and then kill.
fn lowest(current: u64) -> u64 {
    current.saturating_add((current / 8).max(HEADROOM_FLOOR))
}
