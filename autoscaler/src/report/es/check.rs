//! What `autoscaler check` found, in Spanish, and what to do about it.

use super::act::refused;
use super::celery;
use super::client::{client_error, store_error};
use super::config::notice;
use super::host;
use super::load;
use super::reason::unobservable;
use super::source_name;
use crate::act::Refusal;
use crate::check::{Fact, Grade, Taken};
use crate::host::usage::WhyNotEbpf;
use crate::model::{PoolFault, QueueFault, Unobservable};
use crate::report::mebibytes;

pub(in crate::report) fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Ok => "bien",
        Grade::Warning => "aviso",
        Grade::Error => "ERROR",
    }
}

pub(in crate::report) fn host_heading() -> &'static str {
    "configuración y host"
}

pub(in crate::report) fn sum(errors: usize, warnings: usize) -> String {
    let errors = if errors == 1 {
        "1 error".to_owned()
    } else {
        format!("{errors} errores")
    };
    format!(
        "{errors}, {warnings} aviso{}",
        if warnings == 1 { "" } else { "s" }
    )
}

pub(in crate::report) fn says(fact: &Fact) -> String {
    match fact {
        Fact::ConfigLoaded {
            path,
            projects,
            enabled,
        } => format!(
            "{}: {enabled} de {projects} proyectos habilitados",
            path.display()
        ),
        Fact::ConfigUnreadable(error) => load::load_error(error),
        Fact::ConfigFault { path, fault } => load::fault(&path.display().to_string(), fault),
        Fact::HostUnreadable(error) => host::host(error),
        Fact::NoCgroupTree(error) => host::cgroup(error),
        Fact::DaemonSilent(error) => client_error(error),
        Fact::NoSystemd { why, needed: true } => host::service(why),
        Fact::Notice(found) => notice(found),
        Fact::Kernel { release } => format!("kernel {release}"),
        Fact::Host(host) => format!(
            "{} CPU, {} MB de memoria, {} MB disponibles",
            host.cpus, host.memory_total_mib, host.memory_available_mib
        ),
        Fact::NotRoot { uid } => {
            format!("esto corre como usuario {uid}, no como root: el demonio puede más que esta revisión")
        }
        Fact::CgroupTree { path } => format!("cgroup v2 en {}", path.display()),
        Fact::TreeWithoutMemory { path } => format!(
            "cgroup v2 en {} no tiene controlador de memoria: no se puede mantener ningún límite de memoria; se escala igual",
            path.display()
        ),
        Fact::Pressure => "hay cifras de presión (PSI) para `autoscaler top`".into(),
        Fact::NoPressure => "no hay cifras de presión (PSI): `autoscaler top` las omite".into(),
        Fact::KernelTypes { path } => format!("los tipos del kernel (BTF) en {}", path.display()),
        Fact::NoKernelTypes { path } => format!("no hay tipos del kernel (BTF) en {}", path.display()),
        Fact::Source {
            kind,
            used_cpus,
            waiting_cpus,
        } => {
            let wait = waiting_cpus.map_or_else(
                || "no se conoce la espera en la cola de ejecución".to_owned(),
                |waiting| format!("esperaron tareas por {waiting:.2} CPU"),
            );
            format!(
                "CPU por {}, cargado y leído: {used_cpus:.2} CPU en uso ahora mismo, {wait}",
                source_name(*kind)
            )
        }
        Fact::WithoutEbpf(why) => {
            let why = host::without_ebpf(why);
            format!("sin eBPF: {why}; la CPU se lee de cpu.stat, sin espera en la cola de ejecución")
        }
        Fact::SourceUnreadable { kind, why } => {
            format!("no se puede leer la CPU por {}: {why}", source_name(*kind))
        }
        Fact::Systemd { version } => format!("systemd {version} contesta por D-Bus"),
        Fact::NoSystemd { needed: false, .. } => {
            "no se puede preguntar a systemd, y ningún proyecto habilitado lo necesita".into()
        }
        Fact::Daemon { pid, version } => format!("el demonio corre: pid {pid}, versión {version}"),
        Fact::NoDaemon { socket } => format!("ningún demonio contesta en {}", socket.display()),
        Fact::History { path } => format!("el historial se guarda en {}", path.display()),
        Fact::NoHistory => "no se guarda historial, según la configuración".into(),
        Fact::HistoryUnusable { path, why } => {
            let (path, why) = (path.display(), store_error(why));
            format!("no se puede guardar el historial en {path}: {why}")
        }
        Fact::HistoryNotWritable { path, why } => {
            format!("no se puede guardar el historial en {}: {why}", path.display())
        }
        Fact::HistoryDamaged { path, why } => {
            let (path, why) = (path.display(), store_error(why));
            format!(
                "el historial {path} está dañado ({why}): el demonio lo aparta al arrancar y empieza otro"
            )
        }
        Fact::NoMetrics => "no se sirven métricas, según la configuración".into(),
        Fact::MetricsServed { at } => format!("las métricas se sirven en {at}"),
        Fact::MetricsFree { at } => format!("{at} está libre para las métricas"),
        Fact::MetricsTaken { at, why } => format!("no se pueden servir métricas en {at}: {}", taken(why)),
        _ => of_project(fact),
    }
}

