//! Rules: in `global` for all projects, in a project for it alone.

use crate::config::key::{Key, Kind, Number, Whole, Without};
use crate::config::keys::MEMORY_MIB;
use crate::model::Unit;

/// How long something must hold, or may last: a year at most.
pub(in crate::config) const HOLD: Number = Number {
    least: 0.0,
    most: 365.0 * 24.0 * 60.0,
    unit: Unit::Minutes,
};

/// From when on a request takes long: a day at most.
pub(in crate::config) const LONG_REQUEST: Number = Number {
    least: 1.0,
    most: 86_400.0,
    unit: Unit::Seconds,
};

/// A limit of 0 would kill the service.
pub(in crate::config) const PER_WORKER_MIB: Whole = Whole {
    least: 1,
    ..MEMORY_MIB
};

const WAITING: Without = Without::Value(r#"{ "scale_up": 2, "scale_down": 10 }"#);

pub(in crate::config) const RULES: &[Key] = &[
    Key::new(
        "cpu_basis",
        Kind::Choice(&["workers", "host"]),
        Without::Value("\"workers\""),
        [
            "What 100 % CPU means. `workers`: each worker is on a CPU all the time, or all CPUs that the cgroup may use are busy. `host`: the project alone keeps every CPU of the host busy.",
            "Qué significa un 100 % de CPU. `workers`: cada worker está en una CPU todo el tiempo, o lo están todas las CPU que el cgroup puede usar. `host`: el proyecto solo ocupa todas las CPU de la máquina.",
        ],
    ),
    Key::new(
        "cpu_duration_minutes",
        Kind::Hold(HOLD),
        Without::Value(r#"{ "scale_up": 3, "scale_down": 15 }"#),
        [
            "How long the CPU must stay beyond a threshold before a step.",
            "Cuánto debe seguir la CPU más allá de un umbral antes de un paso.",
        ],
    ),
    Key::new(
        "queue_duration_minutes",
        Kind::Hold(HOLD),
        WAITING,
        [
            "The same for the task queues.",
            "Lo mismo para las colas de tareas.",
        ],
    ),
    Key::new(
        "busy_duration_minutes",
        Kind::Hold(HOLD),
        WAITING,
        [
            "The same for `busy_thresholds`.",
            "Lo mismo para `busy_thresholds`.",
        ],
    ),
    Key::new(
        "wait_duration_minutes",
        Kind::Hold(HOLD),
        WAITING,
        [
            "The same for `wait_thresholds`.",
            "Lo mismo para `wait_thresholds`.",
        ],
    ),
    Key::new(
        "requests",
        Kind::Boolean,
        Without::Value("false"),
        [
            "Whether the kernel watches the requests of a project without thresholds over them. Low CPU then takes away no worker that requests keep busy.",
            "Si el kernel observa las peticiones de un proyecto sin umbrales sobre ellas. Entonces la CPU baja no quita ningún worker que las peticiones mantienen ocupado.",
        ],
    ),
    Key::new(
        "scale_down_while_busy",
        Kind::Boolean,
        Without::Value("false"),
        [
            "`true`: low CPU is enough to take workers away, busy or not.",
            "`true`: la CPU baja basta para quitar workers, ocupados o no.",
        ],
    ),
    Key::new(
        "long_request_seconds",
        Kind::Number(LONG_REQUEST),
        Without::Value("30"),
        [
            "A request that takes longer (a websocket, a long poll) takes a slot and does not count as busy.",
            "Una petición que dura más (un websocket, un long poll) ocupa un puesto y no cuenta como ocupada.",
        ],
    ),
    Key::new(
        "min_available_mb_per_worker",
        Kind::Whole(MEMORY_MIB),
        Without::Value("500"),
        [
            "A step up to N workers needs this much available memory for each of the N.",
            "Un paso a N workers necesita esta memoria disponible por cada uno de los N.",
        ],
    ),
    Key::new(
        "memory_threshold_mb",
        Kind::Whole(MEMORY_MIB),
        Without::Value("0"),
        [
            "A step up needs at least this much available memory in all.",
            "Un paso arriba necesita al menos esta memoria disponible en total.",
        ],
    ),
    Key::new(
        "scale_down_min_available_mb",
        Kind::Whole(MEMORY_MIB),
        Without::Told(["8/18 of the host's memory", "8/18 de la memoria de la máquina"]),
        [
            "A step down needs more available memory than this.",
            "Un paso abajo necesita más memoria disponible que esta.",
        ],
    ),
    Key::new(
        "memory_per_worker_mb",
        Kind::Whole(PER_WORKER_MIB),
        Without::Value("500"),
        [
            "The service's memory limit (`memory.max`) is this times the workers, plus `memory_base_mb`.",
            "El límite de memoria del servicio (`memory.max`) es esto por el número de workers, más `memory_base_mb`.",
        ],
    ),
    Key::new(
        "memory_base_mb",
        Kind::Whole(MEMORY_MIB),
        Without::Value("0"),
        [
            "Memory for the master process, on top of that of the workers.",
            "Memoria para el proceso maestro, además de la de los workers.",
        ],
    ),
    Key::new(
        "scale_up_on_saturated_host",
        Kind::Boolean,
        Without::Value("false"),
        [
            "Whether to add workers although every CPU of the host is busy and the project's tasks wait for one.",
            "Si se añaden workers aunque todas las CPU de la máquina estén ocupadas y las tareas del proyecto esperen una.",
        ],
    ),
    Key::new(
        "wait_for_reload_minutes",
        Kind::Number(HOLD),
        Without::Value("10"),
        [
            "How long a step up waits at most for a reload where the code on disk is newer than every worker. 0: it does not look.",
            "Cuánto espera como máximo un paso arriba a una recarga si el código en disco es más nuevo que todos los workers. 0: no mira.",
        ],
    ),
];
