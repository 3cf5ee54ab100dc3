//! The daemon's lines, the Spanish ones as the user documented them.

use super::act::scale_error;
use super::celery::uncounted;
use super::client::socket_error;
use super::config::{changes, notice};
use super::figures::{head, short, workers};
use super::history::{metrics_news, news};
use super::host::{host_error, service_error};
use super::kernel::{source, source_news, usage_fault, without_ebpf};
use super::load::load_error;
use super::memory::memory_error;
use super::message::{Message, StateFault};
use super::peer::peer;
use super::queue::queue_fault;
use super::reason::reason;
use super::schedule;
use super::step::{action, ordered, scaled, verdict};
use super::system::system_fault;
use crate::model::{InstanceChange, Language, Reason};

/// A message in words: one line, without level or time.
#[must_use]
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each variant and none for the rest: a new one asks for its words"
)]
pub fn message(language: Language, message: &Message<'_>) -> String {
    match message {
        Message::Started {
            version,
            enabled,
            projects,
            interval,
            source: kind,
            dry_run,
        } => {
            let (interval, source) = (short(*interval), source(*kind));
            let dry = if *dry_run {
                say!(
                    language,
                    ", dry run: changes nothing",
                    ", solo de prueba: no cambia nada"
                )
            } else {
                String::new()
            };
            say!(
                language,
                "🚀 autoscaler {version}: {enabled} of {projects} projects enabled, a check every {interval}, CPU by {source}{dry}",
                "🚀 autoscaler {version}: {enabled} de {projects} proyectos habilitados, una comprobación cada {interval}, CPU por {source}{dry}"
            )
        }
        Message::WithoutEbpf { why } => {
            let why = without_ebpf(language, why);
            say!(
                language,
                "no eBPF ({why}); CPU is read from cpu.stat, without run-queue wait",
                "sin eBPF ({why}); la CPU se lee de cpu.stat, sin espera en la cola de ejecución"
            )
        }
        Message::Stopped => say!(
            language,
            "autoscaler ends; workers stay as they are",
            "autoscaler termina; los workers quedan como están"
        ),
        Message::Status { enabled, acting } => say!(
            language,
            "{enabled} projects enabled, {acting} being scaled",
            "{enabled} proyectos habilitados, {acting} escalando"
        ),
        Message::CheckFailed { why } => {
            let why = host_error(language, why);
            say!(
                language,
                "❌ the check failed: {why}",
                "❌ la comprobación falló: {why}"
            )
        }
        Message::StepBroken { why } => say!(
            language,
            "❌ a step stopped half-way, which is a fault of this program: {why}",
            "❌ un paso se rompió, lo que es un fallo de este programa: {why}"
        ),
        Message::CheckRecovered => say!(
            language,
            "✅ checks work again",
            "✅ las comprobaciones funcionan de nuevo"
        ),
        Message::NoCpuFigures { why } => {
            let why = usage_fault(language, why);
            say!(
                language,
                "❌ there are no CPU figures: {why}",
                "❌ no hay cifras de CPU: {why}"
            )
        }
        Message::CpuFiguresBack => say!(
            language,
            "✅ there are CPU figures again",
            "✅ hay cifras de CPU de nuevo"
        ),
        Message::RequestsUnseen { why } => {
            let why = without_ebpf(language, why);
            say!(
                language,
                "⚠️ requests cannot be seen: no figures on busy workers and waits for now; everything else goes on: {why}",
                "⚠️ no se pueden ver las peticiones: por ahora no hay cifras de workers ocupados ni de esperas; lo demás sigue: {why}"
            )
        }
        Message::RequestsSeen => say!(language, "✅ requests are seen", "✅ se ven las peticiones"),
        Message::Source { news } => source_news(language, news),
        Message::Reloaded { changes: made } => {
            let changes = changes(language, made);
            say!(
                language,
                "🔄 configuration reloaded: {changes}",
                "🔄 configuración recargada: {changes}"
            )
        }
        Message::ConfigKept { why } => {
            let why = load_error(language, why);
            say!(
                language,
                "❌ the new configuration cannot be used and the one before stays in force:\n{why}",
                "❌ la configuración nueva no sirve y la anterior sigue en vigor:\n{why}"
            )
        }
        Message::ConfigGone { path } => {
            let path = path.display();
            say!(
                language,
                "⚠️ {path} is gone: what was in it stays in force until the daemon is restarted, which would fail without it",
                "⚠️ {path} ya no está: lo que decía sigue en vigor hasta que el demonio se reinicie, lo que sin él fallaría"
            )
        }
        Message::Notice { notice: found } => format!("ℹ️ {}", notice(language, found)),
        Message::StateIgnored { path, why } => {
            let (path, why) = (path.display(), state_fault(language, why));
            say!(
                language,
                "held times start from zero: {path}: {why}",
                "los tiempos acumulados empiezan de cero: {path}: {why}"
            )
        }
        Message::StateNotSaved { path, why } => {
            let (path, why) = (path.display(), state_fault(language, why));
            say!(
                language,
                "held times will not survive a restart: {path}: {why}",
                "los tiempos acumulados no sobrevivirán a un reinicio: {path}: {why}"
            )
        }
        Message::History { news: told } => news(language, told),
        Message::Metrics { news: told } => metrics_news(language, told),
        Message::Step { unit, decision } => {
            let (head, action) = (
                head(language, &decision.figures),
                action(language, decision.action),
            );
            // The figures say nothing of it.
            let why = match &decision.reason {
                why @ Reason::OutsideSchedule { .. } => format!(": {}", reason(language, why)),
                _ => String::new(),
            };
            format!("📊 {unit}: {head} -> {action}{why}")
        }
        Message::Scaled { unit, done } => scaled(language, unit, done),
        Message::StepFailed { unit, error } => {
            let error = scale_error(language, error);
            say!(
                language,
                "❌ {unit}: could not be scaled: {error}",
                "❌ {unit}: no se pudo escalar: {error}"
            )
        }
        Message::StepWithdrawn { unit, error } => format!("✋ {unit}: {}", scale_error(language, error)),
        Message::StepEndless { unit, since } => {
            let since = short(*since);
            say!(
                language,
                "⚠️ {unit}: a step has taken {since} and does not end: does systemd answer, or the broker? Nothing else is decided about the project until it ends",
                "⚠️ {unit}: un paso lleva {since} en curso y no termina: ¿responde systemd, o el broker? Hasta entonces no se decide nada más sobre él"
            )
        }
        Message::StepForgotten { unit } => say!(
            language,
            "✅ {unit}: the step that failed is no longer needed",
            "✅ {unit}: el paso que no se pudo dar ya no se pide"
        ),
        Message::Blocked { unit, decision } => {
            let reason = reason(language, &decision.reason);
            say!(
                language,
                "⛔ {unit}: blocked: {reason}",
                "⛔ {unit}: bloqueado: {reason}"
            )
        }
        Message::Unblocked { unit } => say!(
            language,
            "✅ {unit}: no longer blocked",
            "✅ {unit}: ya no está bloqueado"
        ),
        Message::Verdict { unit, decision } => verdict(language, unit, decision),
        Message::ScheduleBegins { unit, schedule } => schedule::begins(language, unit, schedule),
        Message::ScheduleEnded { unit, cron, bounds } => schedule::ended(language, unit, cron, *bounds),
        Message::Instance { change } => instance(language, change),
        Message::InstancesUnknown { why } => {
            let why = service_error(language, why);
            say!(
                language,
                "⚠️ which instances of a template run is not known ({why}); those that are known are scaled as before",
                "⚠️ no se sabe qué instancias de una plantilla están en marcha ({why}); las conocidas se escalan como antes"
            )
        }
        Message::InstancesKnown => say!(
            language,
            "✅ which instances of a template run is known again",
            "✅ se sabe de nuevo qué instancias de una plantilla están en marcha"
        ),
        Message::CountReset { unit, before, now } => {
            let now = workers(*now);
            say!(
                language,
                "🔁 {unit}: a reload or restart left it with {now} (it had {before}); they come back step by step if the load asks for them",
                "🔁 {unit}: una recarga o un reinicio lo dejó con {now} (tenía {before}); se recuperan paso a paso si la carga los pide"
            )
        }
        Message::LimitUnavailable { unit, error } => {
            let error = memory_error(language, error);
            say!(
                language,
                "⚠️ {unit}: no memory limit ({error}); scaling goes on",
                "⚠️ {unit}: sin límite de memoria ({error}); se escala igualmente"
            )
        }
        Message::LimitInUse {
            unit,
            wanted_mib,
            current_mib,
        } => say!(
            language,
            "{unit}: the memory limit goes down to {wanted_mib}M when use ({current_mib}M) allows it",
            "{unit}: el límite de memoria bajará a {wanted_mib}M cuando el uso ({current_mib}M) lo permita"
        ),
        Message::LimitRestored { unit } => say!(
            language,
            "✅ {unit}: the memory limit is in force again",
            "✅ {unit}: el límite de memoria se aplica de nuevo"
        ),
        Message::Ordered {
            unit,
            order,
            lasts,
            by,
        } => ordered(language, unit, (*order, *lasts), by),
        Message::OrderEnded { unit, by: Some(by) } => {
            let by = peer(language, by);
            say!(
                language,
                "▶️ {unit}: resumed by {by}; the thresholds rule again",
                "▶️ {unit}: reanudado por {by}; vuelven a mandar los umbrales"
            )
        }
        Message::OrderEnded { unit, by: None } => say!(
            language,
            "▶️ {unit}: the order by hand is over; the thresholds rule again",
            "▶️ {unit}: terminó la orden manual; vuelven a mandar los umbrales"
        ),
        Message::NoControl { why } => {
            let why = socket_error(language, why);
            say!(
                language,
                "no control socket, so `autoscaler status` cannot ask this daemon: {why}",
                "sin socket de control, `autoscaler status` no puede preguntar a este proceso: {why}"
            )
        }
        Message::UnacknowledgedUnknown { unit, fault } => {
            let fault = queue_fault(language, fault);
            say!(
                language,
                "⚠️ {unit}: how many tasks are not acknowledged is not known ({fault}); everything else goes on",
                "⚠️ {unit}: no se sabe cuántas tareas están sin confirmar ({fault}); todo lo demás sigue"
            )
        }
        Message::UnacknowledgedKnown { unit } => say!(
            language,
            "✅ {unit}: how many tasks are not acknowledged is known again",
            "✅ {unit}: se sabe de nuevo cuántas tareas están sin confirmar"
        ),
        Message::Uncounted { unit, what } => format!("⚠️ {unit}: {}", uncounted(language, what)),
        Message::AllCounted { unit } => say!(
            language,
            "✅ {unit}: every task that waits is counted again",
            "✅ {unit}: se cuentan de nuevo todas las tareas que esperan"
        ),
    }
}

fn instance(language: Language, change: &InstanceChange) -> String {
    let InstanceChange { project, unit, came } = change;
    if *came {
        say!(
            language,
            "🧩 {unit}: it runs, and is looked after as {project}",
            "🧩 {unit}: está en marcha, y se atiende como {project}"
        )
    } else {
        say!(
            language,
            "🧩 {unit}: it is gone, and {project} with it",
            "🧩 {unit}: ya no está, y con él {project}"
        )
    }
}

fn state_fault(language: Language, fault: &StateFault) -> String {
    match fault {
        StateFault::System(error) => system_fault(language, error),
        StateFault::Format(why) => say!(
            language,
            "not a state file of this version: {why}",
            "no es un archivo de estado de esta versión: {why}"
        ),
        StateFault::Version { found, known } => say!(
            language,
            "written in format {found}, this program reads {known}",
            "está escrito en el formato {found}, y este programa lee el {known}"
        ),
    }
}
