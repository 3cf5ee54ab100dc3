//! Which projects are looked for: those that a running daemon serves, or those of the configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::control::{ProjectStatus, Status};
use crate::host::cgroup::{Cgroup, Hierarchy, Place};
use crate::host::process::Procfs;
use crate::host::service::Systemd;
use crate::model::{Config, Project, ReadFault, Unobservable, Workload};
use crate::observe::{follow_instances, workers_in};
use crate::top::sample::{DaemonWatch, HostSample};

/// Which projects to look for.
#[derive(Debug, Default)]
pub struct Projects {
    /// Those of the configuration.
    pub configured: Vec<Arc<Project>>,
    /// Whether somebody asked for that configuration: then its projects are shown, whatever a daemon runs with.
    pub asked: bool,
    /// The daemon that may run.
    pub daemon: Option<DaemonWatch>,
    /// The one project that is wanted; all without it.
    pub only: Option<String>,
}

impl Projects {
    /// The projects to look for now, in the order of their names, and what the daemon says.
    pub(super) fn now(&self) -> (Vec<Sought>, Option<Arc<Status>>) {
        let daemon = self.daemon.as_ref().and_then(DaemonWatch::latest);
        (self.sought(daemon.as_deref()), daemon)
    }

    /// The projects to look for when the daemon says this.
    fn sought(&self, daemon: Option<&Status>) -> Vec<Sought> {
        let mut sought = self.all(daemon);
        sought.retain(|sought| self.only.as_ref().is_none_or(|only| *only == sought.name));
        sought
    }

    /// All projects that there are when the daemon says this, in the order of their names.
    #[must_use]
    pub fn all(&self, daemon: Option<&Status>) -> Vec<Sought> {
        match daemon {
            Some(status) if !self.asked => status.projects.iter().map(Sought::from).collect(),
            _ => self.configured.iter().map(Sought::from).collect(),
        }
    }
}

/// The projects of `config`, one for each instance of a template that systemd tells of.
pub async fn each_project(mut config: Config) -> Vec<Arc<Project>> {
    // Where systemd cannot be asked they are not there; the others are.
    let _ = follow_instances(&mut config, &Systemd::default()).await;
    config.projects.into_values().map(Arc::new).collect()
}

/// A project to look for.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought {
    /// Its name.
    pub name: String,
    /// Its systemd unit.
    pub(super) unit: String,
    /// Its cgroup where that is known: from the mount, or absolute.
    cgroup: Option<PathBuf>,
    pub(super) workers: Workers,
    /// Its rules, where it was taken from a configuration.
    pub(super) rules: Option<Arc<Project>>,
}

/// How its workers are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Workers {
    /// By the processes in its cgroup; where those do not tell, as the daemon did at its last check.
    Seen(Workload, Option<u32>),
    /// As the daemon did: systemd alone knows the instances of a template.
    Told(Option<u32>),
}

impl From<&Arc<Project>> for Sought {
    fn from(project: &Arc<Project>) -> Self {
        Self {
            name: project.name.clone(),
            unit: project.service_name.clone(),
            cgroup: project.target.cgroup().cloned(),
            workers: Workers::Seen(project.workload(), None),
            rules: Some(Arc::clone(project)),
        }
    }
}

impl From<&ProjectStatus> for Sought {
    fn from(status: &ProjectStatus) -> Self {
        Self {
            name: status.name.clone(),
            unit: status.unit.clone(),
            cgroup: status.cgroup.as_ref().map(PathBuf::from),
            workers: match status.server.as_deref().and_then(Workload::of_code) {
                Some(Workload::TemplateInstances) | None => Workers::Told(status.workers),
                Some(workload) => Workers::Seen(workload, status.workers),
            },
            rules: None,
        }
    }
}

impl Sought {
    /// Its rules, with the bounds that hold at `now`.
    pub(super) fn rules_at(&self, now: Timestamp) -> Option<Arc<Project>> {
        let mut rules = self.rules.clone()?;
        if !rules.schedules.entries.is_empty() {
            Arc::make_mut(&mut rules).follow(now);
        }
        Some(rules)
    }

    /// The directory of the project's cgroup; `None` when there is none.
    ///
    /// # Errors
    /// When the cgroup hierarchy cannot be read.
    pub fn home(&self, mount: &Path) -> std::io::Result<Option<PathBuf>> {
        let is_home = self.is_home(mount);
        let mut found = None;
        Hierarchy::new(mount, mount)?.for_each(|_, _, place| {
            if found.is_none() && is_home(place) {
                found = Some(place.dir.clone());
            }
        });
        Ok(found)
    }

    /// Tells whether a place is the project's own cgroup: the one that is known, or the one systemd names after the
    /// unit.
    pub(super) fn is_home(&self, mount: &Path) -> impl Fn(&Place) -> bool {
        let known = self.cgroup.as_ref().map(|cgroup| {
            let below = cgroup.strip_prefix(mount).unwrap_or(cgroup).to_string_lossy();
            below.trim_matches('/').to_owned()
        });
        move |place| match &known {
            Some(known) => known == place.path.trim_matches('/'),
            None => place.name() == self.unit,
        }
    }
}

impl Workers {
    /// How many there are, and how many CPUs they may use.
    pub(super) fn count(
        self,
        procfs: &Procfs,
        cgroup: &Cgroup,
        host: &HostSample,
    ) -> Result<(u32, f64), Unobservable> {
        let (seen, told) = match self {
            Self::Seen(kind, told) => (workers_in(procfs, kind, cgroup, &host.online), told),
            Self::Told(told) => {
                let why = ReadFault::NotCounted;
                (Err(Unobservable::Unreadable { why }), told)
            }
        };
        match (seen, told) {
            (Ok((workers, cpus)), _) => Ok((u32::try_from(workers.len()).unwrap_or(u32::MAX), cpus)),
            (Err(_), Some(told)) => Ok((told, cgroup.allowed_cpus(&host.online)?)),
            (Err(fault), None) => Err(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_home(cgroup: Option<&str>, unit: &str, path: &str) -> bool {
        let mount = Path::new("/sys/fs/cgroup");
        let place = Place {
            dir: mount.join(path.trim_matches('/')),
            path: path.to_owned(),
        };
        let sought = Sought::from(&ProjectStatus {
            unit: unit.to_owned(),
            cgroup: cgroup.map(str::to_owned),
            ..ProjectStatus::default()
        });
        sought.is_home(mount)(&place)
    }

    #[test]
    fn a_cgroup_is_known_however_it_is_written() {
        for written in ["a/b", "/a/b", "/a/b/", "/sys/fs/cgroup/a/b"] {
            assert!(is_home(Some(written), "x.service", "/a/b"), "{written}");
            assert!(!is_home(Some(written), "x.service", "/a"), "{written}");
        }
    }

    #[test]
    fn systemd_names_the_cgroup_after_the_unit() {
        assert!(is_home(None, "x.service", "/system.slice/x.service"));
        assert!(!is_home(None, "x.service", "/system.slice/y.service"));
    }
}
