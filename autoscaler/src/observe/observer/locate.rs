//! Where a project is: its cgroup, and its main process if anyone knows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::host::cgroup::{Cgroup, CgroupError, CgroupMount};
use crate::host::service::{Instance, ServiceError, ServiceManager, name_of};
use crate::model::{Project, Unobservable};

/// Where a project is.
#[derive(Debug, Clone)]
pub(super) struct Location {
    pub(super) cgroup: Cgroup,
    pub(super) main: Main,
}

/// What a service manager knows of a project's processes.
#[derive(Debug, Clone)]
pub(super) enum Main {
    /// The main process of its one service; `None` where nobody knows it.
    Process(Option<u32>),
    /// The instances of its template: the cgroup is the slice that they share.
    Instances(Vec<Instance>),
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
            main: Main::Process(None),
        });
    }
    if let Some(template) = project.template() {
        return locate_instances(mount, services, template).await;
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
        main: Main::Process(unit.main_pid),
    })
}

/// systemd gives the instances of a template a slice of their own, `system-NAME.slice` (systemd.resource-control(5),
/// `Slice=`): what that one uses is what they use together.
async fn locate_instances(
    mount: &CgroupMount,
    services: &mut impl ServiceManager,
    template: &str,
) -> Result<Location, Unobservable> {
    let mut instances = services.instances(template).await?;
    instances.retain(|instance| instance.unit.is_up());
    let slices: BTreeSet<PathBuf> = instances
        .iter()
        .filter_map(|instance| {
            Some(
                Path::new(instance.unit.control_group.as_deref()?)
                    .parent()?
                    .to_owned(),
            )
        })
        .collect();
    let mut slices = slices.into_iter();
    let Some(slice) = slices.next() else {
        return Err(Unobservable::UnitInactive {
            unit: name_of(template, 1).unwrap_or_else(|| template.to_owned()),
            state: "inactive".to_owned(),
        });
    };
    if let Some(other) = slices.next() {
        return Err(Unobservable::Unreadable {
            why: format!(
                "the instances of {template} are in {} and {}: let them share one slice",
                slice.display(),
                other.display()
            ),
        });
    }
    let cgroup = mount.open(&slice)?;
    alone(&cgroup, template)?;
    Ok(Location {
        cgroup,
        main: Main::Instances(instances),
    })
}

/// Refuses a slice that holds others than instances of `template`: they would be counted with them.
fn alone(cgroup: &Cgroup, template: &str) -> Result<(), Unobservable> {
    let own = template.split_inclusive('@').next().unwrap_or(template);
    for entry in fs::read_dir(cgroup.path()).map_err(|error| Unobservable::unreadable(&error))? {
        let entry = entry.map_err(|error| Unobservable::unreadable(&error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with(own) {
            return Err(Unobservable::Unreadable {
                why: format!(
                    "the instances of {template} share {} with {name}: give the template a slice of its own, as it has without Slice=",
                    cgroup.name()
                ),
            });
        }
    }
    Ok(())
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
