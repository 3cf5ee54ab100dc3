//! A project as found on the host.

use jiff::Timestamp;

use crate::host::cgroup::CgroupMount;
use crate::host::process::Procfs;
use crate::model::Unobservable;
use crate::top::sample::{CgroupSample, HostSample, ProjectState, Sought};

impl ProjectState {
    /// Looks for the project among the cgroups and counts its workers.
    pub(super) fn read(
        procfs: &Procfs,
        mount: &CgroupMount,
        host: &HostSample,
        samples: &[CgroupSample],
        sought: &Sought,
    ) -> Self {
        let is_home = sought.is_home(mount.path());
        let found = samples.iter().find(|sample| is_home(&sample.place));
        let workers = match found {
            Some(sample) => mount
                .open(&sample.place.dir)
                .map_err(Unobservable::from)
                .and_then(|cgroup| sought.workers.count(procfs, &cgroup, host)),
            None => Err(Unobservable::UnitInactive {
                unit: sought.unit.clone(),
                state: "no such cgroup".to_owned(),
            }),
        };
        Self {
            name: sought.name.clone(),
            cgroup: found.map(|sample| sample.id),
            workers,
            rules: sought.rules_at(Timestamp::now()),
        }
    }
}
