//! The lines in Spanish, as the user documented them.

use super::duration::short;
use super::{Done, Message, figures, threshold, workers};
use crate::decide::{Action, Decision, Measure, Reason};
use crate::observe::Unobservable;
use crate::observe::usage::SourceKind;

pub(super) fn render(message: &Message<'_>) -> String {
    match message {
        Message::Started {
            version,
            enabled,
            projects,
            interval,
            source,
            dry_run,
        } => format!(
            "🚀 autoscaler {version}: {enabled} de {projects} proyectos habilitados, una comprobación cada {}, CPU por {}{}",
            short(*interval),
            source_name(*source),
            if *dry_run {
                ", solo de prueba: no cambia nada"
            } else {
                ""
            }
        ),
        Message::WithoutEbpf { why } => {
            format!("sin eBPF ({why}); la CPU se lee de cpu.stat, sin espera en la cola de ejecución")
        }
        Message::Stopped => "autoscaler termina; los workers quedan como están".into(),
        Message::CheckFailed { why } => format!("❌ la comprobación falló: {why}"),
        Message::CheckRecovered => "✅ las comprobaciones funcionan de nuevo".into(),
        Message::Reloaded { changes } => format!("🔄 configuración recargada: {changes}"),
        Message::ConfigKept { why } => {
            format!("❌ la configuración nueva no sirve y la anterior sigue en vigor:\n{why}")
        }
        Message::Notice { text } => format!("ℹ️ {text}"),
        Message::StateIgnored { path, why } => {
            format!(
                "los tiempos acumulados empiezan de cero: {}: {why}",
                path.display()
            )
        }
        Message::StateNotSaved { path, why } => {
            format!(
                "los tiempos acumulados no sobrevivirán a un reinicio: {}: {why}",
                path.display()
            )
        }
        Message::Step { unit, decision } => {
            format!("📊 {unit}: {} -> {}", head(decision), action(decision.action))
        }
        Message::Scaled { unit, done } => scaled(unit, done),
        Message::StepFailed { unit, why } => format!("❌ {unit}: no se pudo escalar: {why}"),
        Message::Blocked { unit, decision } => format!("⛔ {unit}: bloqueado: {}", reason(&decision.reason)),
        Message::Unblocked { unit } => format!("✅ {unit}: ya no está bloqueado"),
        Message::Verdict { unit, decision } => format!(
            "📊 {unit}: {} Workers={} -> {}: {}",
            head(decision),
            decision
                .figures
                .workers
                .map_or_else(|| "n/d".into(), |n| n.to_string()),
            action(decision.action),
            reason(&decision.reason)
        ),
        Message::CountReset { unit, before, now } => format!(
            "🔁 {unit}: una recarga o un reinicio lo dejó con {} (tenía {before}); se recuperan paso a paso si la carga los pide",
            workers(*now)
        ),
        Message::LimitUnavailable { unit, why } => {
            format!("{unit}: sin límite de memoria ({why}); se escala igualmente")
        }
        Message::LimitDeferred { unit, why } => format!("{unit}: el límite de memoria espera: {why}"),
    }
}

fn source_name(source: SourceKind) -> &'static str {
    match source {
        SourceKind::Ebpf => "eBPF",
        SourceKind::CpuStat => "cpu.stat",
    }
}

fn head(decision: &Decision) -> String {
    figures(&decision.figures, "Cola", "n/d")
}

fn action(action: Action) -> String {
    match action {
        Action::ScaleUp { to, .. } => format!("scale_up a {}", workers(to)),
        Action::ScaleDown { to, .. } => format!("scale_down a {}", workers(to)),
        Action::Hold => "sin cambios".into(),
        Action::Blocked => "bloqueado".into(),
    }
}

fn scaled(unit: &str, done: &Done) -> String {
    let limit = match done.limit_per_worker_mib {
        Some(mib) => format!("límite memoria: {mib}M por worker"),
        None => "sin límite de memoria".into(),
    };
    if done.dry_run {
        return format!("🧪 {unit} se escalaría a {} ({limit})", workers(done.workers));
    }
    format!("✅ {unit} escalado a {} ({limit})", workers(done.workers))
}

fn measured(measure: Measure, sign: char, value: f64) -> String {
    match measure {
        Measure::Cpu => format!("CPU {sign} {}%", threshold(value)),
        Measure::Queue => format!("cola {sign} {}", threshold(value)),
    }
}

