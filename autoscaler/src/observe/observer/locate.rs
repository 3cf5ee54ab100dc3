//! Where a project is: its cgroup, and its main process if anyone knows.

use std::path::Path;

use crate::config::Project;
use crate::observe::cgroup::{Cgroup, CgroupError, CgroupMount};
use crate::observe::service::{ServiceError, ServiceManager};
use crate::observe::snapshot::Unobservable;

/// Where a project is.
#[derive(Debug, Clone)]
pub(super) struct Location {
    pub(super) cgroup: Cgroup,
    /// The main process, where a service manager knows it.
    pub(super) main_pid: Option<u32>,
}

/// A configured cgroup comes first: then no service manager is asked at all.
pub(super) async fn locate(
    mount: &CgroupMount,
    services: &mut impl ServiceManager,
    project: &Project,
) -> Result<Location, Unobservable> {
    if let Some(path) = &project.cgroup {
        return Ok(Location {
            cgroup: mount.open(path)?,
            main_pid: None,
        });
    }
    let unit = services.unit(&project.service_name).await?;
    if !unit.is_up() {
        return Err(Unobservable::UnitInactive {
            unit: project.service_name.clone(),
            state: unit.active_state,
        });
    }
    // Such as a oneshot service that stays active after its process ended.
    let Some(control_group) = unit.control_group else {
        return Err(Unobservable::UnitInactive {
            unit: project.service_name.clone(),
            state: format!("{} without a cgroup", unit.active_state),
        });
    };
    Ok(Location {
        cgroup: mount.open(Path::new(&control_group))?,
        main_pid: unit.main_pid,
    })
}

impl From<CgroupError> for Unobservable {
    fn from(error: CgroupError) -> Self {
        match error {
            CgroupError::NotFound { path } => Self::CgroupNotFound { path },
            other => Self::unreadable(&other),
        }
    }
}

impl From<ServiceError> for Unobservable {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound { unit } => Self::UnitNotFound { unit },
            other => Self::NoServiceManager {
                why: other.to_string(),
            },
        }
    }
}
