//! What Docker tells of a container (`GET /containers/NAME/json` of the Docker Engine API).

use std::path::Path;

use hyper::{Method, StatusCode};
use serde::Deserialize;

use crate::host::cgroup::is_id;
use crate::host::container::api::Engine;
use crate::host::container::{Found, own_cgroup};
use crate::host::process::Procfs;
use crate::model::{Container, ContainerFault, Runtime};

/// What is read of the answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    id: String,
    /// With a slash before it.
    name: String,
    state: State,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    /// Such as `running`, `paused`, `restarting`, `exited`.
    status: String,
    /// Also where it is paused.
    running: bool,
    /// On the host; 0 where it does not run.
    pid: u32,
}

/// The Docker at `socket`.
fn engine(socket: &Path) -> Engine<'_> {
    Engine {
        runtime: Runtime::Docker,
        socket,
    }
}

/// The container that Docker finds by `name`, which may be its id; `None` where there is none.
async fn inspect(docker: Engine<'_>, name: &str) -> Result<Option<Inspected>, ContainerFault> {
    let answer = docker
        .call(Method::GET, &format!("/containers/{name}/json"), None)
        .await?;
    match answer.status {
        StatusCode::NOT_FOUND => Ok(None),
        StatusCode::OK => serde_json::from_slice(&answer.body).map_err(|error| docker.refused(&error)),
        _ => Err(docker.refused(&answer.message())),
    }
}

/// The name of the container `id`; `None` where Docker at `socket` has none, or does not answer.
pub(super) async fn name_of(socket: &Path, id: &str) -> Option<String> {
    let seen = inspect(engine(socket), id).await.ok()??;
    Some(seen.name.trim_start_matches('/').to_owned())
}

/// The container `name` of the Docker at `socket`; `None` where it has none of this name.
pub(super) async fn find(
    procfs: &Procfs,
    socket: &Path,
    name: &str,
) -> Result<Option<Found>, ContainerFault> {
    let Some(seen) = inspect(engine(socket), name).await? else {
        return Ok(None);
    };
    // The beginning of another's id is a name for Docker, too.
    if seen.name.trim_start_matches('/') != name {
        return Ok(None);
    }
    let not_running = |state: &str| ContainerFault::NotRunning {
        name: name.to_owned(),
        state: state.to_owned(),
    };
    if !seen.state.running || seen.state.pid == 0 || !is_id(&seen.id) {
        return Err(not_running(&seen.state.status));
    }
    let Ok(cgroup) = procfs.cgroup(seen.state.pid) else {
        return Err(not_running("exited"));
    };
    let Some(own) = own_cgroup(&cgroup, &seen.id) else {
        return Err(ContainerFault::NoCgroup {
            name: name.to_owned(),
            cgroup,
        });
    };
    Ok(Some(Found {
        container: Container {
            runtime: Runtime::Docker,
            id: seen.id,
            rootless: false,
        },
        cgroup: own,
        main: Some(seen.state.pid),
    }))
}
