//! The projects of the configuration as found on the host.

use std::path::{Path, PathBuf};

use super::{CgroupSample, HostSample, Place, ProjectState, Tree};
use crate::config::Project;
use crate::observe::cgroup::CgroupMount;
use crate::observe::process::Procfs;
use crate::observe::{Unobservable, workers_in};

impl ProjectState {
    /// Looks for the project among the cgroups and counts its workers.
    pub(super) fn read(
        procfs: &Procfs,
        mount: &CgroupMount,
        host: &HostSample,
        samples: &[CgroupSample],
        project: &Project,
    ) -> Self {
        let found = samples.iter().find(|sample| is_home(project, &sample.place));
        let workers = match found {
            Some(sample) => mount
                .open(&sample.place.dir)
                .map_err(Unobservable::from)
                .and_then(|cgroup| workers_in(procfs, project, cgroup, &host.online)),
            None => Err(Unobservable::UnitInactive {
                unit: project.service_name.clone(),
                state: "no such cgroup".to_owned(),
            }),
        };
        Self {
            name: project.name.clone(),
            cgroup: found.map(|sample| sample.id),
            workers: workers.map(|(workers, allowed_cpus)| {
                (u32::try_from(workers.len()).unwrap_or(u32::MAX), allowed_cpus)
            }),
        }
    }
}

/// The directory of the project's cgroup; `None` when there is none.
///
/// # Errors
/// When the cgroup hierarchy cannot be read.
pub fn home(mount: &Path, project: &Project) -> std::io::Result<Option<PathBuf>> {
    let mut found = None;
    Tree::new(mount, mount)?.for_each(|_, _, place| {
        if found.is_none() && is_home(project, place) {
            found = Some(place.dir.clone());
        }
    });
    Ok(found)
}

/// Whether this is the project's own cgroup: the configured one, or the one systemd names after the unit.
fn is_home(project: &Project, place: &Place) -> bool {
    match &project.cgroup {
        Some(cgroup) => cgroup.to_string_lossy().trim_matches('/') == place.path.trim_matches('/'),
        None => place.name() == project.service_name,
    }
}
