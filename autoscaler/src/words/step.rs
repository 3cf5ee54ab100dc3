//! What is decided and done about one project, and what is ordered by hand.

use crate::model::{Action, Decision, Language, Order, Peer};
use crate::words::figures::{head, short, unknown, workers};
use crate::words::message::{Done, Lasts};
use crate::words::peer::peer;
use crate::words::reason::reason;

pub(super) fn verdict(language: Language, unit: &str, decision: &Decision) -> String {
    let (head, action) = (
        head(language, &decision.figures),
        action(language, decision.action),
    );
    let workers = decision.figures.workers;
    let workers = workers.map_or_else(|| unknown(language), |count| count.to_string());
    let reason = reason(language, &decision.reason);
    format!("📊 {unit}: {head} Workers={workers} -> {action}: {reason}")
}

pub(super) fn action(language: Language, action: Action) -> String {
    match action {
        Action::ScaleUp { to, .. } => {
            let workers = workers(to);
            say!(language, "scale_up to {workers}", "scale_up a {workers}")
        }
        Action::ScaleDown { to, .. } => {
            let workers = workers(to);
            say!(language, "scale_down to {workers}", "scale_down a {workers}")
        }
        Action::Hold => say!(language, "hold", "sin cambios"),
        Action::Blocked => say!(language, "blocked", "bloqueado"),
    }
}

pub(super) fn scaled(language: Language, unit: &str, done: &Done) -> String {
    let workers = workers(done.workers);
    let limit = match done.limit_per_worker_mib {
        Some(mib) => say!(
            language,
            "memory limit: {mib}M per worker",
            "límite memoria: {mib}M por worker"
        ),
        None => say!(language, "no memory limit", "sin límite de memoria"),
    };
    if done.dry_run {
        return say!(
            language,
            "🧪 {unit} would be scaled to {workers} ({limit})",
            "🧪 {unit} se escalaría a {workers} ({limit})"
        );
    }
    say!(
        language,
        "✅ {unit} scaled to {workers} ({limit})",
        "✅ {unit} escalado a {workers} ({limit})"
    )
}

pub(super) fn ordered(language: Language, unit: &str, (order, lasts): (Order, Lasts), by: &Peer) -> String {
    let what = match order {
        Order::Pause => say!(language, "paused", "en pausa"),
        Order::Scale(count) => workers(count),
    };
    let length = match lasts {
        Lasts::Once => String::new(),
        Lasts::For(length) => {
            let length = short(length);
            say!(language, " for {length}", " durante {length}")
        }
        Lasts::UntilResumed => say!(language, " until resumed", " hasta que se reanude"),
    };
    let by = peer(language, by);
    say!(
        language,
        "✋ {unit}: {what}{length}, ordered by {by}",
        "✋ {unit}: {what}{length}, por orden de {by}"
    )
}
