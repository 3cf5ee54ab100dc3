//! The reasons of decisions, and what would have to change for another.

use std::path::Path;
use std::time::Duration;

use super::celery::pool_fault;
use super::demand;
use super::figures::{short, threshold, workers};
use super::queue::queue_fault;
use super::requests;
use super::schedule;
use super::unobservable::unobservable;
use crate::model::{Language, Measure, Next, Reason};

/// Why something was decided.
#[must_use]
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each variant and none for the rest: a new one asks for its words"
)]
pub fn reason(language: Language, reason: &Reason) -> String {
    match reason {
        Reason::AboveRung {
            measure,
            value,
            rung,
            threshold,
            held,
        } => {
            let (measured, held) = (
                measured(language, *measure, *value, '>', *threshold),
                short(*held),
            );
            say!(
                language,
                "{measured} (scale_up_{rung}) for {held}",
                "{measured} (scale_up_{rung}) durante {held}"
            )
        }
        Reason::BelowRung {
            measure,
            value,
            rung,
            threshold,
            held,
        } => {
            let (measured, held) = (
                measured(language, *measure, *value, '<', *threshold),
                short(*held),
            );
            say!(
                language,
                "{measured} (scale_down_{rung}) for {held}",
                "{measured} (scale_down_{rung}) durante {held}"
            )
        }
        Reason::NotHeldYet {
            measure,
            rung,
            threshold,
            held,
            needed,
            up,
        } => {
            let (sign, key) = if *up {
                ('>', "scale_up")
            } else {
                ('<', "scale_down")
            };
            let measured = measured(language, *measure, None, sign, *threshold);
            let (held, needed) = (short(*held), short(*needed));
            say!(
                language,
                "{measured} ({key}_{rung}) for {held} of {needed}",
                "{measured} ({key}_{rung}) durante {held} de {needed}"
            )
        }
        Reason::OutsideBounds => say!(
            language,
            "the worker count is outside min_workers..max_workers",
            "el número de workers está fuera de min_workers..max_workers"
        ),
        Reason::OutsideSchedule {
            bound,
            below,
            schedule: asked,
        } => schedule::outside(language, *bound, *below, asked),
        Reason::Restore { held_before } => say!(
            language,
            "there were {held_before} before the reload and the load still asks for them",
            "había {held_before} antes de la recarga y la carga los sigue pidiendo"
        ),
        Reason::ByHand { workers: count } => {
            let workers = workers(*count);
            say!(language, "{workers} ordered by hand", "orden manual de {workers}")
        }
        Reason::WithinThresholds => say!(language, "no threshold crossed", "ningún umbral cruzado"),
        Reason::NoFiguresYet => say!(language, "no mean yet", "aún no hay una media"),
        Reason::Booting => say!(
            language,
            "the figures contain the boot of new workers",
            "las cifras contienen el arranque de workers nuevos"
        ),
        Reason::BootFailed => say!(
            language,
            "the last new worker did not come to serve: no step until the server is restarted or reloaded",
            "el último worker nuevo no llegó a atender: ningún paso hasta que el servidor se reinicie o se recargue"
        ),
        Reason::CodeNewer { path, held, needed } => {
            code_newer(language, path, &short(*held), &short(*needed))
        }
        Reason::Unsettled => say!(
            language,
            "old and new workers side by side: perhaps a reload in progress",
            "workers antiguos y nuevos a la vez: puede que haya una recarga en curso"
        ),
        Reason::WouldFlap {
            measure,
            to,
            projected,
            threshold: limit,
        } => {
            let (workers, limit) = (workers(*to), threshold(*limit));
            match measure {
                Measure::Busy => say!(
                    language,
                    "with {workers} busy would be {projected:.1}%, less than 5 points under the threshold {limit}%",
                    "con {workers} los ocupados serían el {projected:.1}%, a menos de 5 puntos del umbral {limit}%"
                ),
                _ => say!(
                    language,
                    "with {workers} the CPU would be {projected:.1}%, less than 5 points under the threshold {limit}%",
                    "con {workers} la CPU sería {projected:.1}%, a menos de 5 puntos del umbral {limit}%"
                ),
            }
        }
        Reason::WorkersBusy { .. } | Reason::RequestsWait { .. } | Reason::SlowerNotBusier { .. } => {
            requests::reason(language, reason)
        }
        Reason::Demand(_)
        | Reason::DemandMet(_)
        | Reason::DemandPending(_)
        | Reason::TooManySteps { .. }
        | Reason::BudgetSpent(_)
        | Reason::BudgetYields(_)
        | Reason::MemoryPressure { .. } => demand::reason(language, reason),
        Reason::RequestsUnseen(fault) => requests::unseen(language, *fault),
        Reason::Overdue { held, why } => overdue(language, why, &short(*held)),
        Reason::Paused => say!(
            language,
            "paused by hand; `autoscaler resume` ends it",
            "en pausa por orden manual; termina con `autoscaler resume`"
        ),
        Reason::Disabled => say!(
            language,
            "disabled (enabled: false)",
            "deshabilitado (enabled: false)"
        ),
        Reason::AtMaximum { max, schedule: asked } => schedule::at_maximum(language, *max, asked.as_ref()),
        Reason::MemoryPerWorker {
            workers: count,
            per_worker_mib,
            needed_mib,
        } => say!(
            language,
            "too little memory: {per_worker_mib}MB per worker with {count}, {needed_mib}MB needed",
            "memoria insuficiente: {per_worker_mib}MB por worker con {count}, hacen falta {needed_mib}MB"
        ),
        Reason::MemoryPromised { promised_mib } => say!(
            language,
            "too little memory: {promised_mib}MB of it go to new workers of other projects at this check",
            "memoria insuficiente: {promised_mib}MB son para workers nuevos de otros proyectos en esta comprobación"
        ),
        Reason::HostSaturated {
            wait_percent,
            busy_percent,
        } => say!(
            language,
            "the host has no CPU left ({busy_percent:.0}% busy) and the project waits {wait_percent:.0}% of the time: another worker would wait too",
            "la máquina no tiene CPU libre ({busy_percent:.0}% ocupado) y el proyecto espera el {wait_percent:.0}% del tiempo: otro worker también esperaría"
        ),
        Reason::Quota { throttled_percent } => say!(
            language,
            "its own cpu.max holds it back {throttled_percent:.0}% of the time: raise CPUQuota= or lower max_workers",
            "su propio límite cpu.max lo frena el {throttled_percent:.0}% del tiempo: suba CPUQuota= o baje max_workers"
        ),
        Reason::MemoryThreshold { needed_mib } => say!(
            language,
            "too little memory: memory_threshold_mb asks for {needed_mib}MB available",
            "memoria insuficiente: memory_threshold_mb pide {needed_mib}MB disponibles"
        ),
        Reason::MemoryForScaleDown { needed_mib } => say!(
            language,
            "a step down needs more than {needed_mib}MB available (scale_down_min_available_mb)",
            "para bajar hacen falta más de {needed_mib}MB disponibles (scale_down_min_available_mb)"
        ),
        Reason::QueueUnreadable(fault) => {
            let fault = queue_fault(language, fault);
            say!(
                language,
                "the queue cannot be read: {fault}",
                "no se puede leer la cola: {fault}"
            )
        }
        Reason::PoolUnreachable(fault) => {
            let fault = pool_fault(language, fault);
            say!(
                language,
                "the pool cannot be commanded: {fault}",
                "no se puede gobernar el pool: {fault}"
            )
        }
        Reason::PoolBusy => say!(
            language,
            "every worker is running a task",
            "todos los workers están ejecutando una tarea"
        ),
        Reason::Unobservable(fault) => unobservable(language, fault),
    }
}

