//! Requests: why they decide, and why they cannot be seen.

use std::time::Duration;

use super::figures::{threshold, workers};
use crate::model::{Language, ListenQueue, Reason, RequestFault, RequestSummary, RequestsWay};

/// The reasons that are about requests alone.
pub(super) fn reason(language: Language, reason: &Reason) -> String {
    match reason {
        Reason::WorkersBusy { to, projected, limit } => {
            let (workers, limit) = (workers(*to), threshold(*limit));
            say!(
                language,
                "little load, but the workers are busy with requests: with {workers} busy would be {projected:.0}%, more than {limit}%",
                "poca carga, pero los workers están ocupados con peticiones: con {workers} los ocupados serían el {projected:.0}%, más del {limit}%"
            )
        }
        Reason::RequestsWait { wait, limit } => {
            let (wait, limit) = (millis(*wait), millis(*limit));
            say!(
                language,
                "little load, but requests wait for a worker: p95 wait {wait}, more than {limit}",
                "poca carga, pero hay peticiones que esperan un worker: espera p95 {wait}, más de {limit}"
            )
        }
        Reason::SlowerNotBusier {
            workers_before,
            answers_before,
            answers,
            service_before,
            service,
        } => {
            let (before, service_before, service) = (
                workers(*workers_before),
                millis(*service_before),
                millis(*service),
            );
            say!(
                language,
                "more workers brought slower answers, not more of them: {answers_before:.1}/s of {service_before} with {before}, \
                 {answers:.1}/s of {service} now. Look at what they wait for: a database, a lock, another service",
                "más workers trajeron respuestas más lentas, no más respuestas: {answers_before:.1}/s de {service_before} con {before}, \
                 {answers:.1}/s de {service} ahora. Mire a qué esperan: una base de datos, un bloqueo, otro servicio"
            )
        }
        // No others come here.
        _ => String::new(),
    }
}

/// By what requests are seen.
pub(super) fn way(language: Language, way: RequestsWay) -> String {
    match way {
        RequestsWay::Tracepoints => say!(
            language,
            "requests seen in the kernel, at its tracepoints",
            "peticiones vistas en el kernel, en sus tracepoints"
        ),
        RequestsWay::Functions => say!(
            language,
            "requests seen in the kernel, at its functions",
            "peticiones vistas en el kernel, en sus funciones"
        ),
        RequestsWay::ListenQueues => say!(
            language,
            "of requests, only the connections that nobody has accepted yet can be seen",
            "de las peticiones solo se pueden ver las conexiones que nadie ha aceptado todavía"
        ),
    }
}

/// A listening socket.
pub(super) fn listens(language: Language, queue: &ListenQueue) -> String {
    let ListenQueue {
        address,
        waiting,
        limit,
        ..
    } = queue;
    say!(
        language,
        "listens at {address}: {waiting} of {limit} connections wait to be accepted",
        "escucha en {address}: {waiting} de {limit} conexiones esperan ser aceptadas"
    )
}

/// The requests of a moment.
pub(super) fn summary(language: Language, seen: &RequestSummary) -> String {
    let (rate, busy) = (seen.per_second, seen.busy);
    let wait = seen.wait_p95.map_or_else(|| "-".to_owned(), millis);
    match seen.slots {
        Some(slots) => say!(
            language,
            "requests: {rate:.1}/s, {busy:.1} of {slots} slots busy, p95 wait {wait}",
            "peticiones: {rate:.1}/s, {busy:.1} de {slots} puestos ocupados, espera p95 {wait}"
        ),
        None => say!(
            language,
            "requests: {rate:.1}/s, {busy:.1} served at a time by an event loop or threads that are not told, p95 wait {wait}",
            "peticiones: {rate:.1}/s, {busy:.1} a la vez en un bucle de eventos o en hilos que no se conocen, espera p95 {wait}"
        ),
    }
}

/// Why requests do not say what thresholds ask.
pub(super) fn unseen(language: Language, fault: RequestFault) -> String {
    match fault {
        RequestFault::NotSeen => say!(
            language,
            "requests cannot be seen here, so nothing can be said of busy workers and waits: `autoscaler check` says why",
            "aquí no se pueden ver las peticiones, así que nada se sabe de workers ocupados ni de esperas: `autoscaler check` dice por qué"
        ),
        RequestFault::ReadsAhead => say!(
            language,
            "the wait of its requests is not seen: puma reads them before a thread is free, so that it looks like service. Write \"busy_thresholds\" and \"threads_per_worker\" instead",
            "no se ve la espera de sus peticiones: puma las lee antes de tener un hilo libre, y su espera parece servicio. Escriba en su lugar \"busy_thresholds\" y \"threads_per_worker\""
        ),
        RequestFault::EventLoop => say!(
            language,
            "\"busy_thresholds\" says nothing of this server: an event loop serves as many requests as come. Write \"wait_thresholds\"",
            "\"busy_thresholds\" no dice nada de este servidor: un bucle de eventos atiende cuantas peticiones lleguen. Escriba \"wait_thresholds\""
        ),
        RequestFault::Untold {
            serving,
            workers: count,
        } => {
            let workers = workers(count);
            say!(
                language,
                "{serving} requests were served at once by {workers}: its command line does not tell its threads. Write \"threads_per_worker\"",
                "{workers} atendían {serving} peticiones a la vez: su línea de órdenes no dice sus hilos. Escriba \"threads_per_worker\""
            )
        }
    }
}

/// `85 ms`, `1.24 s`.
fn millis(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}
