//! Which services are looked at.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cli::failure::failed;
use crate::cli::projects::{home, projects};
use crate::cli::requests::Args;
use crate::host::cgroup::CgroupMount;
use crate::host::process::Procfs;
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
}

/// The services that the arguments name.
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
        return Err(failed(|language| {
            say!(
                language,
                "no project runs here: name a service by --cgroup or --pid",
                "aquí no corre ningún proyecto: nombre un servicio con --cgroup o --pid"
            )
        }));
    }
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
    }
}
