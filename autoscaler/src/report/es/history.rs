//! What the history's writer and the metrics' server have to tell, in Spanish.

use crate::history::News;
use crate::metrics;
use crate::model::EventKind;
use crate::report::counted;

pub(super) fn render(news: &News) -> String {
    match news {
        News::Unavailable { path, why } => {
            format!(
                "⚠️ no se guarda el historial: {}: {why}; el escalado sigue, y se intentará de nuevo",
                path.display()
            )
        }
        News::Available { path, lost } => {
            format!(
                "✅ el historial se guarda de nuevo en {} ({lost} registros perdidos)",
                path.display()
            )
        }
        News::SetAside { path, to, why } => {
            format!(
                "⚠️ el historial {} se apartó a {} y empieza de nuevo: {why}",
                path.display(),
                to.display()
            )
        }
    }
}

pub(super) fn metrics(news: &metrics::News) -> String {
    match news {
        metrics::News::Serving { at } => format!("📈 las métricas se sirven en {at}"),
        metrics::News::Unavailable { at, why } => {
            format!("⚠️ no se sirven las métricas: {at}: {why}; se intentará de nuevo")
        }
    }
}

pub(in crate::report) fn event(kind: EventKind, text: &str) -> String {
    match kind {
        EventKind::Scaled => format!("✅ escalado a {}", counted(text)),
        EventKind::StepFailed => format!("❌ no se pudo escalar: {text}"),
        EventKind::StepWithdrawn => format!("✋ se detuvo en {}: el resto ya no se pide", counted(text)),
        EventKind::ByHand => text.to_owned(),
    }
}
