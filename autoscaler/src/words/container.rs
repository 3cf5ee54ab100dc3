//! Why a container is not found, and what to do.

use super::queue::silence;
use crate::model::{ContainerFault, Language, Runtime};

/// Why no container was found under a name.
pub(super) fn container_fault(language: Language, fault: &ContainerFault) -> String {
    match fault {
        ContainerFault::NotFound {
            name,
            user: Some(user),
            asked,
        } => {
            let asked = runtimes(language, asked);
            say!(
                language,
                "no container {name} of {user} runs in {asked}",
                "no corre ningún contenedor {name} de {user} en {asked}"
            )
        }
        ContainerFault::NotFound { name, asked, .. } => {
            let asked = runtimes(language, asked);
            say!(
                language,
                "no container {name} runs in {asked}",
                "no corre ningún contenedor {name} en {asked}"
            )
        }
        ContainerFault::NotRunning { name, state } => say!(
            language,
            "the container {name} does not run ({state})",
            "el contenedor {name} no está en marcha ({state})"
        ),
        ContainerFault::Several { name, runtimes: own } => {
            let own = runtimes(language, own);
            say!(
                language,
                "{own} each run a container {name}",
                "{own} corren cada uno un contenedor {name}"
            )
        }
        ContainerFault::Unreachable { runtime, at, why } => {
            let why = silence(language, why);
            say!(
                language,
                "{runtime} does not answer at {at}: {why}",
                "{runtime} no responde en {at}: {why}"
            )
        }
        ContainerFault::Refused { runtime, why } => say!(
            language,
            "{runtime} does not do as it is asked: {why}",
            "{runtime} no hace lo que se le pide: {why}"
        ),
        ContainerFault::NoCgroup { name, cgroup } => say!(
            language,
            "the container {name} has no cgroup of its own: its processes are in {cgroup}",
            "el contenedor {name} no tiene un cgroup propio: sus procesos están en {cgroup}"
        ),
        ContainerFault::NoUser { user } => {
            say!(language, "there is no user {user}", "no existe el usuario {user}")
        }
        ContainerFault::Words(words) => words.clone(),
    }
}

/// What to do about it; `None` where nothing is to be done but wait.
pub(super) fn container_advice(language: Language, fault: &ContainerFault) -> Option<String> {
    Some(match fault {
        ContainerFault::NotFound { user, asked, .. } => {
            let lists: Vec<String> = asked
                .iter()
                .map(|runtime| format!("{} ps", runtime.code()))
                .collect();
            let lists = lists.join(", ");
            match user {
                Some(user) => say!(
                    language,
                    "start it, or write the name that {lists} shows to {user}",
                    "arránquelo, o escriba el nombre que {lists} muestra a {user}"
                ),
                None => say!(
                    language,
                    "start it, or write the name that {lists} shows; a rootless container wants \"container_user\" too",
                    "arránquelo, o escriba el nombre que muestra {lists}; un contenedor sin root necesita también \"container_user\""
                ),
            }
        }
        ContainerFault::NotRunning { name, .. } => say!(
            language,
            "start it: docker start {name}",
            "arránquelo: docker start {name}"
        ),
        ContainerFault::Several { name, .. } => say!(
            language,
            "write \"docker:{name}\" or \"podman:{name}\"",
            "escriba \"docker:{name}\" o \"podman:{name}\""
        ),
        ContainerFault::Unreachable {
            runtime: Runtime::Docker,
            ..
        } => "sudo systemctl start docker".to_owned(),
        ContainerFault::NoCgroup { .. } => say!(
            language,
            "start it without --cgroups=disabled",
            "arránquelo sin --cgroups=disabled"
        ),
        ContainerFault::NoUser { .. } => {
            say!(language, "mend \"container_user\"", "corrija \"container_user\"")
        }
        ContainerFault::Unreachable { .. } | ContainerFault::Refused { .. } | ContainerFault::Words(_) => {
            return None;
        }
    })
}

fn runtimes(language: Language, runtimes: &[Runtime]) -> String {
    let names: Vec<String> = runtimes.iter().map(ToString::to_string).collect();
    names.join(&say!(language, " and ", " y "))
}
