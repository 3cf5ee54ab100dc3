//! Keys of a project alone.

use crate::config::key::{Key, Kind, Number, Threshold, Whole, Without};
use crate::config::keys::global::TIME_ZONE;
use crate::model::Unit;

/// A typing error must not fill the host with processes.
pub(in crate::config) const WORKERS: Whole = Whole {
    least: 1,
    most: 1000,
    unit: Unit::None,
};

/// Requests that one worker serves at a time.
pub(in crate::config) const THREADS: Whole = Whole {
    least: 1,
    most: 10_000,
    unit: Unit::None,
};

/// A threshold in percent.
pub(in crate::config) const PERCENT: Number = Number {
    least: 0.0,
    most: 100.0,
    unit: Unit::Percent,
};

/// A threshold over a wait: an hour at most.
pub(in crate::config) const WAIT: Number = Number {
    least: 0.0,
    most: 3_600_000.0,
    unit: Unit::Milliseconds,
};

/// A threshold in tasks that wait.
pub(in crate::config) const TASKS: Whole = Whole {
    least: 0,
    most: 1_000_000_000,
    unit: Unit::Tasks,
};

/// Tasks for one worker.
pub(in crate::config) const TASKS_PER_WORKER: Whole = Whole {
    least: 1,
    most: 1_000_000,
    unit: Unit::Tasks,
};

/// The wait of a request that is not late.
pub(in crate::config) const PROMISED_WAIT: Number = Number {
    least: 1.0,
    most: 60_000.0,
    unit: Unit::Milliseconds,
};

/// Half of all requests late is no promise.
pub(in crate::config) const PROMISED_PERCENT: Number = Number {
    least: 0.001,
    most: 50.0,
    unit: Unit::Percent,
};

/// From one look at a promise to the next.
pub(in crate::config) const CADENCE: Number = Number {
    least: 1.0,
    most: 60.0,
    unit: Unit::Seconds,
};

/// Beside the 1 of other projects.
pub(in crate::config) const WEIGHT: Number = Number {
    least: 0.01,
    most: 100.0,
    unit: Unit::None,
};

/// A priority step of kombu's.
pub(in crate::config) const PRIORITY_STEP: Whole = Whole {
    least: 0,
    most: 255,
    unit: Unit::None,
};

/// More priority steps than any application has.
pub(in crate::config) const MOST_PRIORITY_STEPS: usize = 100;

const AS_WITHOUT: Without = Without::Told(["as without the schedule", "como sin el horario"]);
const NOTHING: Without = Without::Told(["it is not followed", "no se sigue"]);
const OTHER_BROKER_KEY: Without = Without::Told([
    "one of the three broker keys is needed",
    "hace falta una de las tres claves del broker",
]);

