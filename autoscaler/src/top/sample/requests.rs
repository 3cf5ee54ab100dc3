//! The requests of projects, where they were asked for; without a project, those of the cgroup that is shown.

use std::collections::HashMap;

use anyhow::{Result, ensure};

use super::{CgroupSample, ProjectState};
use crate::host::requests::RequestWatch;
use crate::host::usage::CgroupId;
use crate::model::{RequestFigures, RequestLook};

/// Services that there is room for; each has a place of its own for as long as this runs.
pub const ROOM: u32 = 128;

/// Sees requests, and remembers the last look.
pub(super) struct Requests {
    watch: Box<dyn RequestWatch>,
    services: HashMap<CgroupId, Service>,
}

struct Service {
    index: u32,
    last: Option<RequestLook>,
}

impl Requests {
    pub(super) fn new(watch: Box<dyn RequestWatch>) -> Self {
        Self {
            watch,
            services: HashMap::new(),
        }
    }

    /// What happened since the last look, by cgroup.
    ///
    /// # Errors
    /// When the kernel does not tell, or has no room for as many services.
    pub(super) fn look(
        &mut self,
        cgroups: &[CgroupSample],
        projects: &[ProjectState],
    ) -> Result<HashMap<CgroupId, RequestFigures>> {
        let mut wanted: Vec<CgroupId> = projects.iter().filter_map(|project| project.cgroup).collect();
        if wanted.is_empty() {
            // Not the whole host: its requests are nobody's.
            let root = cgroups.first().filter(|root| root.place.path != "/");
            wanted.extend(root.map(|root| root.id));
        }
        let places: HashMap<CgroupId, &CgroupSample> =
            cgroups.iter().map(|cgroup| (cgroup.id, cgroup)).collect();
        for id in &wanted {
            let Some(cgroup) = places.get(id) else { continue };
            let next = u32::try_from(self.services.len())?;
            let service = self.services.entry(*id).or_insert(Service {
                index: next,
                last: None,
            });
            ensure!(
                service.index < ROOM,
                "requests: there is room for {ROOM} services"
            );
            self.watch.want(service.index, &cgroup.place.dir)?;
        }
        let mut seen = HashMap::new();
        let indexes: Vec<u32> = self.services.values().map(|service| service.index).collect();
        for (look, (id, service)) in self.watch.look(&indexes)?.into_iter().zip(&mut self.services) {
            if let Some(last) = &service.last {
                seen.insert(*id, RequestFigures::between(last, &look));
            }
            service.last = Some(look);
        }
        Ok(seen)
    }
}
