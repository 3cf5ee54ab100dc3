//! What stands against commanding a pool, and what a count of waiting tasks leaves out.

use super::figures::{all_quoted, names, quoted};
use super::host::read_fault;
use super::queue::queue_fault;
use crate::model::{Language, Oddity, Place, PoolFault, Uncounted, queues_line};

/// Why a pool cannot be commanded.
#[must_use]
pub fn pool_fault(language: Language, fault: &PoolFault) -> String {
    match fault {
        PoolFault::Broker(fault) => queue_fault(language, fault),
        PoolFault::NobodyListens => say!(
            language,
            "no worker listens for remote control on this broker: is worker_enable_remote_control off, control_exchange or fanout_prefix another than Celery's own, or the broker (with its database or virtual host) another than the worker's?",
            "ningún worker atiende el control remoto en este broker: ¿está worker_enable_remote_control apagado, son control_exchange o fanout_prefix otros que los de Celery, o usa el worker otro broker (u otra base de datos u otro virtual host)?"
        ),
        PoolFault::ListensElsewhere { places } => {
            let lines = lines(language, places);
            say!(
                language,
                "no worker listens for remote control here, but Celery's workers have their keys elsewhere on this server: if they are this project's, write {lines}",
                "ningún worker atiende aquí el control remoto, pero hay workers de Celery con sus claves en otro lugar de este servidor: si son de este proyecto, escriba {lines}"
            )
        }
        PoolFault::NoAnswer { node, method, after } => {
            let after = after.as_secs();
            say!(
                language,
                "the node {node} did not answer {method} within {after} s",
                "el nodo {node} no ha contestado a {method} en {after} s"
            )
        }
        PoolFault::NotOurs { answered } if answered.is_empty() => say!(
            language,
            "workers listen to remote control and none answers in JSON: do accept_content and task_serializer of the application have json in them? A project whose tasks need pickle can scale instances of a unit instead (\"actuator\": \"units\")",
            "hay workers que atienden el control remoto y ninguno contesta en JSON: ¿tienen json accept_content y task_serializer de la aplicación? Un proyecto cuyas tareas necesitan pickle puede escalar instancias de una unidad (\"actuator\": \"units\")"
        ),
        PoolFault::NotOurs { answered } => {
            let answered = names(language, answered);
            say!(
                language,
                "none of the nodes that answered runs in this project's cgroup: {answered}",
                "ninguno de los nodos que contestan corre en el cgroup de este proyecto: {answered}"
            )
        }
        PoolFault::SameName { node } => say!(
            language,
            "more than one worker is named {node}: give each its own name (-n NAME@%h)",
            "hay más de un worker con el nombre {node}: dé a cada uno el suyo (-n NOMBRE@%h)"
        ),
        PoolFault::SeveralNodes { nodes } => {
            let nodes = names(language, nodes);
            say!(
                language,
                "several nodes run in this project's cgroup ({nodes}): give each a project of its own",
                "varios nodos corren en el cgroup de este proyecto ({nodes}): dé a cada uno su proyecto"
            )
        }
        PoolFault::NoProcesses { node, pool } => say!(
            language,
            "the node {node} runs the {pool} pool, which cannot change its size: start it with --pool=prefork",
            "el nodo {node} usa el pool {pool}, cuyo tamaño no se puede cambiar: arránquelo con --pool=prefork"
        ),
        PoolFault::OwnAutoscale { node } => say!(
            language,
            "the node {node} runs with --autoscale, which refuses commands from outside: start it with --concurrency instead",
            "el nodo {node} corre con --autoscale y no admite órdenes de fuera: arránquelo con --concurrency"
        ),
        PoolFault::NotConsumed {
            node,
            queue,
            consumed,
        } => {
            let (queue, consumed) = (quoted(queue), names(language, consumed));
            say!(
                language,
                "the node {node} takes no tasks from the queue {queue}, only from: {consumed}",
                "el nodo {node} no toma tareas de la cola {queue}, solo de: {consumed}"
            )
        }
        PoolFault::Malformed { node, method, why } => {
            let why = oddity(language, why);
            say!(
                language,
                "the node {node} answered {method} with something unknown: {why}",
                "el nodo {node} ha contestado a {method} algo desconocido: {why}"
            )
        }
        PoolFault::Unreadable { why } => read_fault(language, why),
    }
}