fn code_newer(language: Language, path: &Path, held: &str, needed: &str) -> String {
    let path = path.display();
    say!(
        language,
        "{path} is newer than every worker: perhaps half a deployment; the step waits for the reload ({held} of at most {needed})",
        "{path} es más nuevo que todos los workers: quizá un despliegue a medias; el paso espera la recarga ({held} de {needed} como máximo)"
    )
}

/// A hold that has lasted for too long.
fn overdue(language: Language, why: &Reason, held: &str) -> String {
    match why {
        Reason::Booting => say!(
            language,
            "it has had too few workers for {held} and none comes: its own log says why",
            "desde hace {held} le faltan workers y no llega ninguno: su propio log dice por qué"
        ),
        Reason::NoFiguresYet => say!(
            language,
            "there has been no CPU mean for {held}: `autoscaler check` says what it sees of the project's cgroup",
            "desde hace {held} no hay una media de CPU: `autoscaler check` dice qué ve del cgroup del proyecto"
        ),
        Reason::Unsettled => say!(
            language,
            "workers have come and gone for {held} as in a reload that does not end: look for workers that crash, or a deployment that reloads again and again",
            "desde hace {held} van y vienen workers como en una recarga que no acaba: busque workers que caen, o un despliegue que recarga una y otra vez"
        ),
        Reason::PoolBusy => say!(
            language,
            "for {held} every worker has been running a task, so none can be taken away: `celery inspect active`, or RQ's `rq info`, shows which",
            "desde hace {held} todos los workers tienen una tarea y no se puede quitar ninguno: `celery inspect active`, o `rq info` de RQ, dice cuáles"
        ),
        other => {
            let other = reason(language, other);
            say!(language, "for {held}: {other}", "desde hace {held}: {other}")
        }
    }
}

