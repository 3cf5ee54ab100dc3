//! The lines in Spanish, as the user documented them.

mod act;
mod celery;
pub(super) mod check;
mod client;
mod config;
mod history;
mod host;
mod load;
mod order;
mod outlook;
mod reason;
mod reply;
mod wrong;

pub(super) use celery::uncounted;
pub(super) use client::{client_error, not_in_history, read_error};
pub(super) use history::event;
pub(super) use host::without_ebpf;
pub(super) use load::load_error;
pub(super) use outlook::outlook;
pub(super) use reason::reason;
pub(super) use reply::reply;
pub(super) use wrong::wrong;

use std::time::Duration;

use super::duration::short;
use super::{Done, FigureWords, Message, figures, workers};
use crate::host::usage::SourceKind;
use crate::model::{Action, Decision};

const FIGURES: FigureWords = FigureWords {
    queue: "Cola",
    reserved: "Reservadas",
    oldest: "Antigua",
    unknown: "n/d",
};

pub(super) fn render(message: &Message<'_>) -> String {
    match message {
        Message::Started {
            version,
            enabled,
            projects,
            interval,
            source,
            dry_run,
        } => started(
            version,
            (*enabled, *projects),
            *interval,
            source_name(*source),
            *dry_run,
        ),
        Message::WithoutEbpf { why } => {
            format!(
                "sin eBPF ({}); la CPU se lee de cpu.stat, sin espera en la cola de ejecución",
                without_ebpf(why)
            )
        }
        Message::Stopped => "autoscaler termina; los workers quedan como están".into(),
        Message::Status { enabled, acting } => format!("{enabled} proyectos habilitados, {acting} escalando"),
        Message::CheckFailed { why } => format!("❌ la comprobación falló: {why}"),
        Message::NoCpuFigures { why } => format!("❌ no hay cifras de CPU: {why}"),
        Message::CpuFiguresBack => "✅ hay cifras de CPU de nuevo".into(),
        Message::CheckRecovered => "✅ las comprobaciones funcionan de nuevo".into(),
        Message::Reloaded { changes } => format!("🔄 configuración recargada: {}", config::changes(changes)),
        Message::ConfigKept { why } => {
            format!(
                "❌ la configuración nueva no sirve y la anterior sigue en vigor:\n{}",
                load_error(why)
            )
        }
        Message::Notice { notice } => format!("ℹ️ {}", config::notice(notice)),
        Message::StateIgnored { path, why } => {
            format!(
                "los tiempos acumulados empiezan de cero: {}: {why}",
                path.display()
            )
        }
        Message::History { news } => history::render(news),
        Message::Metrics { news } => history::metrics(news),
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
        Message::StepFailed { unit, error } => {
            format!("❌ {unit}: no se pudo escalar: {}", act::failure(error))
        }
        Message::StepWithdrawn { unit, error } => format!("✋ {unit}: {}", act::failure(error)),
        Message::StepEndless { unit, since } => format!(
            "⚠️ {unit}: un paso lleva {} en curso y no termina: ¿responde systemd, o el broker? Hasta entonces no se decide nada más sobre él",
            short(*since)
        ),
        Message::StepForgotten { unit } => {
            format!("✅ {unit}: el paso que no se pudo dar ya no se pide")
        }
        Message::Blocked { unit, decision } => format!("⛔ {unit}: bloqueado: {}", reason(&decision.reason)),
        Message::Unblocked { unit } => format!("✅ {unit}: ya no está bloqueado"),
        Message::Verdict { unit, decision } => verdict(unit, decision),
        Message::CountReset { unit, before, now } => format!(
            "🔁 {unit}: una recarga o un reinicio lo dejó con {} (tenía {before}); se recuperan paso a paso si la carga los pide",
            workers(*now)
        ),
        Message::LimitUnavailable { unit, error } => {
            format!("⚠️ {unit}: sin límite de memoria ({error}); se escala igualmente")
        }
        Message::LimitInUse {
            unit,
            wanted_mib,
            current_mib,
        } => format!(
            "{unit}: el límite de memoria bajará a {wanted_mib}M cuando el uso ({current_mib}M) lo permita"
        ),
        Message::Ordered {
            unit,
            order,
            lasts,
            by,
        } => order::ordered(unit, *order, *lasts, by),
        Message::OrderEnded { unit, by } => order::ended(unit, *by),
        Message::NoControl { why } => {
            format!("sin socket de control, `autoscaler status` no puede preguntar a este proceso: {why}")
        }
        Message::UnacknowledgedUnknown { unit, fault } => celery::unacknowledged_unknown(unit, fault),
        Message::UnacknowledgedKnown { unit } => celery::unacknowledged_known(unit),
        Message::Uncounted { unit, what } => format!("⚠️ {unit}: {}", uncounted(what)),
        Message::AllCounted { unit } => celery::all_counted(unit),
        Message::LimitRestored { unit } => format!("✅ {unit}: el límite de memoria se aplica de nuevo"),
    }
}

fn started(
    version: &str,
    (enabled, projects): (usize, usize),
    interval: Duration,
    source: &str,
    dry_run: bool,
) -> String {
    let suffix = if dry_run {
        ", solo de prueba: no cambia nada"
    } else {
        ""
    };
    format!(
        "🚀 autoscaler {version}: {enabled} de {projects} proyectos habilitados, una comprobación cada {}, CPU por {source}{suffix}",
        short(interval)
    )
}

fn verdict(unit: &str, decision: &Decision) -> String {
    format!(
        "📊 {unit}: {} Workers={} -> {}: {}",
        head(decision),
        decision
            .figures
            .workers
            .map_or_else(|| "n/d".into(), |n| n.to_string()),
        action(decision.action),
        reason(&decision.reason)
    )
}

fn source_name(source: SourceKind) -> &'static str {
    match source {
        SourceKind::Ebpf => "eBPF",
        SourceKind::CpuStat => "cpu.stat",
    }
}

fn head(decision: &Decision) -> String {
    figures(&decision.figures, &FIGURES)
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
