//! The reasons of decisions, in Spanish.

use super::celery;
use crate::model::{Measure, Reason, Unobservable};
use crate::report::duration::short;
use crate::report::{numbers, threshold, workers};

pub(super) fn measured(measure: Measure, sign: char, value: f64) -> String {
    match measure {
        Measure::Cpu => format!("CPU {sign} {}%", threshold(value)),
        Measure::Queue => format!("cola {sign} {}", threshold(value)),
    }
}

pub(in crate::report) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::AboveRung {
            measure,
            rung,
            threshold,
            held,
        } => {
            format!(
                "{} (scale_up_{rung}) durante {}",
                measured(*measure, '>', *threshold),
                short(*held)
            )
        }
        Reason::BelowRung {
            measure,
            rung,
            threshold,
            held,
        } => {
            format!(
                "{} (scale_down_{rung}) durante {}",
                measured(*measure, '<', *threshold),
                short(*held)
            )
        }
        Reason::OutsideBounds => "el número de workers está fuera de min_workers..max_workers".into(),
        Reason::Restore { held_before } => {
            format!("había {held_before} antes de la recarga y la carga los sigue pidiendo")
        }
        Reason::WithinThresholds => "ningún umbral cruzado".into(),
        Reason::NotHeldYet {
            measure,
            rung,
            threshold,
            held,
            needed,
            up,
        } => format!(
            "{} ({}_{rung}) durante {} de {}",
            measured(*measure, if *up { '>' } else { '<' }, *threshold),
            if *up { "scale_up" } else { "scale_down" },
            short(*held),
            short(*needed)
        ),
        Reason::NoFiguresYet => "aún no hay una media de CPU".into(),
        Reason::Booting => "las cifras contienen el arranque de workers nuevos".into(),
        Reason::Overdue { held, why } => overdue(why, &short(*held)),
        Reason::BootFailed => {
            "el último worker nuevo no llegó a atender: ningún paso hasta que el servidor se reinicie o se recargue"
                .into()
        }
        Reason::CodeNewer { path, held, needed } => format!(
            "{} es más nuevo que todos los workers: quizá un despliegue a medias; el paso espera la recarga ({} de {} como máximo)",
            path.display(),
            short(*held),
            short(*needed)
        ),
        Reason::Unsettled => "workers antiguos y nuevos a la vez: puede que haya una recarga en curso".into(),
        Reason::WouldFlap {
            to,
            projected,
            threshold: limit,
        } => format!(
            "con {} la CPU sería {projected:.1}%, a menos de 5 puntos del umbral {}%",
            workers(*to),
            threshold(*limit)
        ),
        Reason::ByHand { workers: n } => format!("orden manual de {}", workers(*n)),
        Reason::Paused => "en pausa por orden manual; termina con `autoscaler resume`".into(),
        Reason::Disabled => "deshabilitado (enabled: false)".into(),
        Reason::AtMaximum { max } => format!("la carga pide más que el máximo de {}", workers(*max)),
        Reason::MemoryPerWorker {
            workers: n,
            per_worker_mib,
            needed_mib,
        } => {
            format!("memoria insuficiente: {per_worker_mib}MB por worker con {n}, hacen falta {needed_mib}MB")
        }
        Reason::MemoryPromised { promised_mib } => promised(*promised_mib),
        Reason::HostSaturated {
            wait_percent,
            busy_percent,
        } => format!(
            "el host no tiene CPU libre ({busy_percent:.0}% ocupado) y el proyecto espera el {wait_percent:.0}% del tiempo: otro worker también esperaría"
        ),
        Reason::Quota { throttled_percent } => format!(
            "su propio límite cpu.max lo frena el {throttled_percent:.0}% del tiempo: suba CPUQuota= o baje max_workers"
        ),
        Reason::MemoryThreshold { needed_mib } => {
            format!("memoria insuficiente: memory_threshold_mb pide {needed_mib}MB disponibles")
        }
        Reason::MemoryForScaleDown { needed_mib } => {
            format!("para bajar hacen falta más de {needed_mib}MB disponibles (scale_down_min_available_mb)")
        }
        Reason::QueueUnreadable(fault) => format!("no se puede leer la cola: {}", celery::queue(fault)),
        Reason::PoolUnreachable(fault) => format!("no se puede gobernar el pool: {}", celery::pool(fault)),
        Reason::PoolBusy => "todos los workers están ejecutando una tarea".into(),
        Reason::Unobservable(fault) => unobservable(fault),
    }
}

/// A hold that has lasted for too long.
fn overdue(why: &Reason, held: &str) -> String {
    match why {
        Reason::Booting => {
            format!("desde hace {held} le faltan workers y no llega ninguno: su propio log dice por qué")
        }
        Reason::NoFiguresYet => {
            format!(
                "desde hace {held} no hay una media de CPU: `autoscaler check` dice qué ve del cgroup del proyecto"
            )
        }
        Reason::Unsettled => format!(
            "desde hace {held} van y vienen workers como en una recarga que no acaba: busque workers que caen, o un despliegue que recarga una y otra vez"
        ),
        Reason::PoolBusy => format!(
            "desde hace {held} todos los workers tienen una tarea y no se puede quitar ninguno: `celery inspect active` dice cuáles"
        ),
        other => format!("desde hace {held}: {}", reason(other)),
    }
}

pub(super) fn unobservable(fault: &Unobservable) -> String {
    match fault {
        Unobservable::UnitNotFound { unit } => {
            format!("systemd no conoce {unit}; compruebe service_name con `systemctl status {unit}`")
        }
        Unobservable::UnitInactive { unit, state } => format!("{unit} no está en marcha ({state})"),
        Unobservable::NoServiceManager { why } => {
            format!("no se puede preguntar a systemd ({why}) y no hay \"cgroup\" configurado")
        }
        Unobservable::CgroupNotFound { path } => format!("no existe el cgroup {}", path.display()),
        Unobservable::CgroupEmpty { path } => {
            format!("no hay ningún proceso en el cgroup {}", path.display())
        }
        Unobservable::NotAWorkerServer { pid, command } => format!(
            "el proceso {pid} ({command}) no atiende SIGTTIN y SIGTTOU: no es un maestro gunicorn y no se le envía nada"
        ),
        Unobservable::SeveralMasters { pids } => {
            format!("varios procesos podrían ser el maestro: {}", numbers(pids))
        }
        Unobservable::Forking { pid } => {
            format!("el proceso {pid} se acaba de crear: aún no se sabe si es un worker")
        }
        Unobservable::MasterElsewhere { pid, cgroup } => {
            format!("el proceso principal {pid} está en otro cgroup: {cgroup}")
        }
        Unobservable::SharedCgroup { others } => format!(
            "el mismo cgroup es también el de {}: los pasos de uno desharían los del otro",
            others.join(", ")
        ),
        Unobservable::Unreadable { why } => format!("no se puede leer: {why}"),
    }
}

fn promised(mib: u64) -> String {
    format!("memoria insuficiente: {mib}MB son para workers nuevos de otros proyectos en esta comprobación")
}
