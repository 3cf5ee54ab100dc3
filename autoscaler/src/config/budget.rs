//! `"budget"`: the memory that all projects with a promise share.

use super::fields::{Field, Fields, Findings};
use super::keys;
use super::rules::MEMORY_MIB;
use crate::model::{Budget, Of, Unit, Wrong};

pub(super) const KEYS: &[&str] = &["memory_mb"];

/// Least that it may be, MiB: less would not hold one worker.
const LEAST_MIB: u64 = 64;

impl Budget {
    /// Reads `"budget": { … }`; `None` when it is refused.
    pub(super) fn read(field: Field<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let object = field.object(r#"{ "memory_mb": 9000 }"#, findings)?;
        let of = &Of::Key("budget".into());
        let fields = Fields::read(object, of, findings);
        for field in fields.iter().filter(|field| !KEYS.contains(&field.key())) {
            keys::refuse_unknown(field, KEYS, of, findings);
        }
        let Some(memory) = fields.get("memory_mb") else {
            findings.refuse(&field, Wrong::NoBudget);
            return None;
        };
        let memory_mib = memory.whole(LEAST_MIB..=MEMORY_MIB, Unit::Megabytes, findings)?;
        Some(Self { memory_mib })
    }
}