pub(in crate::config) const PROJECT: &[Key] = &[
    Key::new(
        "enabled",
        Kind::Boolean,
        Without::Value("false"),
        [
            "`true`: the daemon may change the project. Otherwise it only watches.",
            "`true`: el demonio puede cambiar el proyecto. Si no, solo lo observa.",
        ],
    ),
    Key::new(
        "min_workers",
        Kind::Whole(WORKERS),
        Without::Value("1"),
        ["Never fewer workers than this.", "Nunca menos workers que estos."],
    ),
    Key::new(
        "max_workers",
        Kind::Whole(WORKERS),
        Without::Refused,
        ["Never more workers than this.", "Nunca más workers que estos."],
    ),
    Key::new(
        "at",
        Kind::Objects(SCHEDULE),
        Without::Value("[]"),
        [
            "Other bounds at certain times: from each moment that `cron` names until the next `until`. Where several hold at once, the highest minimum and the lowest maximum, which is never below the minimum.",
            "Otros límites a ciertas horas: desde cada momento que dice `cron` hasta el siguiente `until`. Si rigen varios a la vez, el mínimo más alto y el máximo más bajo, que nunca queda por debajo del mínimo.",
        ],
    ),
    Key::new(
        "cpu_thresholds",
        Kind::Rungs(Threshold::Number(PERCENT)),
        NOTHING,
        [
            "Rungs over the project's CPU. `scale_up_3`: above this, go to 3 workers. `scale_down_2`: below this, one worker less, but not below 2. At least one rung; rungs may have gaps and be equal, and may not fall.",
            "Peldaños sobre la CPU del proyecto. `scale_up_3`: por encima, se va a 3 workers. `scale_down_2`: por debajo, un worker menos, pero no menos de 2. Al menos un peldaño; puede haber huecos y peldaños iguales, pero no pueden bajar.",
        ],
    ),
    Key::new(
        "busy_thresholds",
        Kind::Rungs(Threshold::Number(PERCENT)),
        NOTHING,
        [
            "Rungs over the slots that requests keep busy, of workers times threads.",
            "Peldaños sobre los puestos que ocupan las peticiones, de workers por hilos.",
        ],
    ),
    Key::new(
        "wait_thresholds",
        Kind::Rungs(Threshold::Number(WAIT)),
        NOTHING,
        [
            "Rungs over the wait that 95 of 100 requests stay below, until a worker reads them. Works for event loops, too.",
            "Peldaños sobre la espera que no superan 95 de cada 100 peticiones hasta que un worker las lee. Vale también para bucles de eventos.",
        ],
    ),
    Key::new(
        "threads_per_worker",
        Kind::Whole(THREADS),
        Without::Told([
            "read off the server's command line",
            "se lee en la línea de órdenes del servidor",
        ]),
        [
            "Requests that one worker serves at a time. Write it where a configuration file of gunicorn or puma says it.",
            "Peticiones que atiende un worker a la vez. Escríbalo si lo dice un archivo de configuración de gunicorn o de puma.",
        ],
    ),
    Key::new(
        "policy",
        Kind::Choice(&["ladder", "target"]),
        Without::Value("\"ladder\""),
        [
            "`ladder`: workers follow the thresholds. `target`: they keep the promise in `target`, and no thresholds may stand beside it.",
            "`ladder`: los workers siguen los umbrales. `target`: cumplen la promesa de `target`, y no puede haber umbrales a su lado.",
        ],
    ),
    Key::new(
        "target",
        Kind::Object(TARGET),
        Without::Value(r#"{ "wait_ms": 100, "percent": 1 }"#),
        [
            "The promise: at most `percent` of the requests wait longer than `wait_ms` before a worker reads them. Only with `\"policy\": \"target\"`.",
            "La promesa: como mucho `percent` de las peticiones espera más de `wait_ms` hasta que un worker las lee. Solo con `\"policy\": \"target\"`.",
        ],
    ),
    Key::new(
        "cadence_seconds",
        Kind::Number(CADENCE),
        Without::Value("1"),
        [
            "How often a promise is looked at, also between two checks.",
            "Cada cuánto se mira una promesa, también entre dos comprobaciones.",
        ],
    ),
    Key::new(
        "weight",
        Kind::Number(WEIGHT),
        Without::Value("1"),
        [
            "What a late request of this project counts for, where several projects share a `budget`.",
            "Cuánto cuenta una petición tardía de este proyecto, si varios comparten un `budget`.",
        ],
    ),
    Key::new(
        "service_name",
        Kind::Text("^[A-Za-z0-9_]"),
        Without::Told([
            "`NAME.service`, or `NAME@.service` with `\"actuator\": \"units\"`",
            "`NOMBRE.service`, o `NOMBRE@.service` con `\"actuator\": \"units\"`",
        ]),
        [
            "The systemd service. With a `*` for the instance of a template, as in `gunicorn@*.service`: each instance that runs is a project with these rules, called `PROJECT@INSTANCE`.",
            "El servicio de systemd. Con un `*` por la instancia de una plantilla, como en `gunicorn@*.service`: cada instancia en marcha es un proyecto con estas reglas, llamado `PROYECTO@INSTANCIA`.",
        ],
    ),
    Key::new(
        "cgroup",
        Kind::Text("[^/.]"),
        Without::Told(["the service's own", "el del propio servicio"]),
        [
            "Where no systemd unit has the workers: their cgroup v2 directory, below the cgroup2 mount.",
            "Si los workers no son de una unidad de systemd: su directorio de cgroup v2, bajo el montaje de cgroup2.",
        ],
    ),
    Key::new(
        "container",
        Kind::Text("^((docker|podman):)?[A-Za-z0-9][A-Za-z0-9_.-]*$"),
        Without::Told(["the project is no container", "el proyecto no es un contenedor"]),
        [
            "The container's name, in place of `service_name`. Docker and Podman are asked. `podman:NAME` asks Podman alone.",
            "El nombre del contenedor, en lugar de `service_name`. Se pregunta a Docker y a Podman. `podman:NOMBRE` pregunta solo a Podman.",
        ],
    ),
    Key::new(
        "container_user",
        Kind::Text("."),
        Without::Told(["root's container", "el contenedor de root"]),
        [
            "The user whose rootless Podman runs the container.",
            "El usuario cuyo Podman sin root corre el contenedor.",
        ],
    ),
    Key::new(
        "process",
        Kind::Object(PROCESS),
        Without::Told(["the only server there", "el único servidor que hay"]),
        [
            "Which server it is, where there are several in one unit, cgroup or container: below supervisord, or by `celery multi`. All that is given holds of the master. Its CPU is that of its processes; requests and the memory limit are those of all servers together, and left alone.",
            "Qué servidor es, si hay varios en una unidad, un cgroup o un contenedor: bajo supervisord, o con `celery multi`. El maestro cumple todo lo que se indique. Su CPU es la de sus procesos; las peticiones y el límite de memoria son los de todos los servidores juntos, y no se tocan.",
        ],
    ),
    Key::new(
        "task_queue",
        Kind::Choice(&["celery", "rq", "dramatiq", "arq", "huey"]),
        Without::Value("\"celery\""),
        [
            "The program whose tasks wait in `queues`.",
            "El programa cuyas tareas esperan en `queues`.",
        ],
    ),
    Key::new(
        "queue_thresholds",
        Kind::Rungs(Threshold::Whole(TASKS)),
        NOTHING,
        [
            "Rungs over the tasks that wait, of all `queues` and priorities together, with those that the pool has fetched ahead.",
            "Peldaños sobre las tareas en espera, de todas las `queues` y prioridades juntas, con las que el pool ya ha reservado.",
        ],
    ),
    Key::new(
        "tasks_per_worker",
        Kind::Whole(TASKS_PER_WORKER),
        NOTHING,
        [
            "In place of `queue_thresholds`: as many workers as waiting tasks / this, rounded up, within the bounds.",
            "En lugar de `queue_thresholds`: tantos workers como tareas en espera / este número, hacia arriba, dentro de los límites.",
        ],
    ),
    Key::new(
        "count_running",
        Kind::Boolean,
        Without::Value("false"),
        [
            "Whether tasks that run count beside those that wait: `tasks_per_worker` is then waiting and running tasks for each worker.",
            "Si las tareas en marcha cuentan junto a las que esperan: `tasks_per_worker` son entonces tareas en espera y en marcha por worker.",
        ],
    ),
    Key::new(
        "queues",
        Kind::Names,
        Without::Told([
            "the program's default: `[\"celery\"]`, RQ's and Dramatiq's `[\"default\"]`, arq's `[\"arq:queue\"]`, Huey's `[\"huey\"]`",
            "la que usa el programa si no se le dice otra: `[\"celery\"]`, la de RQ y Dramatiq `[\"default\"]`, la de arq `[\"arq:queue\"]`, la de Huey `[\"huey\"]`",
        ]),
        [
            "The queues that count: all that the worker takes tasks from (Celery's `-Q`).",
            "Las colas que cuentan: todas aquellas de las que el worker toma tareas (el `-Q` de Celery).",
        ],
    ),
    Key::new(
        "redis_url",
        Kind::Text("^(redis|rediss|redis\\+socket|unix)://"),
        OTHER_BROKER_KEY,
        [
            "Where the queues are, in Redis. It may hold a password and is never logged.",
            "Dónde están las colas, en Redis. Puede llevar contraseña y nunca aparece en el registro.",
        ],
    ),
    Key::new(
        "broker_url",
        Kind::Text("^(redis|rediss|redis\\+socket|unix|amqp|amqps|pyamqp)://"),
        OTHER_BROKER_KEY,
        [
            "The same for any broker, RabbitMQ too.",
            "Lo mismo para cualquier broker, también RabbitMQ.",
        ],
    ),
    Key::new(
        "broker_url_env",
        Kind::Text("^[A-Za-z_][A-Za-z0-9_]*$"),
        OTHER_BROKER_KEY,
        [
            "The variable that holds the URL in the environment of the service's main process (`Environment=` or `EnvironmentFile=` of its unit), so that no password stands here. With the setproctitle package the unit needs `Environment=SPT_NOENV=1`.",
            "La variable que guarda la URL en el entorno del proceso principal del servicio (`Environment=` o `EnvironmentFile=` de su unidad), para que aquí no haya contraseña. Con el paquete setproctitle la unidad necesita `Environment=SPT_NOENV=1`.",
        ],
    ),
    Key::new(
        "management_url",
        Kind::Text("^http://"),
        Without::Told([
            "tasks that are not acknowledged are not counted",
            "no se cuentan las tareas sin confirmar",
        ]),
        [
            "RabbitMQ's management API, such as `http://localhost:15672`. It alone tells how many tasks are not acknowledged.",
            "La API de gestión de RabbitMQ, como `http://localhost:15672`. Solo ella dice cuántas tareas están sin confirmar.",
        ],
    ),
    Key::new(
        "redis_key_prefix",
        Kind::Text(""),
        Without::Told([
            "the program's own: none, of RQ `\"rq\"`, of Dramatiq `\"dramatiq\"`",
            "el del propio programa: ninguno, el de RQ `\"rq\"`, el de Dramatiq `\"dramatiq\"`",
        ]),
        [
            "What stands before each key in Redis: Celery's `global_keyprefix`, RQ's `RQ_KEY_PREFIX`, Dramatiq's `namespace`.",
            "Lo que va delante de cada clave en Redis: el `global_keyprefix` de Celery, el `RQ_KEY_PREFIX` de RQ, el `namespace` de Dramatiq.",
        ],
    ),
    Key::new(
        "redis_priority_separator",
        Kind::Text("^[^0-9]+$"),
        Without::Value("\"\\u0006\\u0016\""),
        [
            "What stands between a queue's name and a priority: the application's `sep`. The default is kombu's own.",
            "Lo que va entre el nombre de una cola y una prioridad: el `sep` de la aplicación. Si no se pone, el propio de kombu.",
        ],
    ),
    Key::new(
        "redis_priority_steps",
        Kind::Wholes(PRIORITY_STEP, MOST_PRIORITY_STEPS),
        Without::Value("[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"),
        [
            "The application's `priority_steps`. The default has every step that kombu can come to.",
            "Los `priority_steps` de la aplicación. Si no se pone, todos los niveles a los que puede llegar kombu.",
        ],
    ),
    Key::new(
        "actuator",
        Kind::Choice(&["pool", "units"]),
        Without::Told([
            "`\"pool\"`; with another `task_queue` than Celery `\"units\"`",
            "`\"pool\"`; con otra `task_queue` que Celery `\"units\"`",
        ]),
        [
            "What changes the worker count. `pool`: Celery's own remote control. `units`: numbered instances of a systemd template, of any program.",
            "Qué cambia el número de workers. `pool`: el control remoto del propio Celery. `units`: las instancias numeradas de una plantilla de systemd, de cualquier programa.",
        ],
    ),
];

pub(in crate::config) const TARGET: &[Key] = &[
    Key::new(
        "wait_ms",
        Kind::Number(PROMISED_WAIT),
        Without::Value("100"),
        [
            "A request that waits longer is late.",
            "Una petición que espera más llega tarde.",
        ],
    ),
    Key::new(
        "percent",
        Kind::Number(PROMISED_PERCENT),
        Without::Value("1"),
        [
            "At most so many of 100 requests may be late.",
            "Como mucho tantas de cada 100 peticiones pueden llegar tarde.",
        ],
    ),
];

pub(in crate::config) const PROCESS: &[Key] = &[
    Key::new(
        "command",
        Kind::Text("."),
        Without::Told(["any", "cualquiera"]),
        [
            "Text that stands in its command line, whose arguments have a space between them. `*` is anything.",
            "Texto que está en su línea de órdenes, cuyos argumentos van separados por un espacio. `*` es cualquier cosa.",
        ],
    ),
    Key::new(
        "user",
        Kind::Text("."),
        Without::Told(["any", "cualquiera"]),
        ["Whose process it is.", "De quién es el proceso."],
    ),
    Key::new(
        "pidfile",
        Kind::Text("^/"),
        Without::Told(["none", "ninguno"]),
        ["A file that holds its pid.", "Un archivo con su pid."],
    ),
];

pub(in crate::config) const SCHEDULE: &[Key] = &[
    Key::new(
        "cron",
        Kind::Text(r"^\s*\S+(\s+\S+){4}\s*$"),
        Without::Refused,
        [
            "When it begins, the five fields of cron: minute, hour, day, month and weekday.",
            "Cuándo empieza, con los cinco campos de cron: minuto, hora, día, mes y día de la semana.",
        ],
    ),
    Key::new(
        "until",
        Kind::Text("^([01]?[0-9]|2[0-3]):[0-5][0-9]$"),
        Without::Refused,
        [
            "When it ends: the next such time of day, such as `18:00`.",
            "Cuándo termina: la siguiente vez que sea esa hora, como `18:00`.",
        ],
    ),
    Key::new(
        "min_workers",
        Kind::Whole(WORKERS),
        AS_WITHOUT,
        [
            "Never fewer workers than this meanwhile.",
            "Nunca menos workers que estos mientras tanto.",
        ],
    ),
    Key::new(
        "max_workers",
        Kind::Whole(WORKERS),
        AS_WITHOUT,
        [
            "Never more workers than this meanwhile.",
            "Nunca más workers que estos mientras tanto.",
        ],
    ),
    Key::new(
        "time_zone",
        Kind::Text(TIME_ZONE),
        Without::Told(["that of `global`", "la de `global`"]),
        [
            "Whose local times `cron` and `until` are in.",
            "De qué zona son las horas de `cron` y `until`.",
        ],
    ),
];
