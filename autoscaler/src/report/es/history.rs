//! What the history's writer has to tell, in Spanish.

use crate::history::News;

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
