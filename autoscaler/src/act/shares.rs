//! How many workers' memory the limit of a project is for: those that serve and, of a template, the instances that
//! still end or do not serve yet. Those live in the same slice, and a stop may take as long as the longest task.

use std::{fs, io};

use crate::host::cgroup::{Cgroup, CgroupMount};
use crate::host::service::number_of;
use crate::model::{CgroupError, Project};

/// The instances of the project's template that have processes, serving or not; 0 where it has no template.
pub(super) fn living(mount: &CgroupMount, project: &Project, slice: &Cgroup) -> Result<u32, CgroupError> {
    let Some(template) = project.template() else {
        return Ok(0);
    };
    let unreadable = |source: io::Error| CgroupError::Unreadable {
        path: slice.path().to_owned(),
        source: source.into(),
    };
    let mut living = 0;
    for entry in fs::read_dir(slice.path()).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        // systemd names an instance's cgroup as its unit.
        let instance = entry
            .file_name()
            .to_str()
            .and_then(|name| number_of(template, name));
        if instance.is_some() && has_processes(mount, &entry.path())? {
            living += 1;
        }
    }
    Ok(living)
}

fn has_processes(mount: &CgroupMount, path: &std::path::Path) -> Result<bool, CgroupError> {
    match mount.open(path) {
        Ok(cgroup) => Ok(!cgroup.processes()?.is_empty()),
        // Gone since it was listed.
        Err(CgroupError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
