//! Why a project cannot be observed.

use super::container::{container_advice, container_fault};
use super::figures::{numbers, quoted};
use super::host::{read_fault, service_error};
use crate::model::{Language, ProcessFilter, Unobservable};

/// Why a project cannot be observed.
#[must_use]
pub fn unobservable(language: Language, fault: &Unobservable) -> String {
    match fault {
        Unobservable::UnitNotFound { unit } => say!(
            language,
            "systemd knows no {unit}; check service_name with `systemctl status {unit}`",
            "systemd no conoce {unit}; compruebe service_name con `systemctl status {unit}`"
        ),
        Unobservable::UnitInactive { unit, state } => say!(
            language,
            "{unit} is not running ({state})",
            "{unit} no está en marcha ({state})"
        ),
        Unobservable::UnitWithoutCgroup { unit, state } => say!(
            language,
            "{unit} is not running ({state} without a cgroup)",
            "{unit} no está en marcha ({state} sin cgroup)"
        ),
        Unobservable::NoServiceManager { why } => {
            let why = service_error(language, why);
            say!(
                language,
                "systemd cannot be asked ({why}) and no \"cgroup\" is configured",
                "no se puede preguntar a systemd ({why}) y no hay \"cgroup\" configurado"
            )
        }
        Unobservable::Container { why } => container_fault(language, why),
        Unobservable::CgroupNotFound { path } => {
            let path = path.display();
            say!(
                language,
                "there is no cgroup {path}",
                "no existe el cgroup {path}"
            )
        }
        Unobservable::CgroupEmpty { path } => {
            let path = path.display();
            say!(
                language,
                "there is no process in the cgroup {path}",
                "no hay ningún proceso en el cgroup {path}"
            )
        }
        Unobservable::Frozen { path } => {
            let path = path.display();
            say!(
                language,
                "the cgroup {path} is frozen: nothing in it runs",
                "el cgroup {path} está congelado: nada corre en él"
            )
        }
        Unobservable::NotAWorkerServer { pid, command } => say!(
            language,
            "process {pid} ({command}) does not catch SIGTTIN and SIGTTOU: it is no gunicorn master and is sent nothing",
            "el proceso {pid} ({command}) no atiende SIGTTIN y SIGTTOU: no es un maestro gunicorn y no se le envía nada"
        ),
        Unobservable::NoSuchProcess { filter } => {
            let filter = process_filter(language, filter);
            say!(
                language,
                "no process there has {filter}",
                "ningún proceso de allí tiene {filter}"
            )
        }
        Unobservable::SeveralMasters { pids } => {
            let pids = numbers(pids);
            say!(
                language,
                "several processes could be the master: {pids}",
                "varios procesos podrían ser el maestro: {pids}"
            )
        }
        Unobservable::Forking { pid } => say!(
            language,
            "process {pid} was forked just now: whether it is a worker is not known yet",
            "el proceso {pid} se acaba de crear: aún no se sabe si es un worker"
        ),
        Unobservable::MasterElsewhere { pid, cgroup } => say!(
            language,
            "the main process {pid} is in another cgroup: {cgroup}",
            "el proceso principal {pid} está en otro cgroup: {cgroup}"
        ),
        Unobservable::SharedCgroup { others } => {
            let others = others.join(", ");
            say!(
                language,
                "the same cgroup is also that of {others}: their steps would undo each other",
                "el mismo cgroup es también el de {others}: los pasos de uno desharían los del otro"
            )
        }
        Unobservable::Unreadable { why } => {
            let why = read_fault(language, why);
            say!(language, "cannot be read: {why}", "no se puede leer: {why}")
        }
    }
}

/// What the master of a project has, where there are several servers.
fn process_filter(language: Language, filter: &ProcessFilter) -> String {
    let command = filter.command.as_ref().map(|command| {
        let command = quoted(command);
        say!(
            language,
            "the command line {command}",
            "la línea de órdenes {command}"
        )
    });
    let user = filter
        .user
        .as_ref()
        .map(|user| say!(language, "the user {user}", "el usuario {user}"));
    let pidfile = filter.pidfile.as_ref().map(|file| {
        let file = file.display();
        say!(language, "the pid in {file}", "el pid de {file}")
    });
    let all: Vec<String> = [command, user, pidfile].into_iter().flatten().collect();
    all.join(&say!(language, " and ", " y "))
}

/// What to do about it; `None` where the fault says it itself, or nothing is to be done.
pub(super) fn unobservable_advice(language: Language, fault: &Unobservable) -> Option<String> {
    Some(match fault {
        Unobservable::Forking { .. } => say!(
            language,
            "run it again: it is known a moment later",
            "ejecútelo otra vez: se sabe un momento después"
        ),
        Unobservable::UnitInactive { unit, .. } | Unobservable::UnitWithoutCgroup { unit, .. } => {
            format!("sudo systemctl start {unit}")
        }
        Unobservable::NoServiceManager { .. } => say!(
            language,
            "give the project a \"cgroup\"",
            "dé un \"cgroup\" al proyecto"
        ),
        Unobservable::Container { why } => return container_advice(language, why),
        Unobservable::CgroupNotFound { .. } | Unobservable::CgroupEmpty { .. } => say!(
            language,
            "start the service, or mend \"cgroup\"",
            "arranque el servicio, o corrija \"cgroup\""
        ),
        Unobservable::Frozen { .. } => say!(
            language,
            "thaw it: podman or docker unpause NAME for a container, systemctl thaw UNIT for a unit",
            "descongélelo: podman o docker unpause NOMBRE si es un contenedor, systemctl thaw UNIDAD si es una unidad"
        ),
        Unobservable::NotAWorkerServer { command, .. }
            if ["docker", "podman", "conmon"].contains(&&**command) =>
        {
            say!(
                language,
                "the server is in a container, in a cgroup of its own: name it by \"container\" in place of \"service_name\"",
                "el servidor está en un contenedor, en un cgroup propio: nómbrelo con \"container\" en lugar de \"service_name\""
            )
        }
        Unobservable::NotAWorkerServer { .. } => say!(
            language,
            "let the unit start gunicorn, uvicorn with --workers, puma or unicorn; for a task queue write queue_thresholds",
            "la unidad debe arrancar gunicorn, uvicorn con --workers, puma o unicorn; para una cola de tareas escriba queue_thresholds"
        ),
        Unobservable::NoSuchProcess { .. } => say!(
            language,
            "start the server, or mend \"process\"",
            "arranque el servidor, o corrija \"process\""
        ),
        Unobservable::SeveralMasters { .. } => say!(
            language,
            "one server a unit: give each a unit and a project of its own, or say by \"process\" which is meant; after an upgrade in place (USR2), end the old master with kill -QUIT once the new one serves",
            "un servidor por unidad: dé a cada uno su unidad y su proyecto, o diga con \"process\" cuál es; tras una actualización en marcha (USR2), termine el maestro antiguo con kill -QUIT cuando el nuevo atienda"
        ),
        Unobservable::MasterElsewhere { .. } => say!(
            language,
            "let the unit's processes stay in the unit's cgroup",
            "los procesos de la unidad deben quedarse en el cgroup de la unidad"
        ),
        Unobservable::SharedCgroup { .. } => say!(
            language,
            "give each project a service of its own, or take one out",
            "dé a cada proyecto su propio servicio, o quite uno"
        ),
        Unobservable::UnitNotFound { .. } | Unobservable::Unreadable { .. } => return None,
    })
}
