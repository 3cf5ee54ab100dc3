//! What the history's writer and the metrics' server have to tell, and what the history keeps of what happened.

use super::client::store_error;
use super::figures::counted;
use super::system::system_fault;
use crate::model::{EventKind, HistoryNews, Language, MetricsNews};

pub(super) fn news(language: Language, news: &HistoryNews) -> String {
    match news {
        HistoryNews::Unavailable { path, why } => {
            let (path, why) = (path.display(), store_error(language, why));
            say!(
                language,
                "⚠️ the history is not kept: {path}: {why}; scaling goes on, and it is tried again",
                "⚠️ no se guarda el historial: {path}: {why}; el escalado sigue, y se intentará de nuevo"
            )
        }
        HistoryNews::Available { path, lost } => {
            let path = path.display();
            say!(
                language,
                "✅ the history is kept again in {path} ({lost} entries lost)",
                "✅ el historial se guarda de nuevo en {path} ({lost} registros perdidos)"
            )
        }
        HistoryNews::SetAside { path, to, why } => {
            let (path, to, why) = (path.display(), to.display(), store_error(language, why));
            say!(
                language,
                "⚠️ the history {path} was moved to {to} and begun anew: {why}",
                "⚠️ el historial {path} se apartó a {to} y empieza de nuevo: {why}"
            )
        }
    }
}

pub(super) fn metrics_news(language: Language, news: &MetricsNews) -> String {
    match news {
        MetricsNews::Serving { at } => say!(
            language,
            "📈 metrics are served at {at}",
            "📈 las métricas se sirven en {at}"
        ),
        MetricsNews::Unavailable { at, why } => {
            let why = system_fault(language, why);
            say!(
                language,
                "⚠️ metrics are not served: {at}: {why}; it is tried again",
                "⚠️ no se sirven las métricas: {at}: {why}; se intentará de nuevo"
            )
        }
    }
}

/// What the history keeps of something that happened: `text` as it was kept.
pub(super) fn event(language: Language, kind: EventKind, text: &str) -> String {
    match kind {
        EventKind::Scaled => {
            let workers = counted(text);
            say!(language, "✅ scaled to {workers}", "✅ escalado a {workers}")
        }
        EventKind::StepFailed => say!(
            language,
            "❌ could not be scaled: {text}",
            "❌ no se pudo escalar: {text}"
        ),
        EventKind::StepWithdrawn => {
            let workers = counted(text);
            say!(
                language,
                "✋ stopped at {workers}: the rest is no longer wanted",
                "✋ se detuvo en {workers}: el resto ya no se pide"
            )
        }
        EventKind::ByHand => text.to_owned(),
    }
}
