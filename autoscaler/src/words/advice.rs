//! What to do about what `autoscaler check` found.

use crate::model::{Fact, Language, PoolFault, QueueFault, Refusal, Silence, Taken, WhyNotEbpf};
use crate::words::unobservable::unobservable_advice;

/// What to do; `None` where the fact says it itself, or nothing is to be done.
pub(super) fn advice(language: Language, fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::NotRoot { .. } => say!(
            language,
            "run it with sudo to see what the daemon would",
            "ejecútelo con sudo para ver lo que vería el demonio"
        ),
        Fact::TreeWithoutMemory { .. } => say!(
            language,
            "boot with systemd.unified_cgroup_hierarchy=1, so that no controller stays with cgroup v1",
            "arranque con systemd.unified_cgroup_hierarchy=1, para que ningún controlador quede en cgroup v1"
        ),
        Fact::NoKernelTypes { .. } => say!(
            language,
            "boot a kernel with CONFIG_DEBUG_INFO_BTF=y, as Debian's and Ubuntu's are",
            "arranque un kernel con CONFIG_DEBUG_INFO_BTF=y, como los de Debian y Ubuntu"
        ),
        Fact::WithoutEbpf(WhyNotEbpf::NotPermitted { .. }) => say!(
            language,
            "run as root on the host itself, or keep CAP_BPF and CAP_PERFMON in the unit's CapabilityBoundingSet=",
            "ejecútelo como root en la propia máquina, o deje CAP_BPF y CAP_PERFMON en CapabilityBoundingSet= de la unidad"
        ),
        Fact::NoSystemd { needed: true, .. } => say!(
            language,
            "start D-Bus, or give each project a \"cgroup\"",
            "arranque D-Bus, o dé un \"cgroup\" a cada proyecto"
        ),
        Fact::NoDaemon { .. } => say!(
            language,
            "when all is well: sudo systemctl enable --now autoscaler",
            "cuando todo esté bien: sudo systemctl enable --now autoscaler"
        ),
        Fact::HistoryNotWritable { .. } => say!(
            language,
            "mend the directory's permissions, or set \"history\": {{ \"path\": … }}; scaling works without",
            "corrija los permisos del directorio, o ponga \"history\": {{ \"path\": … }}; se escala igual"
        ),
        Fact::HistoryUnusable { .. } => say!(
            language,
            "move the file away, or set \"history\": {{ \"path\": … }}; scaling works without",
            "aparte ese archivo, o ponga \"history\": {{ \"path\": … }}; se escala igual"
        ),
        Fact::MetricsTaken { why, .. } => of_address(language, why),
        Fact::BootsFromDisk { gunicorn: true } => say!(
            language,
            "--preload forks workers from what is loaded, and shares its memory; then HUP loads no new code, a restart is needed, and connections and threads that the application opens at its import do not survive the fork",
            "con --preload los workers son copias de lo cargado y comparten su memoria; a cambio HUP no carga código nuevo, hace falta reiniciar, y las conexiones e hilos que la aplicación abre al importarse no sobreviven a la copia"
        ),
        Fact::CodeNewer { .. } => say!(
            language,
            "reload or restart the service when its deployment is done",
            "recargue o reinicie el servicio cuando acabe su despliegue"
        ),
        Fact::Disabled => say!(
            language,
            "set \"enabled\": true when the lines below suit you",
            "ponga \"enabled\": true cuando lo de abajo le convenza"
        ),
        Fact::OutsideBounds { .. } => say!(
            language,
            "set --workers (Celery: --concurrency) of the service, or the number of instances, within the bounds",
            "ponga --workers (Celery: --concurrency) del servicio, o el número de instancias, dentro de los límites"
        ),
        Fact::NoMemoryLimit { unit: Some(unit), .. } => say!(
            language,
            "systemctl show -p MemoryAccounting {unit} should say yes",
            "systemctl show -p MemoryAccounting {unit} debe decir yes"
        ),
        Fact::Unobservable(fault) => return unobservable_advice(language, fault),
        Fact::Refused(Refusal::NotPermitted { .. }) => {
            say!(language, "run it with sudo", "ejecútelo con sudo")
        }
        // They say it themselves.
        Fact::Refused(Refusal::Stopped { .. } | Refusal::Frozen { .. }) => return None,
        Fact::Refused(_) => say!(
            language,
            "check what the unit starts: gunicorn, uvicorn with --workers, puma or unicorn",
            "compruebe qué arranca la unidad: gunicorn, uvicorn con --workers, puma o unicorn"
        ),
        Fact::Busy {
            task_queue,
            active: None,
        } if !task_queue.tells_who_is_busy() => say!(
            language,
            "write TimeoutStopSec=infinity in the template",
            "escriba TimeoutStopSec=infinity en la plantilla"
        ),
        Fact::QueueUnreadable(fault) | Fact::PoolUnreachable(PoolFault::Broker(fault)) => {
            return of_broker(language, fault);
        }
        Fact::PoolUnreachable(PoolFault::NobodyListens) => say!(
            language,
            "compare the URL with the worker's; where the application sets global_keyprefix in broker_transport_options, write it as \"redis_key_prefix\"",
            "compare la URL con la del worker; si la aplicación pone global_keyprefix en broker_transport_options, escríbalo como \"redis_key_prefix\""
        ),
        _ => return None,
    })
}

/// What to do about the address of the metrics.
fn of_address(language: Language, why: &Taken) -> String {
    match why {
        Taken::Elsewhere { host } => {
            let every = if host.is_ipv4() { "0.0.0.0" } else { "[::]" };
            say!(
                language,
                "write one that it has, or {every} for every one of them",
                "escriba una que tenga, o {every} por todas ellas"
            )
        }
        _ => say!(
            language,
            "choose another address in \"metrics\": {{ \"listen\": … }}",
            "elija otra dirección en \"metrics\": {{ \"listen\": … }}"
        ),
    }
}

/// What to do about a broker; `None` where the fault says it itself.
fn of_broker(language: Language, fault: &QueueFault) -> Option<String> {
    Some(match fault {
        QueueFault::Unreachable {
            why: Silence::Late { .. },
            ..
        } => say!(
            language,
            "the broker is there and does not answer: is it out of memory or disk (rabbitmqctl status), or stopped?",
            "el broker está ahí y no contesta: ¿le falta memoria o disco (rabbitmqctl status), o está detenido?"
        ),
        QueueFault::NotPermitted { .. } => say!(
            language,
            "give autoscaler the worker's own URL; the documentation says under Troubleshooting what its user must be permitted",
            "dé a autoscaler la URL que tiene el worker; la documentación dice en Resolver problemas qué necesita su usuario"
        ),
        QueueFault::Unreachable { .. } => say!(
            language,
            "start the broker, or mend \"broker_url\" or \"redis_url\"",
            "arranque el broker, o corrija \"broker_url\" o \"redis_url\""
        ),
        QueueFault::LoginRefused { .. } => say!(
            language,
            "write user and password into the URL, as the worker has them",
            "escriba usuario y contraseña en la URL, como los tiene el worker"
        ),
        _ => return None,
    })
}
