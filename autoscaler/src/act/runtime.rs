//! Container runtimes as keepers of memory limits: one that is not told puts its own back when anything of the container is
//! updated.

use std::path::PathBuf;

use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::host::container::api::{Answer, Engine};
use crate::host::container::{DOCKER, PODMAN};
use crate::model::{Container, ContainerFault, Runtime};

/// The APIs of Docker and Podman.
#[derive(Debug, Clone)]
pub struct RuntimeLimits {
    docker: PathBuf,
    podman: PathBuf,
}

impl Default for RuntimeLimits {
    fn default() -> Self {
        Self::at(DOCKER, PODMAN)
    }
}

impl RuntimeLimits {
    /// The APIs at these sockets.
    #[must_use]
    pub fn at(docker: impl Into<PathBuf>, podman: impl Into<PathBuf>) -> Self {
        Self {
            docker: docker.into(),
            podman: podman.into(),
        }
    }

    /// Has the runtime set the limit of `container`, in bytes. `false`: it has nobody who could be told, as Podman without its
    /// API, and any user's own.
    ///
    /// # Errors
    /// When the runtime does not answer, or refuses.
    pub(super) async fn set_memory_max(
        &self,
        container: &Container,
        bytes: u64,
    ) -> Result<bool, ContainerFault> {
        if container.rootless {
            return Ok(false);
        }
        match container.runtime {
            Runtime::Docker => self.update_docker(container, bytes).await.map(|()| true),
            Runtime::Podman if self.podman.exists() => {
                // `LinuxResources` of the OCI runtime specification.
                let body = json!({ "memory": { "limit": bytes } });
                let path = format!("/v4.0.0/libpod/containers/{}/update", container.id);
                let podman = Engine {
                    runtime: Runtime::Podman,
                    socket: &self.podman,
                };
                asked(podman, Method::POST, &path, Some(&body), StatusCode::CREATED).await?;
                Ok(true)
            }
            Runtime::Podman => Ok(false),
        }
    }

    async fn update_docker(&self, container: &Container, bytes: u64) -> Result<(), ContainerFault> {
        let docker = Engine {
            runtime: Runtime::Docker,
            socket: &self.docker,
        };
        let path = format!("/containers/{}", container.id);
        let seen = asked(docker, Method::GET, &format!("{path}/json"), None, StatusCode::OK).await?;
        let limits: Inspected = serde_json::from_slice(&seen.body).map_err(|error| docker.refused(&error))?;
        let body = json!({ "Memory": bytes, "MemorySwap": limits.host_config.swap_beside(bytes) });
        let update = format!("{path}/update");
        asked(docker, Method::POST, &update, Some(&body), StatusCode::OK).await?;
        Ok(())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    host_config: Limits,
}

/// What Docker keeps of a container's memory, in bytes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Limits {
    /// 0 for no limit.
    memory: i64,
    /// Memory and swap together; 0 where nothing was said, -1 for no limit. Docker refuses a memory limit above it.
    memory_swap: i64,
}

impl Limits {
    /// `MemorySwap` for a memory limit of `bytes` that leaves the container as much swap as it has.
    fn swap_beside(&self, bytes: u64) -> i64 {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        if self.memory_swap <= 0 {
            return -1;
        }
        bytes.saturating_add(self.memory_swap.saturating_sub(self.memory).max(0))
    }
}

/// The answer of `engine`, which has to be one of this status.
async fn asked(
    engine: Engine<'_>,
    method: Method,
    path: &str,
    body: Option<&Value>,
    wanted: StatusCode,
) -> Result<Answer, ContainerFault> {
    let answer = engine.call(method, path, body).await?;
    if answer.status == wanted {
        Ok(answer)
    } else {
        Err(engine.refused(&answer.message()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_keeps_the_swap_it_has() {
        let limits = |memory, memory_swap| Limits { memory, memory_swap };
        assert_eq!(limits(0, 0).swap_beside(500), -1);
        assert_eq!(limits(300, -1).swap_beside(500), -1);
        assert_eq!(limits(300, 600).swap_beside(500), 800);
        assert_eq!(limits(300, 300).swap_beside(500), 500);
        assert_eq!(limits(300, 200).swap_beside(500), 500);
    }
}
