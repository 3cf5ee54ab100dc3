//! What a configuration changes and what is odd in it.

use crate::model::{Changes, Language, Notice};

pub(super) fn changes(language: Language, changes: &Changes) -> String {
    let list =
        |word: String, names: &[String]| (!names.is_empty()).then(|| format!("{word} {}", names.join(", ")));
    let parts = [
        list(say!(language, "added", "añadidos"), &changes.added),
        list(say!(language, "removed", "quitados"), &changes.removed),
        list(say!(language, "changed", "cambiados"), &changes.changed),
        changes
            .global
            .then(|| say!(language, "global settings", "ajustes globales")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        say!(language, "nothing changed", "sin cambios")
    } else {
        parts.join("; ")
    }
}

/// Something in the configuration that loads but is worth a word.
#[must_use]
pub fn notice(language: Language, notice: &Notice) -> String {
    match notice {
        Notice::NoProjects => say!(
            language,
            "the configuration names no project: there is nothing to scale",
            "la configuración no nombra ningún proyecto: no hay nada que escalar"
        ),
        Notice::EarlierToolKeys { keys } => {
            let keys = keys.join(", ");
            say!(
                language,
                "keys of the earlier tool, not needed: {keys}",
                "claves de la herramienta anterior, no hacen falta: {keys}"
            )
        }
        Notice::EnabledMissing { project } => say!(
            language,
            "{project}: \"enabled\" is missing and taken as false",
            "{project}: falta \"enabled\": cuenta como false"
        ),
        Notice::RungNeverUsed {
            project,
            thresholds,
            rung,
        } => say!(
            language,
            "{project}: {rung} of {thresholds} is never used within min_workers..max_workers",
            "{project}: {rung} de {thresholds} no se usa nunca dentro de min_workers..max_workers"
        ),
        Notice::RungBelowOnePercent {
            project,
            rung,
            threshold,
            percent,
        } => say!(
            language,
            "{project}: {rung} is {threshold} percent; was {percent} meant?",
            "{project}: {rung} es un {threshold} por ciento; ¿quería decir {percent}?"
        ),
        Notice::MaximumUnreachable {
            project,
            max,
            highest,
        } => say!(
            language,
            "{project}: no rung leads to max_workers {max}; the highest leads to {highest}",
            "{project}: ningún umbral lleva a max_workers {max}; el más alto lleva a {highest}"
        ),
        Notice::NeverScalesDown { project } => say!(
            language,
            "{project}: no rung leads down: workers that are added stay",
            "{project}: hay umbrales para subir y ninguno para bajar: lo que se añade se queda"
        ),
        Notice::KeyWithoutEffect {
            project,
            key,
            without,
        } => say!(
            language,
            "{project}: {key} has no effect without {without}",
            "{project}: {key} no tiene efecto sin {without}"
        ),
    }
}
