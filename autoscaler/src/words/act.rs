//! What stands in the way of a step.

use super::celery::pool_fault;
use super::figures::{numbers, short};
use super::host::{read_fault, service_error};
use super::memory::{manager_error, memory_error};
use super::system::system_fault;
use super::unobservable::unobservable;
use crate::model::{AfterBoot, Cause, Language, Refusal, ScaleError, Step, StopFault};

/// How far a step came, and what stood in the way.
#[must_use]
pub fn scale_error(language: Language, error: &ScaleError) -> String {
    let ScaleError {
        from,
        reached,
        wanted,
        cause,
    } = error;
    let cause = because(language, cause);
    say!(
        language,
        "stopped at {reached} workers on the way from {from} to {wanted}: {cause}",
        "de {from} a {wanted}, quedó en {reached}: {cause}"
    )
}

fn because(language: Language, cause: &Cause) -> String {
    match cause {
        Cause::Refused(refusal) => refused(language, refusal),
        Cause::TimedOut { step, after, .. } => {
            let (seconds, short) = (after.as_secs_f64(), short(*after));
            match step {
                Step::Up => say!(
                    language,
                    "no worker came within {seconds} s",
                    "en {short} no apareció el worker"
                ),
                Step::Down => say!(
                    language,
                    "no worker went within {seconds} s",
                    "en {short} no terminó ningún worker"
                ),
            }
        }
        Cause::Unanswered { since, .. } => {
            let (seconds, short) = (since.as_secs(), short(*since));
            say!(
                language,
                "a step asked for {seconds} s ago has not arrived yet",
                "un paso pedido hace {short} aún no se ha cumplido"
            )
        }
        Cause::BootFailed { pid, server } => {
            let pid = pid.map(|pid| format!(" {pid}")).unwrap_or_default();
            let server = after_boot(language, *server);
            say!(
                language,
                "the new worker{pid} ended before it served{server}",
                "el worker nuevo{pid} terminó antes de atender{server}"
            )
        }
        Cause::NotServing { pid, after } => {
            let (seconds, short) = (after.as_secs(), short(*after));
            say!(
                language,
                "the new worker {pid} does not serve after {seconds} s: no step until it does",
                "el worker nuevo {pid} no atiende tras {short}: ningún paso más hasta que lo haga"
            )
        }
        Cause::Moved { expected, seen } => say!(
            language,
            "{seen} workers where {expected} were expected: somebody else changed the count",
            "hay {seen} workers donde se esperaban {expected}: alguien más cambió el número"
        ),
        Cause::Reloaded => say!(
            language,
            "all workers were replaced: the server reloaded",
            "todos los workers fueron reemplazados: el servidor se recargó"
        ),
        Cause::NoRoom { why } => {
            let why = memory_error(language, why);
            say!(
                language,
                "no room for one more worker: {why}",
                "no cabe un worker más: {why}"
            )
        }
        Cause::Withdrawn => say!(
            language,
            "it is no longer wanted: the configuration or an order by hand has changed",
            "ya no se pide: cambió la configuración o hay una orden a mano"
        ),
        Cause::OutsideBounds { next, bounds } => {
            let (min, max) = (bounds.min, bounds.max);
            say!(
                language,
                "{next} workers would be outside {min}..={max}",
                "{next} workers quedaría fuera de {min}..={max}"
            )
        }
    }
}

fn after_boot(language: Language, server: AfterBoot) -> String {
    match server {
        AfterBoot::Ended => say!(
            language,
            ", and the whole server ended with it: its own log says why",
            ", y con él terminó el servidor entero: su propio log dice por qué"
        ),
        AfterBoot::StartsAgain => say!(
            language,
            "; the server starts it again and again (its own log says why): no step until that is over, since a step down would take one that serves",
            "; el servidor lo arranca una y otra vez (su propio log dice por qué): ningún paso hasta que acabe, pues uno abajo quitaría un worker que atiende"
        ),
        AfterBoot::TakenBack => say!(
            language,
            " and was started again and again: the step was taken back; no step up until the server is restarted or reloaded",
            " y arrancaba una y otra vez: el paso se deshizo; ningún paso arriba hasta que el servidor se reinicie o se recargue"
        ),
        AfterBoot::GoesOn => say!(
            language,
            ": no step up until the server is restarted or reloaded; its own log says why",
            ": ningún paso arriba hasta que el servidor se reinicie o se recargue; su propio log dice por qué"
        ),
    }
}

