//! What went wrong with a step, in Spanish.

use super::celery;
use crate::act::{AfterBoot, Cause, Refusal, ScaleError, Step, StopFault};
use crate::report::duration::short;
use crate::report::numbers;

pub(super) fn failure(error: &ScaleError) -> String {
    let ScaleError {
        from,
        reached,
        wanted,
        cause,
    } = error;
    format!("de {from} a {wanted}, quedó en {reached}: {}", because(cause))
}

fn because(cause: &Cause) -> String {
    match cause {
        Cause::Refused(refusal) => refused(refusal),
        Cause::TimedOut {
            step: Step::Up,
            after,
            ..
        } => format!("en {} no apareció el worker", short(*after)),
        Cause::TimedOut {
            step: Step::Down,
            after,
            ..
        } => {
            format!("en {} no terminó ningún worker", short(*after))
        }
        Cause::Unanswered { since, .. } => {
            format!("un paso pedido hace {} aún no se ha cumplido", short(*since))
        }
        Cause::BootFailed { pid, server } => format!(
            "el worker nuevo{} terminó antes de atender{}",
            pid.map_or_else(String::new, |pid| format!(" {pid}")),
            after_boot(*server)
        ),
        Cause::NotServing { pid, after } => format!(
            "el worker nuevo {pid} no atiende tras {}: ningún paso más hasta que lo haga",
            short(*after)
        ),
        Cause::Moved { expected, seen } => {
            format!("hay {seen} workers donde se esperaban {expected}: alguien más cambió el número")
        }
        Cause::Reloaded => "todos los workers fueron reemplazados: el servidor se recargó".into(),
        Cause::NoRoom { why } => format!("no cabe un worker más: {why}"),
        Cause::Withdrawn => "ya no se pide: cambió la configuración o hay una orden a mano".into(),
        Cause::OutsideBounds { next, bounds } => {
            format!("{next} workers quedaría fuera de {}..={}", bounds.min, bounds.max)
        }
    }
}

fn after_boot(server: AfterBoot) -> &'static str {
    match server {
        AfterBoot::Ended => ", y con él terminó el servidor entero: su propio log dice por qué",
        AfterBoot::StartsAgain => {
            "; el servidor lo arranca una y otra vez (su propio log dice por qué): ningún paso hasta que acabe, pues uno abajo quitaría un worker que atiende"
        }
        AfterBoot::TakenBack => {
            " y arrancaba una y otra vez: el paso se deshizo; ningún paso arriba hasta que el servidor se reinicie o se recargue"
        }
        AfterBoot::GoesOn => {
            ": ningún paso arriba hasta que el servidor se reinicie o se recargue; su propio log dice por qué"
        }
    }
}

pub(super) fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Gone { pid } => format!("el proceso {pid} ya no existe"),
        Refusal::Reused { pid } => format!("el pid {pid} es ahora de otro proceso"),
        Refusal::Elsewhere {
            pid,
            cgroup,
            expected,
        } => {
            format!("el proceso {pid} está en el cgroup {cgroup}, no en {expected}")
        }
        Refusal::WouldStop { pid, command } => {
            format!("el proceso {pid} ({command}) no atiende SIGTTIN y SIGTTOU: lo detendrían")
        }
        Refusal::Stopped { pid } => format!("el proceso {pid} está detenido; siga con: kill -CONT {pid}"),
        Refusal::NotPermitted { pid } => {
            format!("sin permiso para enviar señales al proceso {pid}: hace falta root o CAP_KILL")
        }
        Refusal::SeveralMasters { pids } => {
            format!(
                "los procesos {} podrían ser el principal: el servidor se está actualizando",
                numbers(pids)
            )
        }
        Refusal::Forking { pid } => {
            format!("el proceso {pid} se acaba de crear: aún no se sabe si es un worker")
        }
        Refusal::Pool(fault) => celery::pool(fault),
        Refusal::PoolBusy => "ningún worker está libre".into(),
        Refusal::PoolUnsettled => "el worker cuenta todavía procesos del pool que ya terminaron".into(),
        Refusal::LastPoolProcess => {
            "el último proceso del pool se queda: sin él no correría ninguna tarea".into()
        }
        Refusal::CommandRefused { node, method, why } => format!("el nodo {node} rechaza {method}: {why}"),
        Refusal::InstanceStarting { unit } => format!(
            "{unit} está arrancando, quizá una y otra vez: systemctl status {unit} dice por qué; mientras tanto no se arranca otra"
        ),
        Refusal::InstanceFailed { unit } => {
            format!("{unit} se arrancó y falló: journalctl -u {unit} dice por qué")
        }
        Refusal::Unstoppable { unit, fault } => format!("no se para {unit}: {}", unstoppable(fault)),
        Refusal::Unreadable { why } => why.clone(),
    }
}

fn unstoppable(fault: &StopFault) -> String {
    match fault {
        StopFault::OtherSignal { signal } => format!("su KillSignal= es la señal {signal}, no SIGTERM"),
        StopFault::NotCaught { pid } => {
            format!("su proceso principal {pid} no atiende SIGTERM y acabaría en medio de su trabajo")
        }
        StopFault::NoSignal => "su KillMode=none deja corriendo sus procesos: escriba KillMode=mixed".into(),
        StopFault::GroupNotCaught { pid } => format!(
            "su KillMode=control-group manda SIGTERM también al proceso {pid}, que no lo atiende: escriba KillMode=mixed"
        ),
        StopFault::WouldBeKilled { after } => format!(
            "nadie dice si está libre, y systemd lo mataría a los {} s: escriba TimeoutStopSec=infinity",
            after.as_secs()
        ),
    }
}
