//! What stands against reading a queue or commanding a pool.

use std::path::Path;

use crate::model::{Place, PoolFault, QueueFault, TlsProblem, Uncounted, queues_line, quoted};

/// The broker no longer tells what is not acknowledged.
pub(super) fn unacknowledged_unknown(unit: &str, fault: &QueueFault) -> String {
    format!(
        "⚠️ {unit}: no se sabe cuántas tareas están sin confirmar ({}); todo lo demás sigue",
        queue(fault)
    )
}

/// It tells it again.
pub(super) fn unacknowledged_known(unit: &str) -> String {
    format!("✅ {unit}: se sabe de nuevo cuántas tareas están sin confirmar")
}

/// No list of a project's queues is left out any more.
pub(super) fn all_counted(unit: &str) -> String {
    format!("✅ {unit}: se cuentan de nuevo todas las tareas que esperan")
}

/// Why a queue cannot be read.
pub(super) fn queue(fault: &QueueFault) -> String {
    match fault {
        QueueFault::BadUrl { why } => format!("la URL del broker no sirve: {why}"),
        QueueFault::NoVariable { variable, pid } => format!(
            "el proceso {pid} arrancó sin {variable} en su entorno: póngala en la unidad (Environment= o EnvironmentFile=) y reiníciela"
        ),
        QueueFault::EnvironmentOverwritten { pid } => format!(
            "el proceso {pid} ha escrito su título encima de su entorno: ponga en la unidad Environment=SPT_NOENV=1, que se lo impide a setproctitle, y reiníciela"
        ),
        QueueFault::EnvironmentForbidden { pid } => format!(
            "no está permitido leer el entorno del proceso {pid}: al demonio le hacen falta CAP_DAC_READ_SEARCH y CAP_SYS_PTRACE, como los tiene en la unidad que viene con él"
        ),
        QueueFault::EnvironmentUnreadable { why } => {
            format!("no se puede leer el entorno del proceso principal: {why}")
        }
        QueueFault::Unreachable { at, why } => format!("el broker en {at} no responde: {why}"),
        QueueFault::Tls { at, problem } => format!("no hay TLS con el broker en {at}: {}", tls(problem)),
        QueueFault::NotSupported { kind } => format!(
            "{kind} no está soportado: nombre el único servidor que tiene las colas, por ejemplo \"redis_url\": \"redis://10.0.0.1:6379/0\""
        ),
        QueueFault::LoginRefused { at, why } => {
            format!("el broker en {at} rechaza el usuario o la contraseña: {why}")
        }
        QueueFault::NotPermitted { at, why } => format!("el broker en {at} no lo permite: {why}"),
        QueueFault::NoSuchQueue { at, queue } => format!(
            "el broker en {at} no tiene la cola {} en este virtual host: ¿se escribe como en Celery, es el virtual host de la URL el del worker, y la ha consumido ya un worker?",
            quoted(queue)
        ),
        QueueFault::Answered { at, why } => format!("el broker en {at} contesta con un error: {why}"),
    }
}

/// Why a pool cannot be commanded.
pub(super) fn pool(fault: &PoolFault) -> String {
    match fault {
        PoolFault::Broker(fault) => queue(fault),
        PoolFault::NobodyListens => {
            "ningún worker atiende el control remoto en este broker: ¿está worker_enable_remote_control apagado, son control_exchange o fanout_prefix otros que los de Celery, o usa el worker otro broker (u otra base de datos u otro virtual host)?".into()
        }
        PoolFault::ListensElsewhere { places } => format!(
            "ningún worker atiende aquí el control remoto, pero hay workers de Celery con sus claves en otro lugar de este servidor: si son de este proyecto, escriba {}",
            lines(places)
        ),
        PoolFault::NoAnswer { node, method, after } => {
            format!("el nodo {node} no ha contestado a {method} en {} s", after.as_secs())
        }
        PoolFault::NotOurs { answered } => format!(
            "ninguno de los nodos que contestan corre en el cgroup de este proyecto: {}",
            list(answered)
        ),
        PoolFault::SameName { node } => {
            format!("hay más de un worker con el nombre {node}: dé a cada uno el suyo (-n NOMBRE@%h)")
        }
        PoolFault::SeveralNodes { nodes } => format!(
            "varios nodos corren en el cgroup de este proyecto ({}): dé a cada uno su proyecto",
            list(nodes)
        ),
        PoolFault::NoProcesses { node, pool } => format!(
            "el nodo {node} usa el pool {pool}, cuyo tamaño no se puede cambiar: arránquelo con --pool=prefork"
        ),
        PoolFault::OwnAutoscale { node } => format!(
            "el nodo {node} corre con --autoscale y no admite órdenes de fuera: arránquelo con --concurrency"
        ),
        PoolFault::NotConsumed { node, queue, consumed } => format!(
            "el nodo {node} no toma tareas de la cola {}, solo de: {}",
            quoted(queue),
            list(consumed)
        ),
        PoolFault::Malformed { node, method, why } => {
            format!("el nodo {node} ha contestado a {method} algo desconocido: {why}")
        }
        PoolFault::Unreadable { why } => format!("no se puede leer: {why}"),
    }
}

