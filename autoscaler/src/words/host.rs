//! What is wrong with the host: its files, its kernel, its service manager.

use crate::model::{BusFault, CgroupError, HostError, Lack, Language, ProcessError, ReadFault, ServiceError};
use crate::words::figures::quoted;
use crate::words::system::{system, system_fault};

/// Why the host's own figures cannot be read.
#[must_use]
pub fn host_error(language: Language, error: &HostError) -> String {
    match error {
        HostError::Unreadable { path, source } => {
            let (path, source) = (path.display(), system(language, source));
            say!(
                language,
                "cannot read {path}: {source}",
                "no se puede leer {path}: {source}"
            )
        }
        HostError::Malformed { path, what } => {
            let (path, what) = (path.display(), lack(language, what));
            say!(language, "{path} has no {what}", "a {path} le falta {what}")
        }
    }
}

/// Why a cgroup cannot be used. The English of each is how the history keeps it.
#[must_use]
pub fn cgroup_error(language: Language, error: &CgroupError) -> String {
    match error {
        CgroupError::NotMounted { mountinfo } => {
            let mountinfo = mountinfo.display();
            say!(
                language,
                "{error}",
                "{mountinfo} no lista ningún sistema de archivos cgroup2: monte uno (mount -t cgroup2 none /sys/fs/cgroup), o arranque con systemd.unified_cgroup_hierarchy=1"
            )
        }
        CgroupError::Outside { path, mount } => {
            let (path, mount) = (path.display(), mount.display());
            say!(
                language,
                "{error}",
                "{path} no es un cgroup por debajo de {mount}"
            )
        }
        CgroupError::NotFound { path } => {
            let path = path.display();
            say!(language, "{error}", "no existe el cgroup {path}")
        }
        CgroupError::Unreadable { path, source } => {
            let (path, source) = (path.display(), system_fault(language, source));
            say!(language, "{error}", "no se puede leer {path}: {source}")
        }
        CgroupError::Malformed { path, what, text } => {
            let (path, what, text) = (path.display(), lack(language, what), quoted(text));
            say!(language, "{error}", "a {path} le falta {what}: {text}")
        }
    }
}

/// Why a process cannot be read. The English of each is how the history keeps it.
#[must_use]
pub fn process_error(language: Language, error: &ProcessError) -> String {
    match error {
        ProcessError::Gone { pid } => say!(language, "{error}", "el proceso {pid} ya no existe"),
        ProcessError::Unreadable { path, source } => {
            let (path, source) = (path.display(), system_fault(language, source));
            say!(language, "{error}", "no se puede leer {path}: {source}")
        }
        ProcessError::Malformed { path, what } => {
            let (path, what) = (path.display(), lack(language, what));
            say!(language, "{error}", "a {path} le falta {what}")
        }
    }
}

/// Why something about a project cannot be read. The English of each is how the history keeps it.
#[must_use]
pub fn read_fault(language: Language, fault: &ReadFault) -> String {
    match fault {
        ReadFault::Cgroup(error) => cgroup_error(language, error),
        ReadFault::Process(error) => process_error(language, error),
        ReadFault::Ended { pid } => say!(
            language,
            "{fault}",
            "el proceso principal {pid} terminó mientras se miraba"
        ),
        ReadFault::TwoSlices { template, slices } => {
            let [one, other] = slices.each_ref().map(|slice| slice.display());
            say!(
                language,
                "{fault}",
                "las instancias de {template} están en {one} y {other}: póngalas en un mismo slice"
            )
        }
        ReadFault::SharedSlice {
            template,
            slice,
            name,
        } => say!(
            language,
            "{fault}",
            "las instancias de {template} comparten {slice} con {name}: dé a la plantilla un slice propio, como lo tiene sin Slice="
        ),
        ReadFault::NoMainProcess { unit } => say!(
            language,
            "{fault}",
            "systemd no conoce el proceso principal de {unit}: escriba Type=notify, exec o simple, o un PIDFile="
        ),
        ReadFault::NotCounted => say!(language, "{fault}", "el demonio aún no ha contado sus workers"),
        // What an earlier version kept has no other words than these.
        ReadFault::Words(words) => words.clone(),
    }
}

/// What a file lacks.
fn lack(language: Language, what: &Lack) -> String {
    match what {
        Lack::Line(word) => say!(language, "{what}", "la línea {word}"),
        Lack::Key(key) => key.clone().into_owned(),
        Lack::CgroupLine => say!(language, "{what}", "la línea `0::` de cgroup v2"),
        Lack::CpuLine => say!(language, "{what}", "la línea `cpu0` o la de otra CPU"),
        Lack::CommandName => say!(language, "{what}", "el nombre de la orden"),
        Lack::State => say!(language, "{what}", "el estado (campo 3)"),
        Lack::Parent => say!(language, "{what}", "el padre (campo 4)"),
        Lack::Flags => say!(language, "{what}", "las marcas (campo 9)"),
        Lack::CpuTime => say!(language, "{what}", "el tiempo de CPU (campos 14 y 15)"),
        Lack::Threads => say!(language, "{what}", "el número de hilos (campo 20)"),
        Lack::StartTime => say!(language, "{what}", "el momento de arranque (campo 22)"),
        Lack::ResidentPages => say!(language, "{what}", "el número de páginas residentes (campo 2)"),
        Lack::NetworkId => say!(language, "{what}", "el inodo de un espacio de nombres de red"),
        Lack::Uptime => say!(language, "{what}", "los segundos desde el arranque"),
        Lack::Bytes => say!(language, "{what}", "un número de bytes, o `max`"),
        Lack::CpuList => say!(language, "{what}", "una lista de CPU"),
        Lack::Quota => say!(language, "{what}", "la cuota y el periodo en µs"),
        Lack::Averages => say!(language, "{what}", "las medias y el total"),
    }
}

/// Why systemd gave no unit. The English of each is how the history keeps it.
#[must_use]
pub fn service_error(language: Language, error: &ServiceError) -> String {
    match error {
        ServiceError::NotFound { unit } => say!(language, "{error}", "systemd no conoce la unidad {unit}"),
        ServiceError::NotBooted { path } => say!(
            language,
            "{error}",
            "esta máquina no corre systemd (no existe {path}): dé un `cgroup` al proyecto"
        ),
        ServiceError::Refused { why } => {
            let why = bus_fault(language, why);
            say!(language, "{error}", "systemd no lo dice: {why}")
        }
        ServiceError::Unreachable { why } => {
            let why = bus_fault(language, why);
            say!(
                language,
                "{error}",
                "no se puede preguntar a systemd por D-Bus: {why}"
            )
        }
    }
}

/// Why the bus, or systemd over it, gave no answer.
pub(super) fn bus_fault(language: Language, fault: &BusFault) -> String {
    match fault {
        BusFault::Silent { after } => {
            let after = after.as_secs();
            say!(language, "{fault}", "sin respuesta en {after} s")
        }
        BusFault::Type { interface, property } => say!(
            language,
            "{fault}",
            "{property} de {interface} no es del tipo que systemd documenta"
        ),
        BusFault::System(error) => system_fault(language, error),
        // systemd's or the bus's own.
        BusFault::Words(words) => words.clone(),
    }
}
