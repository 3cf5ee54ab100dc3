//! Takes one sample after another.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use nix::time::{ClockId, clock_gettime};

use super::detail::Details;
use super::{CgroupSample, Focus, HostSample, ProjectState, Sample, Tree};
use crate::config::Project;
use crate::observe::cgroup::CgroupMount;
use crate::observe::process::Procfs;
use crate::observe::usage::{CgroupId, UsageSource};

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
    tree: Tree,
    source: Box<dyn UsageSource>,
    /// Directory and empty sample of each cgroup of the tree, parents first.
    dirs: Vec<PathBuf>,
    /// See `dirs`.
    cgroups: Vec<CgroupSample>,
    /// Whether one of them had gone when its usage was read last.
    missing: bool,
    details: Details,
    projects: Vec<Project>,
}

impl Sampler {
    /// A sampler of the cgroup `root` (from the mount, or absolute) and all below it, or of the whole host.
    ///
    /// # Errors
    /// When there is no cgroup v2 hierarchy or no such cgroup in it.
    pub fn new(
        procfs: Procfs,
        source: Box<dyn UsageSource>,
        root: Option<&Path>,
        projects: Vec<Project>,
    ) -> Result<Self> {
        let mount = CgroupMount::discover(&procfs)?;
        let dir = match root {
            Some(path) if path != Path::new("/") && path != mount.path() => {
                mount.open(path)?.path().to_owned()
            }
            _ => mount.path().to_owned(),
        };
        let tree = Tree::new(mount.path(), &dir).with_context(|| format!("cannot read {}", dir.display()))?;
        let mut sampler = Self {
            procfs,
            mount,
            tree,
            source,
            dirs: Vec::new(),
            cgroups: Vec::new(),
            missing: false,
            details: Details::default(),
            projects,
        };
        sampler.list();
        Ok(sampler)
    }

    /// Lists the cgroups of the tree anew.
    fn list(&mut self) {
        let (dirs, cgroups) = (&mut self.dirs, &mut self.cgroups);
        dirs.clear();
        cgroups.clear();
        self.tree.for_each(|parent, id, place| {
            dirs.push(place.dir.clone());
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
        let reading = self.source.read(&self.dirs)?;
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

        let mut troubles = Vec::new();
        let failure = self
            .details
            .enter(&self.mount, &host, &mut cgroups, attention.details.as_ref());
        troubles.extend(failure.map(|error| error.to_string()));
        let projects = self
            .projects
            .iter()
            .map(|project| ProjectState::read(&self.procfs, &self.mount, &host, &cgroups, project))
            .collect();
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
            taken_at: reading.taken_at,
            wall: SystemTime::now(),
            host,
            cgroups,
            focus,
            projects,
            source: self.source.kind(),
            health: self.source.health(),
            own_cpu: own_cpu(),
            troubles,
        })
    }
}

/// CPU time of this process with all its threads (`clock_gettime(2)`).
fn own_cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)
        .map(Duration::from)
        .unwrap_or_default()
}