fn reason(reason: &Reason) -> String {
    match reason {
        Reason::AboveRung {
            measure,
            rung,
            threshold,
            held,
        } => {
            format!(
                "{} (scale_up_{rung}) durante {}",
                measured(*measure, '>', *threshold),
                short(*held)
            )
        }
        Reason::BelowRung {
            measure,
            rung,
            threshold,
            held,
        } => {
            format!(
                "{} (scale_down_{rung}) durante {}",
                measured(*measure, '<', *threshold),
                short(*held)
            )
        }
        Reason::OutsideBounds => "el número de workers está fuera de min_workers..max_workers".into(),
        Reason::Restore { held_before } => {
            format!("había {held_before} antes de la recarga y la carga los sigue pidiendo")
        }
        Reason::WithinThresholds => "ningún umbral cruzado".into(),
        Reason::NotHeldYet {
            measure,
            rung,
            threshold,
            held,
            needed,
            up,
        } => format!(
            "{} ({}_{rung}) durante {} de {}",
            measured(*measure, if *up { '>' } else { '<' }, *threshold),
            if *up { "scale_up" } else { "scale_down" },
            short(*held),
            short(*needed)
        ),
        Reason::NoFiguresYet => "aún no hay una media de CPU".into(),
        Reason::Booting => "las cifras contienen el arranque de workers nuevos".into(),
        Reason::WouldFlap {
            to,
            projected,
            threshold: limit,
        } => format!(
            "con {} la CPU sería {projected:.1}%, a menos de 5 puntos del umbral {}%",
            workers(*to),
            threshold(*limit)
        ),
        Reason::Disabled => "deshabilitado (enabled: false)".into(),
        Reason::AtMaximum { max } => format!("la carga pide más que el máximo de {}", workers(*max)),
        Reason::MemoryPerWorker {
            workers: n,
            per_worker_mib,
            needed_mib,
        } => {
            format!("memoria insuficiente: {per_worker_mib}MB por worker con {n}, hacen falta {needed_mib}MB")
        }
        Reason::HostSaturated {
            wait_percent,
            busy_percent,
        } => format!(
            "el host no tiene CPU libre ({busy_percent:.0}% ocupado) y el proyecto espera el {wait_percent:.0}% del tiempo: otro worker también esperaría"
        ),
        Reason::Quota { throttled_percent } => format!(
            "su propio límite cpu.max lo frena el {throttled_percent:.0}% del tiempo: suba CPUQuota= o baje max_workers"
        ),
        Reason::MemoryThreshold { needed_mib } => {
            format!("memoria insuficiente: memory_threshold_mb pide {needed_mib}MB disponibles")
        }
        Reason::MemoryForScaleDown { needed_mib } => {
            format!("para bajar hacen falta más de {needed_mib}MB disponibles (scale_down_min_available_mb)")
        }
        Reason::QueueNotSupported => "proyecto Celery: su cola aún no se tiene en cuenta".into(),
        Reason::QueueUnreadable(fault) => format!("no se puede leer la cola: {}", fault.why),
        Reason::PoolBusy => "todos los procesos del pool están ocupados".into(),
        Reason::Unobservable(fault) => unobservable(fault),
    }
}

fn unobservable(fault: &Unobservable) -> String {
    match fault {
        Unobservable::UnitNotFound { unit } => {
            format!("systemd no conoce {unit}; compruebe service_name con `systemctl status {unit}`")
        }
        Unobservable::UnitInactive { unit, state } => format!("{unit} no está en marcha ({state})"),
        Unobservable::NoServiceManager { why } => {
            format!("no se puede preguntar a systemd ({why}) y no hay \"cgroup\" configurado")
        }
        Unobservable::CgroupNotFound { path } => format!("no existe el cgroup {}", path.display()),
        Unobservable::CgroupEmpty { path } => {
            format!("no hay ningún proceso en el cgroup {}", path.display())
        }
        Unobservable::NotAWorkerServer { pid, command } => format!(
            "el proceso {pid} ({command}) no atiende SIGTTIN y SIGTTOU: no es un maestro gunicorn y no se le envía nada"
        ),
        Unobservable::SeveralMasters { pids } => {
            format!("varios procesos podrían ser el maestro: {pids:?}")
        }
        Unobservable::MasterElsewhere { pid, cgroup } => {
            format!("el proceso principal {pid} está en otro cgroup: {cgroup}")
        }
        Unobservable::Unreadable { why } => format!("no se puede leer: {why}"),
    }
}