fn taken(why: &Taken) -> String {
    match why {
        Taken::Another => "allí contesta otro programa".into(),
        Taken::NoHttp { why } => format!("allí escucha otro programa: {why}"),
        Taken::Silent { after } => {
            format!("lo que escucha allí no ha contestado en {} s", after.as_secs())
        }
        Taken::Refused { why } => why.clone(),
    }
}

fn of_project(fact: &Fact) -> String {
    match fact {
        Fact::Disabled => "deshabilitado: se observa y no se toca".into(),
        Fact::Place {
            unit: Some(unit),
            cgroup,
        } => format!("{unit} corre en {}", cgroup.display()),
        Fact::Place { unit: None, cgroup } => format!("corre en {}", cgroup.display()),
        Fact::Unobservable(fault) => unobservable(fault),
        Fact::Workers {
            pid,
            command,
            workers,
            bounds,
        } => format!(
            "maestro {pid} ({command}), {} de {}..{}",
            crate::report::workers(*workers),
            bounds.min,
            bounds.max
        ),
        Fact::OutsideBounds { workers, bounds } => format!(
            "{} fuera de {}..{}: el demonio lo corrige en su primera comprobación",
            crate::report::workers(*workers),
            bounds.min,
            bounds.max
        ),
        Fact::Signals { pid } => format!("{pid} atiende SIGTTIN y SIGTTOU y se le pueden enviar"),
        Fact::BootsFromMaster { pid } => format!(
            "un worker nuevo es una copia de lo que {pid} tiene cargado (--preload): lo que haya en disco no lo hace fallar; el código nuevo pide un reinicio, HUP no lo carga"
        ),
        Fact::BootsFromDisk { gunicorn: true } => {
            "un worker nuevo lee el código del disco; si no arranca, gunicorn termina: por eso un paso arriba espera cuando el código es más nuevo que todos los workers (wait_for_reload_minutes)".into()
        }
        Fact::BootsFromDisk { gunicorn: false } => {
            "un worker nuevo lee el código del disco: un paso arriba espera cuando es más nuevo que todos los workers (wait_for_reload_minutes)".into()
        }
        Fact::CodeNewer { path } => {
            format!("{} es más nuevo que todos los workers: ninguno lo ejecuta aún", path.display())
        }
        Fact::Refused(refusal) => refused(refusal),
        Fact::Cpu {
            percent,
            wait_percent,
            allowed_cpus,
        } => {
            let wait = wait_percent.map_or_else(String::new, |wait| format!(", espera {wait:.1}%"));
            format!("CPU {percent:.1}%{wait}; puede usar {allowed_cpus} CPU")
        }
        Fact::NoCpu => "no se pudo medir su CPU".into(),
        Fact::MemoryLimit {
            limit_mib,
            current_mib,
        } => {
            let limit = mebibytes(*limit_mib, "sin límite");
            format!("memoria {current_mib} MB, límite {limit}; el límite se puede mantener")
        }
        Fact::NoMemoryLimit { cgroup, .. } => format!(
            "sin límite de memoria: {} no tiene controlador de memoria; se escala igual",
            cgroup.display()
        ),
        Fact::LimitNotWritable { path, why } => {
            format!(
                "sin límite de memoria: no se puede escribir {}: {why}",
                path.display()
            )
        }
        Fact::Queue { queues, waiting } => {
            format!(
                "el broker contesta: {waiting} tareas esperan en {}",
                queues.join(", ")
            )
        }
        Fact::QueueUnreadable(fault) => format!("no se puede leer la cola: {}", celery::queue(fault)),
        Fact::UnacknowledgedUnknown(fault) => format!(
            "no se sabe cuántas tareas están sin confirmar: {}",
            celery::queue(fault)
        ),
        Fact::Pool { active } => format!(
            "el pool atiende el control remoto, {} ocupados",
            active.map_or_else(
                || "un número desconocido de".to_owned(),
                |active| active.to_string()
            )
        ),
        Fact::Uncounted(what) => celery::uncounted(what),
        Fact::Consumes { node } => format!("el nodo {node} toma tareas de estas colas, y de ninguna otra"),
        Fact::PoolUnreachable(fault) => format!("no se puede gobernar el pool: {}", celery::pool(fault)),
        _ => String::new(),
    }
}

