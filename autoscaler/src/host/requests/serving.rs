//! The requests of every cgroup that serves some, or of those that are named.
//!
//! Who serves is found by the listening sockets of its processes. Each such cgroup has counters of its own in the kernel for as
//! long as it is there; what is below it is counted with it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use autoscaler_common::Requests;

use crate::host::cgroup::{Place, members};
use crate::host::listen::ListenSource;
use crate::host::process::Procfs;
use crate::host::requests::{RequestWatch, listens};
use crate::host::usage::{CgroupId, monotonic};
use crate::model::{ListenQueue, RequestLook, RequestsWay};

/// Cgroups that there is room for. Each takes 4 KiB for each CPU, resident.
pub const ROOM: u32 = 256;

/// Time between two searches for who serves: each reads which files every process has open.
const SEARCH: Duration = Duration::from_secs(30);

/// Sees the requests of those that serve.
pub struct Serving {
    watch: Box<dyn RequestWatch>,
    listening: ListenSource,
    procfs: Procfs,
    services: HashMap<CgroupId, Service>,
    /// Counters that belonged to a cgroup that has gone.
    free: Vec<u32>,
    next: u32,
    searched: Option<Duration>,
    left_out: usize,
}

/// A cgroup that serves.
struct Service {
    index: u32,
    /// What its counters had counted for another before.
    before: Box<Requests>,
}

/// A cgroup that may serve.
struct Candidate<'a> {
    id: CgroupId,
    place: &'a Place,
    /// At TCP, and not at Unix sockets alone.
    tcp: bool,
}

impl Serving {
    /// Sees them by a watch that was opened with [`ROOM`].
    #[must_use]
    pub fn new(watch: Box<dyn RequestWatch>) -> Self {
        Self {
            watch,
            listening: ListenSource::default(),
            procfs: Procfs::default(),
            services: HashMap::new(),
            free: Vec::new(),
            next: 0,
            searched: None,
            left_out: 0,
        }
    }

    /// By what the kernel tells of them.
    #[must_use]
    pub fn way(&self) -> RequestsWay {
        self.watch.way()
    }

    /// How many serve and have no counters, for want of room.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The requests of those of `cgroups` that serve.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn look<'a>(
        &mut self,
        cgroups: impl Iterator<Item = (CgroupId, &'a Arc<Place>)>,
    ) -> Result<HashMap<CgroupId, RequestLook>> {
        let now = monotonic();
        if self
            .searched
            .is_none_or(|then| now.saturating_sub(then) >= SEARCH)
        {
            let candidates = candidates(&mut self.listening, &self.procfs, cgroups);
            self.assign(candidates)?;
            self.searched = Some(now);
        }
        self.looks()
    }

    /// The requests of these cgroups and of no others, whether they serve or not.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn look_at<'a>(
        &mut self,
        cgroups: impl Iterator<Item = (CgroupId, &'a Arc<Place>)>,
    ) -> Result<HashMap<CgroupId, RequestLook>> {
        let named = cgroups.map(|(id, place)| Candidate { id, place, tcp: true });
        self.assign(named.collect())?;
        self.searched = None;
        self.looks()
    }

    fn looks(&self) -> Result<HashMap<CgroupId, RequestLook>> {
        let services: Vec<(CgroupId, &Service)> =
            self.services.iter().map(|(id, service)| (*id, service)).collect();
        let indexes: Vec<u32> = services.iter().map(|(_, service)| service.index).collect();
        let looks = self.watch.look(&indexes)?;
        let since_then = |(look, (id, service)): (RequestLook, (CgroupId, &Service))| {
            let counted = since(&look.counted, &service.before);
            (id, RequestLook { counted, ..look })
        };
        Ok(looks.into_iter().zip(services).map(since_then).collect())
    }

    fn assign(&mut self, mut candidates: Vec<Candidate<'_>>) -> Result<()> {
        let there: HashSet<CgroupId> = candidates.iter().map(|candidate| candidate.id).collect();
        let free = &mut self.free;
        self.services.retain(|id, service| {
            let stays = there.contains(id);
            if !stays {
                free.push(service.index);
            }
            stays
        });
        // Who has counters keeps them; of the others, web servers rather than what listens to its own machine alone.
        let known = |candidate: &Candidate<'_>| self.services.contains_key(&candidate.id);
        candidates.sort_by_key(|candidate| (!known(candidate), !candidate.tcp));
        let room = (ROOM as usize).min(candidates.len());
        self.left_out = candidates.len() - room;
        for Candidate { id, place, .. } in candidates.into_iter().take(room) {
            if let Some(service) = self.services.get(&id) {
                self.watch.want(service.index, &place.dir)?;
                continue;
            }
            let index = self.free.pop().unwrap_or_else(|| {
                self.next += 1;
                self.next - 1
            });
            self.watch.want(index, &place.dir)?;
            let looks = self.watch.look(&[index])?;
            let before = looks.into_iter().next().map(|look| look.counted);
            let before = Box::new(before.unwrap_or_default());
            self.services.insert(id, Service { index, before });
        }
        Ok(())
    }
}

