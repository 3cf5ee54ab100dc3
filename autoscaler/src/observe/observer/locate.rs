//! Where a project is: its cgroup, and its main process if anyone knows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::host::cgroup::{Cgroup, CgroupMount};
use crate::host::container::Containers;
use crate::host::service::{Instance, ServiceManager, name_of};
use crate::model::{CgroupError, Container, Project, ReadFault, ServiceError, Target, Unobservable};

/// Where a project is.
#[derive(Debug, Clone)]
pub(super) struct Location {
    pub(super) cgroup: Cgroup,
    pub(super) main: Main,
    /// The container that it is, where it is one.
    pub(super) container: Option<Container>,
}

impl Location {
    fn of_processes(cgroup: Cgroup, main: Option<u32>) -> Self {
        Self {
            cgroup,
            main: Main::Process(main),
            container: None,
        }
    }
}

/// What a service manager knows of a project's processes.
#[derive(Debug, Clone)]
pub(super) enum Main {
    /// The main process of its one service; `None` where nobody knows it.
    Process(Option<u32>),
    /// The instances of its template: the cgroup is the slice that they share.
    Instances(Vec<Instance>),
}

/// Of a configured cgroup or container no service manager is asked at all.
pub(super) async fn locate(
    mount: &CgroupMount,
    services: &mut impl ServiceManager,
    containers: &mut Containers,
    project: &Project,
) -> Result<Location, Unobservable> {
    match &project.target {
        Target::Cgroup(path) => return Ok(Location::of_processes(mount.open(path)?, None)),
        Target::Container(name) => {
            let found = containers.find(mount, name).await?;
            return Ok(Location {
                container: Some(found.container),
                ..Location::of_processes(mount.open(Path::new(&found.cgroup))?, found.main)
            });
        }
        Target::Unit => {}
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
        return Err(Unobservable::UnitWithoutCgroup {
            unit: project.service_name.clone(),
            state: unit.active_state,
        });
    };
    let cgroup = mount.open(Path::new(&control_group))?;
    Ok(Location::of_processes(cgroup, unit.main_pid))
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
        let fault = ReadFault::TwoSlices {
            template: template.to_owned(),
            slices: [slice, other],
        };
        return Err(fault.into());
    }
    let cgroup = mount.open(&slice)?;
    alone(&cgroup, template)?;
    Ok(Location {
        cgroup,
        main: Main::Instances(instances),
        container: None,
    })
}

/// Refuses a slice that holds others than instances of `template`: they would be counted with them.
fn alone(cgroup: &Cgroup, template: &str) -> Result<(), Unobservable> {
    let own = template.split_inclusive('@').next().unwrap_or(template);
    let unreadable = |source: io::Error| CgroupError::Unreadable {
        path: cgroup.path().to_owned(),
        source: source.into(),
    };
    for entry in fs::read_dir(cgroup.path()).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with(own) {
            let fault = ReadFault::SharedSlice {
                template: template.to_owned(),
                slice: cgroup.name(),
                name,
            };
            return Err(fault.into());
        }
    }
    Ok(())
}

impl From<CgroupError> for Unobservable {
    fn from(error: CgroupError) -> Self {
        match error {
            CgroupError::NotFound { path } => Self::CgroupNotFound { path },
            other => ReadFault::from(other).into(),
        }
    }
}

impl From<ServiceError> for Unobservable {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::NotFound { unit } => Self::UnitNotFound { unit },
            why => Self::NoServiceManager { why },
        }
    }
}
