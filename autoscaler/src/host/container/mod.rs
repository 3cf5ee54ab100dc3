//! Containers by name: where the processes of one are, and what runs it.
//!
//! A container has a new id, a new cgroup and new processes after each start; its name stays. Docker tells by its API whose
//! name it is. Podman has no daemon: each of its containers has a process conmon beside it, whose command line tells name and
//! id, whether it is root's container or a user's.
//!
//! Whatever is told is held to the kernel: the container's process must be in a cgroup that has the container's id in its name.

pub(crate) mod api;
mod conmon;
mod docker;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::host::cgroup::{CgroupMount, owner};
use crate::host::process::Procfs;
use crate::host::user;
use crate::model::{Container, ContainerFault, ContainerName, Runtime};

/// Docker's socket, unless its configuration names another.
pub(crate) const DOCKER: &str = "/run/docker.sock";

/// The socket of Podman's API, where somebody has switched it on (podman-system-service(1)).
pub(crate) const PODMAN: &str = "/run/podman/podman.sock";

/// A container that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which it is.
    pub container: Container,
    /// The cgroup of all its processes, from the mount.
    pub cgroup: String,
    /// Its first process, which is pid 1 within it; `None` where its runtime could not be asked this time.
    pub main: Option<u32>,
}

/// The containers of a host.
#[derive(Debug)]
pub struct Containers {
    procfs: Procfs,
    docker: PathBuf,
    /// What was found last: a container goes on while its runtime is away.
    known: BTreeMap<ContainerName, Found>,
    /// Why Docker did not answer in this look: it is not asked again for each container.
    silent: Option<ContainerFault>,
}

impl Containers {
    /// Those whose processes `procfs` shows, with Docker at its usual socket.
    #[must_use]
    pub fn new(procfs: Procfs) -> Self {
        Self::with_docker_at(procfs, DOCKER)
    }

    /// The same, with Docker's socket at `docker`.
    #[must_use]
    pub fn with_docker_at(procfs: Procfs, docker: impl Into<PathBuf>) -> Self {
        Self {
            procfs,
            docker: docker.into(),
            known: BTreeMap::new(),
            silent: None,
        }
    }

    /// Another look begins: who did not answer in the last one is asked again.
    pub fn look_again(&mut self) {
        self.silent = None;
    }

    /// The container that runs under this name now.
    ///
    /// # Errors
    /// Where none does, or it cannot be told which.
    pub async fn find(
        &mut self,
        mount: &CgroupMount,
        wanted: &ContainerName,
    ) -> Result<Found, ContainerFault> {
        let answer = self.ask(wanted).await;
        match &answer {
            Ok(found) => {
                self.known.insert(wanted.clone(), found.clone());
            }
            Err(fault @ ContainerFault::Unreachable { runtime, .. }) => {
                self.silent = Some(fault.clone());
                let known = self.known.get(wanted).filter(|known| {
                    known.container.runtime == *runtime && mount.open(Path::new(&known.cgroup)).is_ok()
                });
                if let Some(known) = known {
                    return Ok(Found {
                        main: None,
                        ..known.clone()
                    });
                }
            }
            Err(_) => {
                self.known.remove(wanted);
            }
        }
        answer
    }

    /// What runs in `cgroup`, and the cgroup of the whole container; `None` where it is none, or nobody knows its name.
    pub async fn at(&self, cgroup: &str) -> Option<(ContainerName, String)> {
        let id = owner(cgroup).container?.id;
        let own = own_cgroup(cgroup, &id)?;
        let named = conmon::name_of(&self.procfs, &id).map(|(name, uid)| ContainerName {
            name,
            runtime: None,
            user: (uid != 0).then(|| user::name_of(uid)),
        });
        if named.is_some() {
            return named.zip(Some(own));
        }
        let name = docker::name_of(&self.docker, &id).await?;
        let name = ContainerName {
            name,
            runtime: None,
            user: None,
        };
        Some((name, own))
    }

    /// Asks each runtime that may have it. One that is not there has none; one that does not answer is no hindrance where
    /// another has it.
    async fn ask(&self, wanted: &ContainerName) -> Result<Found, ContainerFault> {
        let uid = match &wanted.user {
            None => 0,
            Some(user) => user::uid_of(user).ok_or_else(|| ContainerFault::NoUser { user: user.clone() })?,
        };
        let may_be = |runtime| wanted.runtime.is_none_or(|only| only == runtime);
        let mut asked = Vec::new();
        let mut answers = Vec::new();
        // One that is named is asked even where it seems not to be there: then it is what has to be started.
        let docker = self.docker.exists() || wanted.runtime == Some(Runtime::Docker);
        if may_be(Runtime::Docker) && wanted.user.is_none() && docker {
            asked.push(Runtime::Docker);
            answers.push(match &self.silent {
                Some(fault) => Err(fault.clone()),
                None => docker::find(&self.procfs, &self.docker, &wanted.name).await,
            });
        }
        if may_be(Runtime::Podman) {
            asked.push(Runtime::Podman);
            answers.push(conmon::find(&self.procfs, uid, &wanted.name));
        }
        let mut running = Vec::new();
        let mut fault = None;
        for answer in answers {
            match answer {
                Ok(found) => running.extend(found),
                Err(why) => fault = Some(why),
            }
        }
        match (running.len(), fault) {
            (1, _) => Ok(running.remove(0)),
            (0, Some(fault)) => Err(fault),
            (0, None) => Err(ContainerFault::NotFound {
                name: wanted.name.clone(),
                user: wanted.user.clone(),
                asked,
            }),
            _ => Err(ContainerFault::Several {
                name: wanted.name.clone(),
                runtimes: running.iter().map(|found| found.container.runtime).collect(),
            }),
        }
    }
}

/// The cgroup of the container `id`, told by that of one of its processes: within it a runtime or the container's own init may
/// have made others, such as crun's `container`.
fn own_cgroup(cgroup: &str, id: &str) -> Option<String> {
    let path = Path::new(cgroup).ancestors().find(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.contains(id))
    })?;
    path.to_str().map(str::to_owned)
}
