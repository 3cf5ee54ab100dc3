//! The requests of projects, where they were asked for; without a project, those of the cgroup that is shown, or of every one
//! that serves.

use std::collections::{HashMap, HashSet};

use anyhow::Result;

use super::{CgroupSample, ProjectState};
use crate::host::requests::{ROOM, RequestWatch, Serving};
use crate::host::usage::CgroupId;
use crate::model::{RequestFigures, RequestLook};

/// Sees requests, and remembers the last look.
pub(super) struct Requests {
    serving: Serving,
    last: HashMap<CgroupId, RequestLook>,
}

impl Requests {
    pub(super) fn new(watch: Box<dyn RequestWatch>) -> Self {
        Self {
            serving: Serving::new(watch),
            last: HashMap::new(),
        }
    }

    /// What happened since the last look, by cgroup.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub(super) fn look(
        &mut self,
        cgroups: &[CgroupSample],
        projects: &[ProjectState],
    ) -> Result<HashMap<CgroupId, RequestFigures>> {
        let mut named: HashSet<CgroupId> = projects.iter().filter_map(|project| project.cgroup).collect();
        if named.is_empty() {
            // Not the whole host: its requests are nobody's.
            let root = cgroups.first().filter(|root| root.place.path != "/");
            named.extend(root.map(|root| root.id));
        }
        let places = cgroups.iter().map(|cgroup| (cgroup.id, &cgroup.place));
        let looks = if named.is_empty() {
            self.serving.look(places)?
        } else {
            self.serving
                .look_at(places.filter(|(id, _)| named.contains(id)))?
        };
        // Much listens that is no web server: what was found is shown once it has served.
        let told = looks
            .iter()
            .filter(|(_, look)| !named.is_empty() || look.is_any());
        let since_then = |(id, look): (&CgroupId, &RequestLook)| {
            let last = self.last.get(id)?;
            Some((*id, RequestFigures::between(last, look)))
        };
        let seen = told.filter_map(since_then).collect();
        self.last = looks;
        Ok(seen)
    }

    /// Why some have no figures.
    pub(super) fn trouble(&self) -> Option<String> {
        let count = self.serving.left_out();
        (count > 0).then(|| format!("requests: {count} cgroups are left out, there is room for {ROOM}"))
    }
}
