//! Which services are looked at.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};

use crate::cli::failure::failed;
use crate::cli::projects::{home, projects};
use crate::cli::requests::Args;
use crate::host::cgroup::{CgroupMount, Hierarchy};
use crate::host::process::Procfs;
use crate::host::requests::servers;
use crate::top::model::text::clean;
use crate::top::sample::DaemonWatch;
use crate::words::{self, say};

/// A service whose requests are wanted.
#[derive(Debug)]
pub(super) struct Sought {
    /// The project's name, or the cgroup's path.
    pub(super) name: String,
    /// The cgroup's directory.
    pub(super) directory: PathBuf,
    /// Whether somebody asked for it, or it was found to serve.
    pub(super) is_asked_for: bool,
}

/// The services that the arguments name; without any the projects, and where none runs whoever serves on this host.
pub(super) fn sought(args: &Args) -> Result<Vec<Sought>> {
    let procfs = Procfs::default();
    let mount = CgroupMount::discover(&procfs)?;
    if let Some(pid) = args.pid {
        let path = procfs
            .cgroup(pid)
            .map_err(|error| failed(|language| words::process_error(language, &error)))?;
        return at(mount.path(), Path::new(&path)).map(|service| vec![service]);
    }
    if let Some(path) = &args.cgroup {
        return at(mount.path(), path).map(|service| vec![service]);
    }
    let projects = projects(&args.daemon, args.config.as_deref(), args.project.as_deref())?;
    if let Some(name) = &args.project {
        let directory = home(name, &projects, &procfs)?;
        return Ok(vec![named(name, directory)]);
    }
    let status = projects.daemon.as_ref().and_then(DaemonWatch::first);
    let mut services = Vec::new();
    for project in projects.all(status.as_deref()) {
        // Those that do not run have no requests.
        if let Some(directory) = project.home(mount.path())? {
            services.push(named(&project.name, directory));
        }
    }
    if services.is_empty() {
        services = found(&mount)?;
    }
    if services.is_empty() {
        return Err(failed(|language| {
            say!(
                language,
                "nobody serves here: start a server, or name a service by --cgroup or --pid",
                "aquí nadie atiende peticiones: arranque un servidor, o nombre un servicio con --cgroup o --pid"
            )
        }));
    }
    Ok(services)
}

/// Whoever serves on this host, by the order of their names.
fn found(mount: &CgroupMount) -> Result<Vec<Sought>> {
    let tree = Hierarchy::new(mount.path(), mount.path())
        .with_context(|| format!("cannot read {}", mount.path().display()))?;
    let mut cgroups = Vec::new();
    tree.for_each(|_, id, place| cgroups.push((id, Arc::clone(place))));
    let cgroups = cgroups.iter().map(|(id, place)| (*id, place));
    let mut services: Vec<Sought> = servers(cgroups)
        .into_iter()
        .map(|place| Sought {
            is_asked_for: false,
            ..named(&place.path, place.dir.clone())
        })
        .collect();
    services.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(services)
}

/// The service in the cgroup at `path`, from the mount or absolute.
fn at(mount: &Path, path: &Path) -> Result<Sought> {
    let below = path.strip_prefix(mount).unwrap_or(path);
    let below = below.strip_prefix("/").unwrap_or(below);
    let directory = mount.join(below);
    if !directory.is_dir() {
        let directory = directory.display();
        return Err(failed(|language| {
            say!(
                language,
                "there is no cgroup {directory}",
                "no hay ningún cgroup {directory}"
            )
        }));
    }
    Ok(named(&format!("/{}", below.display()), directory))
}

/// A name cannot harm a terminal: whoever may make a cgroup chooses its name.
fn named(name: &str, directory: PathBuf) -> Sought {
    Sought {
        name: clean(name),
        directory,
        is_asked_for: true,
    }
}