/// A measure beside a threshold; its own value as well where that stands nowhere else.
fn measured(language: Language, measure: Measure, value: Option<f64>, sign: char, limit: f64) -> String {
    let limit = threshold(limit);
    match measure {
        Measure::Cpu => format!("CPU {sign} {limit}%"),
        Measure::Queue => match value {
            None => say!(language, "queue {sign} {limit}", "cola {sign} {limit}"),
            Some(tasks) => say!(
                language,
                "queue with running tasks {tasks:.0} {sign} {limit}",
                "cola con tareas en marcha {tasks:.0} {sign} {limit}"
            ),
        },
        Measure::Busy => {
            let value = value.map(|percent| format!(" {percent:.0}%")).unwrap_or_default();
            say!(
                language,
                "busy{value} {sign} {limit}%",
                "ocupados{value} {sign} {limit}%"
            )
        }
        Measure::Wait => {
            let value = value.map(|ms| format!(" {ms:.0} ms")).unwrap_or_default();
            say!(
                language,
                "p95 wait{value} {sign} {limit} ms",
                "espera p95{value} {sign} {limit} ms"
            )
        }
    }
}

/// What would have to change for a step; `up` says whether it leads to more workers.
#[must_use]
pub fn outlook(language: Language, next: &Next, up: bool) -> String {
    let (direction, key, sign) = if up {
        (say!(language, "up", "subir"), "scale_up", '>')
    } else {
        (say!(language, "down", "bajar"), "scale_down", '<')
    };
    let (held, needed) = (short(next.held), short(next.needed));
    let length = if next.is_due() {
        say!(language, ", held for {held}", ", desde hace {held}")
    } else if next.held == Duration::ZERO {
        say!(language, " for {needed}", " durante {needed}")
    } else {
        let left = short(next.needed.saturating_sub(next.held));
        say!(language, " for another {left}", " durante {left} más")
    };
    let against = next.against.as_ref().map(|against| {
        let against = reason(language, against);
        say!(language, "; but {against}", "; pero {against}")
    });
    let against = against.unwrap_or_default();
    let (to, rung) = (next.to, next.rung);
    let measured = measured(language, next.measure, None, sign, next.threshold);
    say!(
        language,
        "{direction} to {to}: {measured} ({key}_{rung}){length}{against}",
        "{direction} a {to}: {measured} ({key}_{rung}){length}{against}"
    )
}