/// What to do; `None` where the fact says it itself, or nothing is to be done.
pub(in crate::report) fn advice(fact: &Fact) -> Option<String> {
    let advice = match fact {
        Fact::NotRoot { .. } => "ejecútelo con sudo para ver lo que vería el demonio",
        Fact::TreeWithoutMemory { .. } => {
            "arranque con systemd.unified_cgroup_hierarchy=1, para que ningún controlador quede en cgroup v1"
        }
        Fact::NoKernelTypes { .. } => {
            "arranque un kernel con CONFIG_DEBUG_INFO_BTF=y, como los de Debian y Ubuntu"
        }
        Fact::WithoutEbpf(WhyNotEbpf::NotPermitted { .. }) => {
            "ejecútelo como root en el propio host, o deje CAP_BPF y CAP_PERFMON en CapabilityBoundingSet= de la unidad"
        }
        Fact::NoSystemd { needed: true, .. } => "arranque D-Bus, o dé un \"cgroup\" a cada proyecto",
        Fact::NoDaemon { .. } => "cuando todo esté bien: sudo systemctl enable --now autoscaler",
        Fact::HistoryNotWritable { .. } => {
            "corrija los permisos del directorio, o ponga \"history\": { \"path\": … }; se escala igual"
        }
        Fact::HistoryUnusable { .. } => {
            "aparte ese fichero, o ponga \"history\": { \"path\": … }; se escala igual"
        }
        Fact::MetricsTaken { .. } => "elija otra dirección en \"metrics\": { \"listen\": … }",
        Fact::BootsFromDisk { gunicorn: true } => {
            "con --preload los workers son copias de lo cargado y comparten su memoria; a cambio HUP no carga código nuevo, hace falta reiniciar, y las conexiones e hilos que la aplicación abre al importarse no sobreviven a la copia"
        }
        Fact::CodeNewer { .. } => "recargue o reinicie el servicio cuando acabe su despliegue",
        Fact::Disabled => "ponga \"enabled\": true cuando lo de abajo le convenza",
        Fact::OutsideBounds { .. } => {
            "ponga --workers (Celery: --concurrency) del servicio dentro de los límites"
        }
        Fact::NoMemoryLimit { unit: Some(unit), .. } => {
            return Some(format!(
                "systemctl show -p MemoryAccounting {unit} debe decir yes"
            ));
        }
        Fact::Unobservable(fault) => return unobservable_advice(fault),
        Fact::Refused(Refusal::NotPermitted { .. }) => "ejecútelo con sudo",
        Fact::Refused(_) => {
            "compruebe qué arranca la unidad: gunicorn, uvicorn con --workers, puma o unicorn"
        }
        Fact::QueueUnreadable(QueueFault::Unreachable { .. }) => {
            "arranque el broker, o corrija \"broker_url\" o \"redis_url\""
        }
        Fact::PoolUnreachable(PoolFault::NobodyListens) => {
            "compare la URL con la del worker; si la aplicación pone global_keyprefix en broker_transport_options, escríbalo como \"redis_key_prefix\""
        }
        Fact::QueueUnreadable(QueueFault::LoginRefused { .. }) => {
            "escriba usuario y contraseña en la URL, como los tiene el worker"
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

fn unobservable_advice(fault: &Unobservable) -> Option<String> {
    let advice = match fault {
        Unobservable::Forking { .. } => "ejecútelo otra vez: se sabe un momento después".into(),
        Unobservable::UnitInactive { unit, .. } => format!("sudo systemctl start {unit}"),
        Unobservable::NoServiceManager { .. } => "dé un \"cgroup\" al proyecto".into(),
        Unobservable::CgroupNotFound { .. } | Unobservable::CgroupEmpty { .. } => {
            "arranque el servicio, o corrija \"cgroup\"".into()
        }
        Unobservable::NotAWorkerServer { .. } => {
            "la unidad debe arrancar gunicorn, uvicorn con --workers, puma o unicorn; para Celery escriba queue_thresholds"
                .into()
        }
        Unobservable::SeveralMasters { .. } => "un servidor por unidad: dé a cada uno su unidad y su proyecto".into(),
        Unobservable::MasterElsewhere { .. } => {
            "los procesos de la unidad deben quedarse en el cgroup de la unidad".into()
        }
        Unobservable::SharedCgroup { .. } => "dé a cada proyecto su propio servicio, o quite uno".into(),
        Unobservable::UnitNotFound { .. } | Unobservable::Unreadable { .. } => return None,
    };
    Some(advice)
}
