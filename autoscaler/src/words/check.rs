//! What `autoscaler check` found.

use super::act::refused;
use super::advice::advice;
use super::celery::{pool_fault, uncounted};
use super::client::{client_error, store_error};
use super::config::notice;
use super::figures::{all_quoted, quoted, workers};
use super::host::{cgroup_error, host_error, service_error};
use super::kernel::{source, usage_fault, without_ebpf};
use super::listen::listen_fault;
use super::load::{fault, load_error};
use super::queue::queue_fault;
use super::requests;
use super::schedule::schedule;
use super::system::system_fault;
use super::unobservable::unobservable;
use crate::model::{Fact, Finding, Grade, Language, SourceFault, Taken};

/// What `autoscaler check` found, told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// How bad it is: `ok`, `warning`, in the operator's language.
    pub grade: String,
    /// What it is.
    pub says: String,
    /// What to do about it, where something is to be done and has not been said.
    pub advice: Option<String>,
}

/// What was found.
#[must_use]
pub fn finding(language: Language, finding: &Finding) -> Found {
    Found {
        grade: grade(language, finding.grade),
        says: says(language, &finding.fact),
        advice: advice(language, &finding.fact),
    }
}

/// The heading over what was found of the configuration and the host.
#[must_use]
pub fn host_heading(language: Language) -> String {
    say!(language, "configuration and host", "configuración y máquina")
}

/// How many errors and warnings there are.
#[must_use]
pub fn sum(language: Language, errors: usize, warnings: usize) -> String {
    let errors = if errors == 1 {
        "1 error".to_owned()
    } else {
        say!(language, "{errors} errors", "{errors} errores")
    };
    let warnings = if warnings == 1 {
        say!(language, "1 warning", "1 aviso")
    } else {
        say!(language, "{warnings} warnings", "{warnings} avisos")
    };
    format!("{errors}, {warnings}")
}

