//! The lines in English.

mod act;
mod celery;
pub(super) mod check;
mod config;
mod history;
mod order;
mod outlook;
mod reason;
mod reply;

pub(super) use celery::uncounted;
pub(super) use history::event;
pub(super) use outlook::outlook;
pub(super) use reason::{reason, unobservable};
pub(super) use reply::reply;

use super::duration::short;
use super::{Done, FigureWords, Message, figures, workers};
use crate::host::usage::SourceKind;
use crate::model::{Action, Decision};

const FIGURES: FigureWords = FigureWords {
    queue: "Queue",
    reserved: "Reserved",
    oldest: "Oldest",
    unknown: "n/a",
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
        } => format!(
            "🚀 autoscaler {version}: {enabled} of {projects} projects enabled, a check every {}, CPU by {}{}",
            short(*interval),
            source_name(*source),
            if *dry_run {
                ", dry run: changes nothing"
            } else {
                ""
            }
        ),
        Message::WithoutEbpf { why } => {
            format!("no eBPF ({why}); CPU is read from cpu.stat, without run-queue wait")
        }
        Message::Stopped => "autoscaler ends; workers stay as they are".into(),
        Message::Status { enabled, acting } => format!("{enabled} projects enabled, {acting} being scaled"),
        Message::CheckFailed { why } => format!("❌ the check failed: {why}"),
        Message::NoCpuFigures { why } => format!("❌ there are no CPU figures: {why}"),
        Message::CpuFiguresBack => "✅ there are CPU figures again".into(),
        Message::CheckRecovered => "✅ checks work again".into(),
        Message::Reloaded { changes } => format!("🔄 configuration reloaded: {}", config::changes(changes)),
        Message::ConfigKept { why } => {
            format!("❌ the new configuration cannot be used and the one before stays in force:\n{why}")
        }
        Message::Notice { notice } => format!("ℹ️ {}", config::notice(notice)),
        Message::StateIgnored { path, why } => format!("held times start afresh: {}: {why}", path.display()),
        Message::History { news } => history::render(news),
        Message::Metrics { news } => history::metrics(news),
        Message::StateNotSaved { path, why } => {
            format!("held times will not survive a restart: {}: {why}", path.display())
        }
        Message::Step { unit, decision } => {
            format!("📊 {unit}: {} -> {}", head(decision), action(decision.action))
        }
        Message::Scaled { unit, done } => scaled(unit, done),
        Message::StepFailed { unit, error } => {
            format!("❌ {unit}: could not be scaled: {}", act::failure(error))
        }
        Message::StepWithdrawn { unit, error } => format!("✋ {unit}: {}", act::failure(error)),
        Message::StepEndless { unit, since } => format!(
            "⚠️ {unit}: a step has been under way for {} and does not end: does systemd, or the broker, answer? Nothing else is decided about it until then",
            short(*since)
        ),
        Message::StepForgotten { unit } => {
            format!("✅ {unit}: the step that could not be taken is no longer asked for")
        }
        Message::Blocked { unit, decision } => format!("⛔ {unit}: blocked: {}", reason(&decision.reason)),
        Message::Unblocked { unit } => format!("✅ {unit}: no longer blocked"),
        Message::Verdict { unit, decision } => verdict(unit, decision),
        Message::CountReset { unit, before, now } => format!(
            "🔁 {unit}: a reload or restart left it with {} (it had {before}); they come back step by step if the load asks for them",
            workers(*now)
        ),
        Message::LimitUnavailable { unit, error } => {
            format!("⚠️ {unit}: no memory limit ({error}); scaling goes on")
        }
        Message::LimitInUse {
            unit,
            wanted_mib,
            current_mib,
        } => {
            format!("{unit}: the memory limit goes down to {wanted_mib}M when use ({current_mib}M) allows it")
        }
        Message::Ordered {
            unit,
            order,
            lasts,
            by,
        } => order::ordered(unit, *order, *lasts, by),
        Message::OrderEnded { unit, by } => order::ended(unit, *by),
        Message::NoControl { why } => {
            format!("no control socket, so `autoscaler status` cannot ask this daemon: {why}")
        }
        Message::UnacknowledgedUnknown { unit, fault } => format!(
            "⚠️ {unit}: how many tasks are not acknowledged is not known ({fault}); everything else goes on"
        ),
        Message::Uncounted { unit, what } => format!("⚠️ {unit}: {}", uncounted(what)),
        Message::AllCounted { unit } => format!("✅ {unit}: every task that waits is counted again"),
        Message::UnacknowledgedKnown { unit } => {
            format!("✅ {unit}: how many tasks are not acknowledged is known again")
        }
        Message::LimitRestored { unit } => format!("✅ {unit}: the memory limit is in force again"),
    }
}

fn verdict(unit: &str, decision: &Decision) -> String {
    format!(
        "📊 {unit}: {} Workers={} -> {}: {}",
        head(decision),
        decision
            .figures
            .workers
            .map_or_else(|| "n/a".into(), |n| n.to_string()),
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
        Action::ScaleUp { to, .. } => format!("scale_up to {}", workers(to)),
        Action::ScaleDown { to, .. } => format!("scale_down to {}", workers(to)),
        Action::Hold => "hold".into(),
        Action::Blocked => "blocked".into(),
    }
}

fn scaled(unit: &str, done: &Done) -> String {
    let limit = match done.limit_per_worker_mib {
        Some(mib) => format!("memory limit: {mib}M per worker"),
        None => "no memory limit".into(),
    };
    if done.dry_run {
        return format!("🧪 {unit} would be scaled to {} ({limit})", workers(done.workers));
    }
    format!("✅ {unit} scaled to {} ({limit})", workers(done.workers))
}