/// Those of `cgroups` that serve at this moment: at most [`ROOM`], those at TCP rather than at Unix sockets alone.
#[must_use]
pub fn servers<'a>(cgroups: impl Iterator<Item = (CgroupId, &'a Arc<Place>)>) -> Vec<&'a Place> {
    let mut found = candidates(&mut ListenSource::default(), &Procfs::default(), cgroups);
    found.sort_by_key(|candidate| !candidate.tcp);
    found.truncate(ROOM as usize);
    found.into_iter().map(|candidate| candidate.place).collect()
}

/// Those of `cgroups` whose processes have a listening socket.
fn candidates<'a>(
    listening: &mut ListenSource,
    procfs: &Procfs,
    cgroups: impl Iterator<Item = (CgroupId, &'a Arc<Place>)>,
) -> Vec<Candidate<'a>> {
    // Not the whole host: its requests are nobody's.
    let cgroups = cgroups.filter(|(_, place)| place.path != "/");
    let inhabited = cgroups
        // A cgroup that cannot be read serves nobody that could be told.
        .map(|(id, place)| ((id, &**place), members(&place.dir).unwrap_or_default()))
        .filter(|(_, pids)| !pids.is_empty());
    let (places, pids): (Vec<(CgroupId, &Place)>, Vec<Vec<u32>>) = inhabited.unzip();
    let looks = listening.look(&pids);
    let found = places
        .into_iter()
        .zip(&pids)
        .zip(looks)
        .filter_map(|(((id, place), pids), look)| {
            // In another network only its TCP sockets can be seen without leave to go there.
            let is_elsewhere = !look.unseen.is_empty() && listens(procfs, pids);
            let is_tcp = |queue: &ListenQueue| !queue.address.starts_with(['/', '@']);
            let tcp = is_elsewhere || look.queues.iter().any(is_tcp);
            let serves = is_elsewhere || !look.queues.is_empty();
            serves.then_some(Candidate { id, place, tcp })
        });
    outermost(found.collect())
}

/// Those that are below none of the others: each request is charged to one cgroup.
fn outermost(mut candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    candidates.sort_by(|a, b| a.place.dir.cmp(&b.place.dir));
    let mut outer: Vec<Candidate<'_>> = Vec::new();
    for candidate in candidates {
        match outer.last_mut() {
            Some(last) if candidate.place.dir.starts_with(&last.place.dir) => last.tcp |= candidate.tcp,
            _ => outer.push(candidate),
        }
    }
    outer
}

/// What was counted after `before`.
fn since(now: &Requests, before: &Requests) -> Requests {
    let mut since = *now;
    for (counter, before) in [
        (&mut since.begun, before.begun),
        (&mut since.answered, before.answered),
        (&mut since.abandoned, before.abandoned),
        (&mut since.wait_ns, before.wait_ns),
        (&mut since.busy_ns, before.busy_ns),
        (&mut since.abandoned_ns, before.abandoned_ns),
    ] {
        *counter = counter.saturating_sub(before);
    }
    for (count, before) in since.waits.iter_mut().zip(before.waits) {
        *count = count.saturating_sub(before);
    }
    for (count, before) in since.services.iter_mut().zip(before.services) {
        *count = count.saturating_sub(before);
    }
    since
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn place(path: &str) -> Place {
        Place {
            dir: PathBuf::from(format!("/cgroups{path}")),
            path: path.to_owned(),
        }
    }

    #[test]
    fn a_cgroup_below_another_that_serves_is_counted_with_it() {
        let places = ["/a", "/a/b", "/a.service", "/c/d"].map(place);
        let candidates = places.iter().zip(0..).map(|(place, id)| Candidate {
            id,
            place,
            tcp: id == 1,
        });
        let outer = outermost(candidates.collect());
        let mut found: Vec<(u64, bool)> = outer.iter().map(|one| (one.id, one.tcp)).collect();
        found.sort_unstable();
        assert_eq!(found, [(0, true), (2, false), (3, false)]);
    }

    #[test]
    fn counters_that_were_another_s_begin_at_nothing() {
        let mut before = Requests {
            begun: 3,
            ..Requests::default()
        };
        before.waits[7] = 3;
        let mut now = before;
        assert_eq!(since(&now, &before), Requests::default());
        now.begun += 2;
        now.waits[7] += 2;
        let counted = since(&now, &before);
        assert_eq!((counted.begun, counted.waits[7]), (2, 2));
    }
}
