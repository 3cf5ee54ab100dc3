//! What a configuration changes and what is odd in it, in Spanish.

use crate::config::{Changes, Notice};

pub(super) fn changes(changes: &Changes) -> String {
    let list =
        |word: &str, names: &[String]| (!names.is_empty()).then(|| format!("{word} {}", names.join(", ")));
    let parts: Vec<_> = [
        list("añadidos", &changes.added),
        list("quitados", &changes.removed),
        list("cambiados", &changes.changed),
        changes.global.then(|| "ajustes globales".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        "sin cambios".into()
    } else {
        parts.join("; ")
    }
}

pub(super) fn notice(notice: &Notice) -> String {
    match notice {
        Notice::NoProjects => "la configuración no nombra ningún proyecto: no hay nada que escalar".into(),
        Notice::EarlierToolKeys { keys } => {
            format!(
                "claves de la herramienta anterior, no hacen falta: {}",
                keys.join(", ")
            )
        }
        Notice::EnabledMissing { project } => {
            format!("{project}: falta \"enabled\": cuenta como false")
        }
        Notice::RungNeverUsed {
            project,
            thresholds,
            rung,
        } => {
            format!("{project}: {rung} de {thresholds} no se usa nunca dentro de min_workers..max_workers")
        }
        Notice::RungBelowOnePercent {
            project,
            rung,
            threshold,
            percent,
        } => format!("{project}: {rung} es un {threshold} por ciento; ¿quería decir {percent}?"),
        Notice::MaximumUnreachable {
            project,
            max,
            highest,
        } => {
            format!("{project}: ningún umbral lleva a max_workers {max}; el más alto lleva a {highest}")
        }
        Notice::NeverScalesDown { project } => {
            format!("{project}: hay umbrales para subir y ninguno para bajar: lo que se añade se queda")
        }
        Notice::KeyWithoutEffect {
            project,
            key,
            without,
        } => {
            format!("{project}: {key} no tiene efecto sin {without}")
        }
    }
}
