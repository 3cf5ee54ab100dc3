//! Keys of `global` alone: what holds for the daemon as a whole.

use crate::config::key::{Key, Kind, Number, Whole, Without};
use crate::config::keys::MEMORY_MIB;
use crate::model::Unit;

/// Time between checks. Below the least, starting a worker would take several checks and the daemon's own cost would show;
/// above the most, nobody would call it scaling.
pub(in crate::config) const CHECK_INTERVAL: Number = Number {
    least: 0.5,
    most: 86_400.0,
    unit: Unit::Seconds,
};

/// Ten years; more would outlive the disk.
pub(in crate::config) const KEEP_DAYS: Whole = Whole {
    least: 1,
    most: 3_660,
    unit: Unit::Days,
};

/// 1 TiB at most.
pub(in crate::config) const HISTORY_MIB: Whole = Whole {
    least: 1,
    most: 1 << 20,
    unit: Unit::Megabytes,
};

/// The name of a time zone, as the files below /usr/share/zoneinfo have it.
pub(in crate::config) const TIME_ZONE: &str = "^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$";

/// Less would not hold one worker.
pub(in crate::config) const BUDGET_MIB: Whole = Whole {
    least: 64,
    ..MEMORY_MIB
};

pub(in crate::config) const GLOBAL: &[Key] = &[
    Key::new(
        "check_interval_seconds",
        Kind::Number(CHECK_INTERVAL),
        Without::Value("120"),
        [
            "Time from one check to the next.",
            "Tiempo de una comprobación a la siguiente.",
        ],
    ),
    Key::new(
        "language",
        Kind::Choice(&["es", "en"]),
        Without::Value("\"es\""),
        [
            "Language of the log, and of reports where nothing else names one.",
            "Idioma del registro, y de los informes si nada más indica otro.",
        ],
    ),
    Key::new(
        "time_zone",
        Kind::Text(TIME_ZONE),
        Without::Told(["the host's own", "la de la máquina"]),
        [
            "Whose local times the schedules (`at`) are in: a name such as `Europe/Madrid`.",
            "De qué zona son las horas de los horarios (`at`): un nombre como `Europe/Madrid`.",
        ],
    ),
    Key::new(
        "history",
        Kind::Object(HISTORY),
        Without::Value("{}"),
        [
            "Every check's figures and every decision are kept, for `autoscaler history`, `why` and `simulate`. The oldest go first.",
            "Las cifras de cada comprobación y cada decisión se guardan, para `autoscaler history`, `why` y `simulate`. Lo más antiguo se borra primero.",
        ],
    ),
    Key::new(
        "metrics",
        Kind::Object(METRICS),
        Without::Told(["no metrics are served", "no se sirven métricas"]),
        [
            "Serves figures to Prometheus, at `/metrics`.",
            "Sirve cifras a Prometheus, en `/metrics`.",
        ],
    ),
    Key::new(
        "budget",
        Kind::Object(BUDGET),
        Without::Told([
            "each project takes what the host has left",
            "cada proyecto toma lo que le queda a la máquina",
        ]),
        [
            "What all projects with a promise share.",
            "Lo que comparten todos los proyectos con una promesa.",
        ],
    ),
];

pub(in crate::config) const HISTORY: &[Key] = &[
    Key::new(
        "enabled",
        Kind::Boolean,
        Without::Value("true"),
        ["Whether anything is kept.", "Si se guarda algo."],
    ),
    Key::new(
        "path",
        Kind::Text("^/.*[^/]$"),
        Without::Told([
            "`/var/lib/autoscaler/history.db`",
            "`/var/lib/autoscaler/history.db`",
        ]),
        [
            "The file, by its absolute path.",
            "El archivo, con su ruta absoluta.",
        ],
    ),
    Key::new(
        "keep_days",
        Kind::Whole(KEEP_DAYS),
        Without::Value("90"),
        ["How long a check is kept.", "Cuánto se guarda una comprobación."],
    ),
    Key::new(
        "max_mb",
        Kind::Whole(HISTORY_MIB),
        Without::Value("256"),
        [
            "How large the file may become.",
            "Cuánto puede ocupar el archivo.",
        ],
    ),
];

pub(in crate::config) const METRICS: &[Key] = &[
    Key::new(
        "listen",
        Kind::Text("^(unix:/.+|.+:[0-9]+)$"),
        Without::Refused,
        [
            "Where: an address with a port, such as `127.0.0.1:9919`, or `unix:/run/autoscaler/metrics.sock`.",
            "Dónde: una dirección con puerto, como `127.0.0.1:9919`, o `unix:/run/autoscaler/metrics.sock`.",
        ],
    ),
    Key::new(
        "allow_remote",
        Kind::Boolean,
        Without::Value("false"),
        [
            "Permits an address that other hosts can reach. There is no password.",
            "Permite una dirección a la que llegan otras máquinas. No hay contraseña.",
        ],
    ),
];

pub(in crate::config) const BUDGET: &[Key] = &[Key::new(
    "memory_mb",
    Kind::Whole(BUDGET_MIB),
    Without::Refused,
    [
        "Memory for the projects with a promise, their memory limits together.",
        "Memoria para los proyectos con una promesa: la suma de sus límites de memoria.",
    ],
)];