/// What a count of waiting tasks leaves out, and the line that has it counted.
pub(in crate::report) fn uncounted(what: &Uncounted) -> String {
    match what {
        Uncounted::Lists { lists, tasks, remedy } => format!(
            "{} en listas de Redis que nadie cuenta ({}): escriba {} en este proyecto, como lo tiene broker_transport_options en la aplicación",
            if *tasks == 1 {
                "1 tarea de sus colas espera".to_owned()
            } else {
                format!("{tasks} tareas de sus colas esperan")
            },
            lists
                .iter()
                .map(|list| quoted(list))
                .collect::<Vec<_>>()
                .join(", "),
            remedy.line()
        ),
        Uncounted::Elsewhere { places } => format!(
            "no hay nada de sus colas donde se cuentan, pero hay workers de Celery con sus claves en otro lugar de este servidor: si son de este proyecto, escriba {}",
            lines(places)
        ),
        Uncounted::Queues { node, queues, all } => format!(
            "el nodo {node} toma tareas también de {}, que nadie cuenta: escriba {}",
            queues.join(", "),
            queues_line(all)
        ),
    }
}

/// What is wrong with an encrypted connection.
fn tls(problem: &TlsProblem) -> String {
    match problem {
        TlsProblem::UnknownAuthority { authorities } => format!(
            "su certificado no está firmado por {}: nombre en la URL el de quien lo firmó, ?ssl_ca_certs=/ruta/ca.pem, como lo tiene el worker",
            authorities.as_deref().map_or_else(
                || "ninguna autoridad en la que confíe este sistema".to_owned(),
                |file: &Path| format!("ninguna autoridad de {}", file.display())
            )
        ),
        TlsProblem::OtherName { wanted, names } => format!(
            "su certificado es para {}, no para {wanted}: escriba en la URL un nombre del certificado o, como hacen por su cuenta las versiones antiguas de redis-py, ?ssl_check_hostname=false",
            if names.is_empty() {
                "ningún nombre (no tiene subjectAltName)".to_owned()
            } else {
                names.join(", ")
            }
        ),
        TlsProblem::Expired => "su certificado ha caducado: renuévelo".into(),
        TlsProblem::NotYetValid => "su certificado aún no es válido: ¿está bien el reloj?".into(),
        TlsProblem::NoServersCertificate => "su certificado es el de una autoridad y no el de un servidor: nombre en la URL ese mismo certificado, ?ssl_ca_certs=/ruta/servidor.pem".into(),
        TlsProblem::CertificateUnusable => {
            "su certificado no sirve: está dañado o revocado, o firmado de un modo que ya no es seguro".into()
        }
        TlsProblem::NotSpoken => {
            "no contesta en TLS en este puerto: escriba redis:// (amqp://) en la URL, o el puerto de TLS".into()
        }
        TlsProblem::NothingInCommon => {
            "no tiene ninguna versión de TLS en común con este programa, que habla la 1.2 y la 1.3".into()
        }
        TlsProblem::ClientUnknown => "pide un certificado del cliente: nómbrelo en la URL, ?ssl_certfile=/ruta/cliente.pem&ssl_keyfile=/ruta/cliente.key, como lo tiene el worker".into(),
        TlsProblem::ClientRefused => "rechaza el certificado del cliente (ssl_certfile)".into(),
        TlsProblem::Broken => "el saludo TLS falló".into(),
    }
}

fn lines(places: &[Place]) -> String {
    let lines: Vec<String> = places.iter().map(Place::lines).collect();
    lines.join(", o ")
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "ninguno".into()
    } else {
        names.join(", ")
    }
}