/// Why a process is not signalled, or a pool or an instance not commanded.
#[must_use]
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each variant and none for the rest: a new one asks for its words"
)]
pub fn refused(language: Language, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Gone { pid } => say!(language, "process {pid} is gone", "el proceso {pid} ya no existe"),
        Refusal::Reused { pid } => say!(
            language,
            "pid {pid} now belongs to another process",
            "el pid {pid} es ahora de otro proceso"
        ),
        Refusal::Elsewhere {
            pid,
            cgroup,
            expected,
        } => say!(
            language,
            "process {pid} is in cgroup {cgroup}, not in the project's {expected}",
            "el proceso {pid} está en el cgroup {cgroup}, no en {expected}"
        ),
        Refusal::WouldStop { pid, command } => say!(
            language,
            "process {pid} ({command}) does not catch SIGTTIN and SIGTTOU: they would stop it",
            "el proceso {pid} ({command}) no atiende SIGTTIN y SIGTTOU: lo detendrían"
        ),
        Refusal::Stopped { pid } => say!(
            language,
            "process {pid} is stopped; continue it with: kill -CONT {pid} (or let go of it, where a debugger or py-spy holds it)",
            "el proceso {pid} está detenido; siga con: kill -CONT {pid} (o suéltelo, si lo retiene un depurador o py-spy)"
        ),
        Refusal::Frozen { cgroup } => say!(
            language,
            "the cgroup {cgroup} is frozen: nothing in it runs",
            "el cgroup {cgroup} está congelado: nada corre en él"
        ),
        Refusal::SeveralMasters { pids } => {
            let pids = numbers(pids);
            say!(
                language,
                "processes {pids} could all be the master: the server is being upgraded",
                "los procesos {pids} podrían ser el principal: el servidor se está actualizando"
            )
        }
        Refusal::Forking { pid } => say!(
            language,
            "process {pid} was forked just now: whether it is a worker is not known yet",
            "el proceso {pid} se acaba de crear: aún no se sabe si es un worker"
        ),
        Refusal::NotPermitted { pid } => say!(
            language,
            "not permitted to signal process {pid}: run as root or with CAP_KILL",
            "sin permiso para enviar señales al proceso {pid}: hace falta root o CAP_KILL"
        ),
        Refusal::Pool(fault) => pool_fault(language, fault),
        Refusal::PoolBusy => say!(language, "no worker is idle", "ningún worker está libre"),
        Refusal::PoolUnsettled => say!(
            language,
            "the worker still counts pool processes that have ended",
            "el worker cuenta todavía procesos del pool que ya terminaron"
        ),
        Refusal::LastPoolProcess => say!(
            language,
            "the pool's last process stays: without it no task would run",
            "el último proceso del pool se queda: sin él no correría ninguna tarea"
        ),
        Refusal::CommandRefused { node, method, why } => say!(
            language,
            "the node {node} refuses {method}: {why}",
            "el nodo {node} rechaza {method}: {why}"
        ),
        Refusal::InstanceFailed { unit } => say!(
            language,
            "{unit} was started and failed: journalctl -u {unit} says why",
            "{unit} se arrancó y falló: journalctl -u {unit} dice por qué"
        ),
        Refusal::InstanceStarting { unit } => say!(
            language,
            "{unit} is starting, perhaps again and again: systemctl status {unit} says why; no other is started meanwhile",
            "{unit} está arrancando, quizá una y otra vez: systemctl status {unit} dice por qué; mientras tanto no se arranca otra"
        ),
        Refusal::Unstoppable { unit, fault } => {
            let fault = unstoppable(language, fault);
            say!(
                language,
                "{unit} is not stopped: {fault}",
                "no se para {unit}: {fault}"
            )
        }
        Refusal::NoFreeNumber { template } => say!(
            language,
            "{template} is no template with a free number",
            "{template} no es una plantilla con un número libre"
        ),
        Refusal::NoServiceManager => say!(
            language,
            "there is no systemd to start and stop instances",
            "no hay systemd para arrancar y parar instancias"
        ),
        Refusal::Service(error) => service_error(language, error),
        Refusal::Manager(error) => manager_error(language, error),
        Refusal::Unobservable(fault) => unobservable(language, fault),
        Refusal::Pidfd { pid, error } => {
            let error = system_fault(language, error);
            say!(
                language,
                "pidfd of process {pid}: {error}",
                "pidfd del proceso {pid}: {error}"
            )
        }
        Refusal::Unreadable { why } => read_fault(language, why),
    }
}

fn unstoppable(language: Language, fault: &StopFault) -> String {
    match fault {
        StopFault::OtherSignal { signal, wanted } => say!(
            language,
            "its KillSignal= is signal {signal}, and it ends its tasks first on {wanted} alone: write KillSignal={wanted}",
            "su KillSignal= es la señal {signal}, y solo con {wanted} acaba antes sus tareas: escriba KillSignal={wanted}"
        ),
        StopFault::NotCaught { pid, signal } => say!(
            language,
            "its main process {pid} does not catch {signal} and would end in the middle of its work",
            "su proceso principal {pid} no atiende {signal} y acabaría en medio de su trabajo"
        ),
        StopFault::NoSignal => say!(
            language,
            "its KillMode=none leaves its processes running: write KillMode=mixed",
            "su KillMode=none deja corriendo sus procesos: escriba KillMode=mixed"
        ),
        StopFault::AllTold { task_queue } => {
            let name = task_queue.name();
            say!(
                language,
                "its KillMode=control-group sends the signal to all processes of {name}, which would drop their tasks: write KillMode=mixed",
                "su KillMode=control-group manda la señal a todos los procesos de {name}, que soltarían sus tareas: escriba KillMode=mixed"
            )
        }
        StopFault::GroupNotCaught { pid, signal } => say!(
            language,
            "its KillMode=control-group sends {signal} to process {pid}, too, which does not catch it: write KillMode=mixed",
            "su KillMode=control-group manda {signal} también al proceso {pid}, que no lo atiende: escriba KillMode=mixed"
        ),
        StopFault::WouldBeKilled { after } => {
            let after = after.as_secs();
            say!(
                language,
                "nobody tells whether it is idle, and systemd would kill it after {after} s: write TimeoutStopSec=infinity",
                "nadie dice si está libre, y systemd lo mataría a los {after} s: escriba TimeoutStopSec=infinity"
            )
        }
    }
}
