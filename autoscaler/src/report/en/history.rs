//! What the history's writer has to tell, in English.

use crate::history::News;

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
