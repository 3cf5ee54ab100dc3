//! What the history's writer and the metrics' server have to tell, in English.

use crate::history::News;
use crate::metrics;
use crate::model::EventKind;
use crate::report::counted;

pub(super) fn render(news: &News) -> String {
    match news {
        News::Unavailable { path, why } => {
            format!(
                "⚠️ the history is not kept: {}: {why}; scaling goes on, and it is tried again",
                path.display()
            )
        }
        News::Available { path, lost } => {
            format!(
                "✅ the history is kept again in {} ({lost} entries lost)",
                path.display()
            )
        }
        News::SetAside { path, to, why } => {
            format!(
                "⚠️ the history {} was moved to {} and begun anew: {why}",
                path.display(),
                to.display()
            )
        }
    }
}

pub(super) fn metrics(news: &metrics::News) -> String {
    match news {
        metrics::News::Serving { at } => format!("📈 metrics are served at {at}"),
        metrics::News::Unavailable { at, why } => {
            format!("⚠️ metrics are not served: {at}: {why}; it is tried again")
        }
    }
}

pub(in crate::report) fn event(kind: EventKind, text: &str) -> String {
    match kind {
        EventKind::Scaled => format!("✅ scaled to {}", counted(text)),
        EventKind::StepFailed => format!("❌ could not be scaled: {text}"),
        EventKind::StepWithdrawn => format!("✋ stopped at {}: the rest is no longer wanted", counted(text)),
        EventKind::ByHand => text.to_owned(),
    }
}