/// What is odd about a node's answer. The English of each is how the history keeps it.
fn oddity(language: Language, oddity: &Oddity) -> String {
    match oddity {
        Oddity::NoList => say!(language, "{oddity}", "no es una lista"),
        // The node's own.
        Oddity::Words(words) => words.clone(),
    }
}

/// What a count of waiting tasks leaves out, and the line that has it counted.
#[must_use]
pub fn uncounted(language: Language, what: &Uncounted) -> String {
    match what {
        Uncounted::Lists { lists, tasks, remedy } => {
            let (lists, remedy) = (all_quoted(lists, ", "), remedy.line());
            let waiting = if *tasks == 1 {
                say!(
                    language,
                    "1 task of its queues waits in lists",
                    "1 tarea de sus colas espera en listas"
                )
            } else {
                say!(
                    language,
                    "{tasks} tasks of its queues wait in lists",
                    "{tasks} tareas de sus colas esperan en listas"
                )
            };
            say!(
                language,
                "{waiting} in Redis that nobody counts ({lists}): write {remedy} in this project, as the application's broker_transport_options have it",
                "{waiting} de Redis que nadie cuenta ({lists}): escriba {remedy} en este proyecto, como lo tiene broker_transport_options en la aplicación"
            )
        }
        Uncounted::Elsewhere { places } => {
            let lines = lines(language, places);
            say!(
                language,
                "nothing of its queues is where they are counted, but Celery's workers have their keys elsewhere on this server: if they are this project's, write {lines}",
                "no hay nada de sus colas donde se cuentan, pero hay workers de Celery con sus claves en otro lugar de este servidor: si son de este proyecto, escriba {lines}"
            )
        }
        Uncounted::Queues { node, queues, all } => {
            let (queues, line) = (queues.join(", "), queues_line(all));
            say!(
                language,
                "the node {node} also takes tasks from {queues}, which nobody counts: write {line}",
                "el nodo {node} toma tareas también de {queues}, que nadie cuenta: escriba {line}"
            )
        }
        Uncounted::Prefetched { node } => say!(
            language,
            "the node {node} has fetched more tasks ahead, or holds more for later (eta), than it can be asked to list: they are not counted, and the queue leads to no step down; give worker_prefetch_multiplier a small number, not 0",
            "el nodo {node} ha tomado por adelantado, o guarda para más tarde (eta), más tareas de las que se le puede pedir que enumere: no se cuentan, y la cola no lleva a ningún paso abajo; dé a worker_prefetch_multiplier un número pequeño, no 0"
        ),
        Uncounted::Absent {
            task_queue,
            queues,
            key,
        } => {
            let (name, queues, key) = (task_queue.name(), all_quoted(queues, ", "), quoted(key));
            let keys = match task_queue.key_prefix() {
                Some(_) => say!(
                    language,
                    ", \"queues\" or \"redis_key_prefix\"",
                    ", \"queues\" o \"redis_key_prefix\""
                ),
                None => say!(language, " or \"queues\"", " o \"queues\""),
            };
            say!(
                language,
                "nothing of {queues} is in this database of Redis, neither tasks (in {key}) nor workers of {name}: if tasks have been put there already, the URL's database{keys} is another than the application's",
                "no hay nada de {queues} en esta base de datos de Redis, ni tareas (en {key}) ni workers de {name}: si ya se han puesto tareas, la base de datos de la URL{keys} no es la de la aplicación"
            )
        }
        Uncounted::Unsearched => say!(
            language,
            "the broker's user may not look for lists of its queues under other names (priority_steps, sep, global_keyprefix): where the application sets none of these, nothing is missing; else permit +scan and +eval",
            "el usuario del broker no puede buscar listas de sus colas con otros nombres (priority_steps, sep, global_keyprefix): si la aplicación no los cambia, no falta nada; si no, permita +scan y +eval"
        ),
    }
}

fn lines(language: Language, places: &[Place]) -> String {
    let lines: Vec<String> = places.iter().map(Place::lines).collect();
    lines.join(&say!(language, ", or ", ", o "))
}
