//! What stands against reading a queue or commanding a pool.

use crate::observe::{PoolFault, QueueFault};

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
        QueueFault::LoginRefused { at, why } => {
            format!("el broker en {at} rechaza el usuario o la contraseña: {why}")
        }
        QueueFault::NotPermitted { at, why } => format!("el broker en {at} no lo permite: {why}"),
        QueueFault::NoSuchQueue { at, queue } => format!(
            "el broker en {at} no tiene la cola {queue:?}: ¿se escribe como en Celery, y la ha consumido ya un worker?"
        ),
        QueueFault::Answered { at, why } => format!("el broker en {at} contesta con un error: {why}"),
    }
}

/// Why a pool cannot be commanded.
pub(super) fn pool(fault: &PoolFault) -> String {
    match fault {
        PoolFault::Broker(fault) => queue(fault),
        PoolFault::NobodyListens => {
            "ningún worker atiende el control remoto en este broker: ¿está worker_enable_remote_control apagado, o usa el worker otro broker?".into()
        }
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
            "el nodo {node} no toma tareas de la cola {queue:?}, solo de: {}",
            list(consumed)
        ),
        PoolFault::Malformed { node, method, why } => {
            format!("el nodo {node} ha contestado a {method} algo desconocido: {why}")
        }
        PoolFault::Unreadable { why } => format!("no se puede leer: {why}"),
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "ninguno".into()
    } else {
        names.join(", ")
    }
}
