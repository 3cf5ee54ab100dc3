//! Which projects a command is about: those of the running daemon, or of the configuration.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cli::daemon::Daemon;
use crate::cli::failure::{failed, no_thread};
use crate::cli::runtime::wait_for;
use crate::config;
use crate::host::cgroup::CgroupMount;
use crate::host::process::Procfs;
use crate::model::{DEFAULT_PATH, LoadError};
use crate::top::sample::{DaemonWatch, Projects, each_project};
use crate::words::{self, Reply, say};

/// The projects of the running daemon, or of the configuration. One that was not asked for may be missing or out of reach
/// where no project is `wanted`, and faulty where a daemon runs, which has one in force.
pub(super) fn projects(daemon: &Daemon, asked: Option<&Path>, wanted: Option<&str>) -> Result<Projects> {
    let daemon = DaemonWatch::start(daemon.runtime_dir().to_owned()).map_err(|error| no_thread(&error))?;
    let path = asked.unwrap_or(Path::new(DEFAULT_PATH));
    let configured = match config::load(path) {
        Ok(loaded) => wait_for(each_project(loaded.config))?,
        Err(error) if asked.is_some() => return Err(error.into()),
        Err(LoadError::NotFound { .. } | LoadError::Unreadable { .. }) if wanted.is_none() => Vec::new(),
        Err(_) if daemon.first().is_some() => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(Projects {
        configured,
        asked: asked.is_some(),
        daemon: Some(daemon),
        only: wanted.map(str::to_owned),
    })
}

/// The directory of the cgroup of the project called `name`.
pub(super) fn home(name: &str, projects: &Projects, procfs: &Procfs) -> Result<PathBuf> {
    let status = projects.daemon.as_ref().and_then(DaemonWatch::first);
    let all = projects.all(status.as_deref());
    let Some(project) = all.iter().find(|project| project.name == name) else {
        let names: Vec<String> = all.iter().map(|project| project.name.clone()).collect();
        let unknown = Reply::UnknownProject {
            name,
            nearest: None,
            known: &names,
        };
        return Err(failed(|language| words::reply(language, &unknown)));
    };
    let mount = CgroupMount::discover(procfs)?;
    let name = words::quoted(name);
    project.home(mount.path())?.ok_or_else(|| {
        failed(|language| {
            say!(
                language,
                "project {name} is not running: there is no cgroup of its own",
                "el proyecto {name} no está en marcha: no tiene un cgroup propio"
            )
        })
    })
}
