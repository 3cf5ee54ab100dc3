//! What a configuration changes and what is odd in it, in English.

use crate::config::{Changes, Notice};

pub(super) fn changes(changes: &Changes) -> String {
    let list =
        |word: &str, names: &[String]| (!names.is_empty()).then(|| format!("{word} {}", names.join(", ")));
    let parts: Vec<_> = [
        list("added", &changes.added),
        list("removed", &changes.removed),
        list("changed", &changes.changed),
        changes.global.then(|| "global settings".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        "nothing changed".into()
    } else {
        parts.join("; ")
    }
}

pub(super) fn notice(notice: &Notice) -> String {
    match notice {
        Notice::NoProjects => "the configuration names no project: there is nothing to scale".into(),
        Notice::EarlierToolKeys { keys } => {
            format!("keys of the earlier tool, not needed: {}", keys.join(", "))
        }
        Notice::EnabledMissing { project } => format!("{project}: \"enabled\" is missing and taken as false"),
        Notice::RungNeverUsed {
            project,
            thresholds,
            rung,
        } => {
            format!("{project}: {rung} of {thresholds} is never used within min_workers..max_workers")
        }
        Notice::RungBelowOnePercent {
            project,
            rung,
            threshold,
            percent,
        } => format!("{project}: {rung} is {threshold} percent; was {percent} meant?"),
        Notice::MaximumUnreachable {
            project,
            max,
            highest,
        } => {
            format!("{project}: no rung leads to max_workers {max}; the highest leads to {highest}")
        }
        Notice::NeverScalesDown { project } => {
            format!("{project}: rungs lead up and none leads down: what is added stays")
        }
        Notice::KeyWithoutEffect {
            project,
            key,
            without,
        } => {
            format!("{project}: {key} has no effect without {without}")
        }
    }
}
