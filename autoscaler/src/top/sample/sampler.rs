//! Takes one sample after another.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use nix::time::{ClockId, clock_gettime};

use super::detail::Details;
use super::requests::Requests;
use super::{CgroupSample, Focus, HostSample, ProjectState, Projects, Sample, Source};
use crate::host::cgroup::{CgroupMount, Hierarchy};
use crate::host::process::Procfs;
use crate::host::requests::RequestWatch;
use crate::host::usage::{CgroupId, UsageSource, monotonic};

/// Which cgroups deserve more than their usage in the next pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attention {
    /// Cgroups whose details must be fresh; `None`: all.
    pub details: Option<HashSet<CgroupId>>,
    /// The cgroup to look at closely.
    pub focus: Option<CgroupId>,
}

/// Reads the cgroups at and below one root.
pub struct Sampler {
    procfs: Procfs,
    mount: CgroupMount,
    tree: Hierarchy,
    source: Option<Opened>,
    /// Directory, id and empty sample of each cgroup of the tree, parents first.
    dirs: Vec<PathBuf>,
    /// See `dirs`.
    ids: Vec<CgroupId>,
    /// See `dirs`.
    cgroups: Vec<CgroupSample>,
    /// Whether one of them had gone when its usage was read last.
    missing: bool,
    details: Details,
    projects: Projects,
    requests: Option<Requests>,
}

/// The source of usage, and why it is not the kernel program where it is not.
struct Opened {
    source: Box<dyn UsageSource>,
    why_not_ebpf: Option<String>,
}

impl Sampler {
    /// A sampler of the cgroup `root` (from the mount, or absolute) and all below it, or of the whole host. Until it
    /// is given a source its samples have names and no figures.
    ///
    /// # Errors
    /// When there is no cgroup v2 hierarchy or no such cgroup in it.
    pub fn new(procfs: Procfs, root: Option<&Path>, projects: Projects) -> Result<Self> {
        let mount = CgroupMount::discover(&procfs)?;
        let dir = match root {
            Some(path) if path != Path::new("/") && path != mount.path() => {
                mount.open(path)?.path().to_owned()
            }
            _ => mount.path().to_owned(),
        };
        let tree =
            Hierarchy::new(mount.path(), &dir).with_context(|| format!("cannot read {}", dir.display()))?;
        let mut sampler = Self {
            procfs,
            mount,
            tree,
            source: None,
            dirs: Vec::new(),
            ids: Vec::new(),
            cgroups: Vec::new(),
            missing: false,
            details: Details::default(),
            projects,
            requests: None,
        };
        sampler.list();
        Ok(sampler)
    }

    /// From now on takes the usage from `source`; `why_not_ebpf` says why it is not the kernel program.
    pub fn take_from(&mut self, source: Box<dyn UsageSource>, why_not_ebpf: Option<String>) {
        self.source = Some(Opened { source, why_not_ebpf });
    }

    /// From now on sees requests, too: of projects, of the root that is shown, or of all that serve.
    pub fn see_requests(&mut self, watch: Box<dyn RequestWatch>) {
        self.requests = Some(Requests::new(watch));
    }

    /// Lists the cgroups of the tree anew.
    fn list(&mut self) {
        let (dirs, ids, cgroups) = (&mut self.dirs, &mut self.ids, &mut self.cgroups);
        dirs.clear();
        ids.clear();
        cgroups.clear();
        self.tree.for_each(|parent, id, place| {
            dirs.push(place.dir.clone());
            ids.push(id);
            cgroups.push(CgroupSample {
                place: place.clone(),
                parent,
                id,
                usage: None,
                detail: None,
            });
        });
    }

    /// Takes a sample now. What fails in part is told in [`Sample::troubles`].
    ///
    /// # Errors
    /// When the root is gone or the usage of all cgroups cannot be read.
    pub fn sample(&mut self, attention: &Attention) -> Result<Sample> {
        if self
            .tree
            .refresh(self.missing)
            .context("the cgroup that is shown has gone or cannot be read")?
        {
            self.list();
        }
        let mut cgroups = self.cgroups.clone();
        let host = HostSample::read(&self.procfs)?;
        let taken_at = match &mut self.source {
            Some(opened) => {
                let reading = opened.source.read_listed(&self.dirs, &self.ids)?;
                if reading.usage.len() != cgroups.len() {
                    bail!(
                        "asked for the usage of {} cgroups and got {}",
                        cgroups.len(),
                        reading.usage.len()
                    );
                }
                for (cgroup, usage) in cgroups.iter_mut().zip(reading.usage) {
                    cgroup.usage = usage.filter(|usage| usage.id == cgroup.id);
                }
                self.missing = cgroups.iter().any(|cgroup| cgroup.usage.is_none());
                reading.taken_at
            }
            None => monotonic(),
        };

        let mut troubles = Vec::new();
        // Names alone come first, and at once.
        if self.source.is_some() {
            let failure = self
                .details
                .enter(&self.mount, &host, &mut cgroups, attention.details.as_ref());
            troubles.extend(failure.map(|error| error.to_string()));
        }
        let (sought, daemon) = self.projects.now();
        let projects: Vec<ProjectState> = sought
            .iter()
            .map(|sought| ProjectState::read(&self.procfs, &self.mount, &host, &cgroups, sought))
            .collect();
        let requests = self.requests.as_mut().map(|requests| {
            let seen = requests.look(&cgroups, &projects).unwrap_or_else(|error| {
                troubles.push(format!("{error:#}"));
                HashMap::new()
            });
            troubles.extend(requests.trouble());
            seen
        });
        let focus = attention
            .focus
            .and_then(|id| cgroups.iter().find(|cgroup| cgroup.id == id))
            .map(|cgroup| Focus::read(&self.procfs, &self.mount, cgroup))
            .transpose()
            .unwrap_or_else(|error| {
                troubles.push(format!("{error:#}"));
                None
            });
        Ok(Sample {
            taken_at,
            wall: SystemTime::now(),
            host,
            cgroups,
            focus,
            projects,
            requests,
            daemon,
            source: self.source.as_mut().map(Opened::state),
            own_cpu: own_cpu(),
            troubles,
        })
    }
}

impl Opened {
    fn state(&mut self) -> Source {
        Source {
            kind: self.source.kind(),
            why_not_ebpf: self.why_not_ebpf.clone(),
            health: self.source.health(),
            cost: self.source.cost(),
        }
    }
}

/// CPU time of this process with all its threads (`clock_gettime(2)`).
fn own_cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)
        .map(Duration::from)
        .unwrap_or_default()
}