fn grade(language: Language, grade: Grade) -> String {
    match grade {
        Grade::Ok => say!(language, "ok", "bien"),
        Grade::Warning => say!(language, "warning", "aviso"),
        Grade::Error => "ERROR".to_owned(),
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each variant and none for the rest: a new one asks for its words"
)]
fn says(language: Language, fact: &Fact) -> String {
    match fact {
        Fact::ConfigLoaded {
            path,
            projects,
            enabled,
        } => {
            let path = path.display();
            say!(
                language,
                "{path}: {enabled} of {projects} projects enabled",
                "{path}: {enabled} de {projects} proyectos habilitados"
            )
        }
        Fact::ConfigUnreadable(error) => load_error(language, error),
        Fact::ConfigFault { path, fault: found } => fault(language, &path.display().to_string(), found),
        Fact::Instances {
            project,
            pattern,
            instances,
        } if instances.is_empty() => {
            let project = quoted(project);
            say!(
                language,
                "{project}: no instance of {pattern} runs; each that starts becomes a project",
                "{project}: no hay ninguna instancia de {pattern} en marcha; cada una que arranque será un proyecto"
            )
        }
        Fact::Instances {
            pattern, instances, ..
        } => {
            let names = instances.join(", ");
            say!(
                language,
                "instances of {pattern}: {names}",
                "instancias de {pattern}: {names}"
            )
        }
        Fact::Notice(found) => notice(language, found),
        Fact::Kernel { release } => format!("kernel {release}"),
        Fact::Host(host) => {
            let (cpus, total, available) = (host.cpus, host.memory_total_mib, host.memory_available_mib);
            say!(
                language,
                "{cpus} CPUs, {total} MB of memory, {available} MB available",
                "{cpus} CPU, {total} MB de memoria, {available} MB disponibles"
            )
        }
        Fact::HostUnreadable(error) => host_error(language, error),
        Fact::NotRoot { uid } => say!(
            language,
            "this is user {uid}, not root: the daemon may do more than this check",
            "esto corre como usuario {uid}, no como root: el demonio puede más que esta comprobación"
        ),
        Fact::CgroupTree { path } => {
            let path = path.display();
            say!(language, "cgroup v2 at {path}", "cgroup v2 en {path}")
        }
        Fact::NoCgroupTree(error) => cgroup_error(language, error),
        Fact::TreeWithoutMemory { path } => {
            let path = path.display();
            say!(
                language,
                "cgroup v2 at {path} has no memory controller: no memory limit can be kept; scaling works without",
                "cgroup v2 en {path} no tiene controlador de memoria: no se puede mantener ningún límite de memoria; se escala igual"
            )
        }
        Fact::Pressure => say!(
            language,
            "pressure figures (PSI) are there for `autoscaler top`",
            "hay cifras de presión (PSI) para `autoscaler top`"
        ),
        Fact::NoPressure => say!(
            language,
            "no pressure figures (PSI): `autoscaler top` leaves them out",
            "no hay cifras de presión (PSI): `autoscaler top` las omite"
        ),
        Fact::KernelTypes { path } => {
            let path = path.display();
            say!(
                language,
                "the kernel's types (BTF) at {path}",
                "los tipos del kernel (BTF) en {path}"
            )
        }
        Fact::NoKernelTypes { path } => {
            let path = path.display();
            say!(
                language,
                "no kernel types (BTF) at {path}",
                "no hay tipos del kernel (BTF) en {path}"
            )
        }
        Fact::Source {
            kind,
            used_cpus,
            waiting_cpus,
        } => {
            let wait = waiting_cpus.map_or_else(
                || {
                    say!(
                        language,
                        "run-queue wait is not known",
                        "no se conoce la espera en la cola de ejecución"
                    )
                },
                |waiting| {
                    say!(
                        language,
                        "tasks of {waiting:.2} CPUs waited",
                        "esperaron tareas por {waiting:.2} CPU"
                    )
                },
            );
            let source = source(*kind);
            say!(
                language,
                "CPU by {source}, loaded and read: {used_cpus:.2} CPUs in use just now, {wait}",
                "CPU por {source}, cargado y leído: {used_cpus:.2} CPU en uso ahora mismo, {wait}"
            )
        }
        Fact::WithoutEbpf(why) => {
            let why = without_ebpf(language, why);
            say!(
                language,
                "no eBPF: {why}; CPU comes from cpu.stat, without run-queue wait",
                "sin eBPF: {why}; la CPU se lee de cpu.stat, sin espera en la cola de ejecución"
            )
        }
        Fact::SourceUnreadable { kind, why } => {
            let (source, why) = (source(*kind), source_fault(language, why));
            say!(
                language,
                "CPU by {source} cannot be read: {why}",
                "no se puede leer la CPU por {source}: {why}"
            )
        }
        Fact::Systemd { version } => say!(
            language,
            "systemd {version} answers over D-Bus",
            "systemd {version} contesta por D-Bus"
        ),
        Fact::NoSystemd { why, needed: true } => service_error(language, why),
        Fact::NoSystemd { needed: false, .. } => say!(
            language,
            "systemd cannot be asked, and no enabled project needs it",
            "no se puede preguntar a systemd, y ningún proyecto habilitado lo necesita"
        ),
        Fact::Daemon { pid, version } => say!(
            language,
            "the daemon runs: pid {pid}, version {version}",
            "el demonio corre: pid {pid}, versión {version}"
        ),
        Fact::NoDaemon { socket } => {
            let socket = socket.display();
            say!(
                language,
                "no daemon answers at {socket}",
                "ningún demonio contesta en {socket}"
            )
        }
        Fact::DaemonSilent(error) => client_error(language, error),
        Fact::History { path } => {
            let path = path.display();
            say!(
                language,
                "the history is kept in {path}",
                "el historial se guarda en {path}"
            )
        }
        Fact::NoHistory => say!(
            language,
            "no history is kept, as configured",
            "no se guarda historial, según la configuración"
        ),
        Fact::HistoryNotWritable { path, why } => {
            let (path, why) = (path.display(), system_fault(language, why));
            say!(
                language,
                "the history cannot be kept in {path}: {why}",
                "no se puede guardar el historial en {path}: {why}"
            )
        }
        Fact::HistoryDamaged { path, why } => {
            let (path, why) = (path.display(), store_error(language, why));
            say!(
                language,
                "the history {path} is damaged ({why}): the daemon moves it aside when it starts, and begins anew",
                "el historial {path} está dañado ({why}): el demonio lo aparta al arrancar y empieza otro"
            )
        }
        Fact::HistoryUnusable { path, why } => {
            let (path, why) = (path.display(), store_error(language, why));
            say!(
                language,
                "the history cannot be kept in {path}: {why}",
                "no se puede guardar el historial en {path}: {why}"
            )
        }
        Fact::NoMetrics => say!(
            language,
            "no metrics are served, as configured",
            "no se sirven métricas, según la configuración"
        ),
        Fact::MetricsServed { at } => say!(
            language,
            "metrics are served at {at}",
            "las métricas se sirven en {at}"
        ),
        Fact::MetricsFree { at } => say!(
            language,
            "{at} is free for metrics",
            "{at} está libre para las métricas"
        ),
        Fact::MetricsTaken { at, why } => {
            let why = taken(language, why);
            say!(
                language,
                "metrics cannot be served at {at}: {why}",
                "no se pueden servir métricas en {at}: {why}"
            )
        }
        Fact::Disabled => say!(
            language,
            "disabled: it is watched, and left alone",
            "deshabilitado: se observa y no se toca"
        ),
        Fact::Place {
            container: Some(container),
            cgroup,
            ..
        } => {
            let (runtime, id, cgroup) = (container.runtime, container.short_id(), cgroup.display());
            say!(
                language,
                "{runtime}'s container {id} runs in {cgroup}",
                "el contenedor {id} de {runtime} corre en {cgroup}"
            )
        }
        Fact::Place {
            unit: Some(unit),
            cgroup,
            ..
        } => {
            let cgroup = cgroup.display();
            say!(language, "{unit} runs in {cgroup}", "{unit} corre en {cgroup}")
        }
        Fact::Place {
            unit: None, cgroup, ..
        } => {
            let cgroup = cgroup.display();
            say!(language, "runs in {cgroup}", "corre en {cgroup}")
        }
        Fact::Unobservable(fault) => unobservable(language, fault),
        Fact::Workers {
            pid,
            command,
            workers: count,
            bounds,
        } => {
            let (count, min, max) = (workers(*count), bounds.min, bounds.max);
            say!(
                language,
                "master {pid} ({command}), {count} of {min}..{max}",
                "maestro {pid} ({command}), {count} de {min}..{max}"
            )
        }
        Fact::Schedule {
            schedule: entry,
            in_force,
            next,
        } => schedule(language, entry, *in_force, next.as_deref()),
        Fact::OutsideBounds {
            workers: count,
            bounds,
        } => {
            let (count, min, max) = (workers(*count), bounds.min, bounds.max);
            say!(
                language,
                "{count} outside {min}..{max}: the daemon corrects that at its first check",
                "{count} fuera de {min}..{max}: el demonio lo corrige en su primera comprobación"
            )
        }
        Fact::Signals { pid } => say!(
            language,
            "{pid} catches SIGTTIN and SIGTTOU and may be signalled",
            "{pid} atiende SIGTTIN y SIGTTOU y se le pueden enviar"
        ),
        Fact::BootsFromMaster { pid } => say!(
            language,
            "a new worker is a fork of what {pid} has loaded (--preload): it cannot fail on what is on disk; new code needs a restart, HUP does not load it",
            "un worker nuevo es una copia de lo que {pid} tiene cargado (--preload): lo que haya en disco no lo hace fallar; el código nuevo pide un reinicio, HUP no lo carga"
        ),
        Fact::BootsFromDisk { gunicorn: true } => say!(
            language,
            "a new worker reads the code from disk, and one that cannot boot ends gunicorn: a step up waits if the code is newer than every worker (wait_for_reload_minutes)",
            "un worker nuevo lee el código del disco; si no arranca, gunicorn termina: por eso un paso arriba espera cuando el código es más nuevo que todos los workers (wait_for_reload_minutes)"
        ),
        Fact::BootsFromDisk { gunicorn: false } => say!(
            language,
            "a new worker reads the code from disk: a step up waits if the code is newer than every worker (wait_for_reload_minutes)",
            "un worker nuevo lee el código del disco: un paso arriba espera cuando es más nuevo que todos los workers (wait_for_reload_minutes)"
        ),
        Fact::CodeNewer { path } => {
            let path = path.display();
            say!(
                language,
                "{path} is newer than every worker: no worker runs it yet",
                "{path} es más nuevo que todos los workers: ninguno lo ejecuta aún"
            )
        }
        Fact::Refused(refusal) => refused(language, refusal),
        Fact::RequestsSeen(way) => requests::way(language, *way),
        Fact::Listens(queue) => requests::listens(language, queue),
        Fact::ListensUnseen(fault) => listen_fault(language, fault),
        Fact::RequestsUnseen(why) => {
            let why = without_ebpf(language, why);
            say!(
                language,
                "requests cannot be seen: {why}",
                "no se pueden ver las peticiones: {why}"
            )
        }
        Fact::Requests(seen) => requests::summary(language, seen),
        Fact::RequestsSayNothing(fault) => requests::unseen(language, *fault),
        Fact::Cpu {
            percent,
            wait_percent,
            allowed_cpus,
        } => {
            let wait = wait_percent.map(|wait| say!(language, ", wait {wait:.1}%", ", espera {wait:.1}%"));
            let wait = wait.unwrap_or_default();
            say!(
                language,
                "CPU {percent:.1}%{wait}; it may use {allowed_cpus} CPUs",
                "CPU {percent:.1}%{wait}; puede usar {allowed_cpus} CPU"
            )
        }
        Fact::NoCpu => say!(
            language,
            "its CPU could not be measured",
            "no se pudo medir su CPU"
        ),
        Fact::MemoryLimit {
            limit_mib,
            current_mib,
        } => {
            let limit = limit_mib.map_or_else(
                || say!(language, "no limit", "sin límite"),
                |mib| format!("{mib} MB"),
            );
            say!(
                language,
                "memory {current_mib} MB, limit {limit}; the limit can be kept in step",
                "memoria {current_mib} MB, límite {limit}; el límite se puede mantener"
            )
        }
        Fact::NoMemoryLimit { cgroup, .. } => {
            let cgroup = cgroup.display();
            say!(
                language,
                "no memory limit: {cgroup} has no memory controller; scaling works without",
                "sin límite de memoria: {cgroup} no tiene controlador de memoria; se escala igual"
            )
        }
        Fact::LimitNotWritable { path, why } => {
            let (path, why) = (path.display(), system_fault(language, why));
            say!(
                language,
                "no memory limit: {path} cannot be written: {why}",
                "sin límite de memoria: no se puede escribir {path}: {why}"
            )
        }
        Fact::Queue {
            task_queue,
            queues,
            waiting,
            empty,
        } if empty.is_empty() => {
            let (name, queues) = (task_queue.name(), queues.join(", "));
            say!(
                language,
                "the broker answers: {waiting} tasks wait in {queues} ({name})",
                "el broker contesta: {waiting} tareas esperan en {queues} ({name})"
            )
        }
        Fact::Queue {
            task_queue,
            queues,
            empty,
            ..
        } => {
            let (name, queues, keys) = (task_queue.name(), queues.join(", "), all_quoted(empty, ", "));
            say!(
                language,
                "the broker answers: no task waits in {queues} ({name}), for there is no key {keys} in this database",
                "el broker contesta: ninguna tarea espera en {queues} ({name}), pues no hay ninguna clave {keys} en esta base de datos"
            )
        }
        Fact::QueueUnreadable(fault) => {
            let fault = queue_fault(language, fault);
            say!(
                language,
                "the queue cannot be read: {fault}",
                "no se puede leer la cola: {fault}"
            )
        }
        Fact::UnacknowledgedUnknown(fault) => {
            let fault = queue_fault(language, fault);
            say!(
                language,
                "how many tasks are not acknowledged is not known: {fault}",
                "no se sabe cuántas tareas están sin confirmar: {fault}"
            )
        }
        Fact::Uncounted(what) => uncounted(language, what),
        Fact::Consumes { node } => say!(
            language,
            "the node {node} takes tasks from these queues, and from no other",
            "el nodo {node} toma tareas de estas colas, y de ninguna otra"
        ),
        Fact::Pool { active: Some(active) } => say!(
            language,
            "the pool answers to remote control, {active} busy",
            "el pool atiende el control remoto, {active} ocupados"
        ),
        Fact::Pool { active: None } => say!(
            language,
            "the pool answers to remote control, an unknown number busy",
            "el pool atiende el control remoto, un número desconocido de ocupados"
        ),
        Fact::Busy {
            task_queue,
            active: Some(active),
        } => {
            let name = task_queue.name();
            say!(
                language,
                "{name} tells which instances run a task: {active} do",
                "{name} dice qué instancias tienen una tarea: {active}"
            )
        }
        Fact::Busy {
            task_queue,
            active: None,
        } => {
            let name = task_queue.name();
            if task_queue.tells_who_is_busy() {
                say!(
                    language,
                    "{name} does not tell of each instance whether it runs a task: are these its workers, of these queues, on this broker?",
                    "{name} no dice de cada instancia si tiene una tarea: ¿son sus workers, de estas colas y en este broker?"
                )
            } else {
                say!(
                    language,
                    "{name} does not tell which of its workers run a task: an instance is stopped only where systemd waits as long as its task takes",
                    "{name} no dice qué workers tienen una tarea: solo se para una instancia si systemd espera lo que tarde su tarea"
                )
            }
        }
        Fact::PoolUnreachable(fault) => {
            let fault = pool_fault(language, fault);
            say!(
                language,
                "the pool cannot be commanded: {fault}",
                "no se puede gobernar el pool: {fault}"
            )
        }
    }
}

fn source_fault(language: Language, fault: &SourceFault) -> String {
    match fault {
        SourceFault::Usage(fault) => usage_fault(language, fault),
        SourceFault::NoFigures { path } => {
            let path = path.display();
            say!(language, "{path} has no figures", "{path} no tiene cifras")
        }
        SourceFault::Nothing => say!(
            language,
            "it counted nothing, although this program ran meanwhile",
            "no contó nada, aunque este programa corría entretanto"
        ),
    }
}

fn taken(language: Language, why: &Taken) -> String {
    match why {
        Taken::Another => say!(
            language,
            "another program answers there",
            "allí contesta otro programa"
        ),
        Taken::NoHttp { why } => say!(
            language,
            "another program listens there: {why}",
            "allí escucha otro programa: {why}"
        ),
        Taken::Silent { after } => {
            let after = after.as_secs();
            say!(
                language,
                "what listens there did not answer within {after} s",
                "lo que escucha allí no ha contestado en {after} s"
            )
        }
        Taken::Elsewhere { host } => say!(
            language,
            "this host has no address {host}",
            "esta máquina no tiene la dirección {host}"
        ),
        Taken::Refused { why } => system_fault(language, why),
    }
}
