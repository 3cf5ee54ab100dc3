//! `"history"`: what is kept of the past, and where.

use std::path::PathBuf;
use std::time::Duration;

use super::fields::{Field, Fields, Findings};
use super::keys;
use crate::model::{Of, Storage, Wrong};

impl Storage {
    /// Reads `"history": { … }`.
    pub(super) fn read(field: Field<'_>, findings: &mut Findings<'_>) -> Self {
        let mut storage = Self::default();
        let example = r#"{ "keep_days": 90, "max_mb": 256 }"#;
        let Some(object) = field.object(example, findings) else {
            return storage;
        };
        let of = &Of::Key("history".into());
        let fields = Fields::read(object, of, findings);
        for field in fields.iter() {
            match field.key() {
                "enabled" => storage.enabled = field.boolean(findings).unwrap_or(true),
                "keep_days" => {
                    if let Some(number) = field.whole(keys::KEEP_DAYS, findings) {
                        storage.keep = Duration::from_hours(24 * number);
                    }
                }
                "max_mb" => {
                    if let Some(number) = field.whole(keys::HISTORY_MIB, findings) {
                        storage.max_mib = number;
                    }
                }
                "path" => storage.path = path(field, findings),
                _ => keys::refuse_unknown(field, &keys::names(keys::HISTORY), of, findings),
            }
        }
        storage
    }
}

fn path(field: Field<'_>, findings: &mut Findings<'_>) -> Option<PathBuf> {
    let path = PathBuf::from(field.text(findings)?);
    if path.is_absolute() && path.file_name().is_some() {
        return Some(path);
    }
    findings.refuse(field.value(), Wrong::HistoryPath);
    None
}
