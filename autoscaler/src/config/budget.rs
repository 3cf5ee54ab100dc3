//! `"budget"`: the memory that all projects with a promise share.

use super::fields::{Field, Fields, Findings};
use super::keys;
use crate::model::{Budget, Of, Wrong};

impl Budget {
    /// Reads `"budget": { … }`; `None` when it is refused.
    pub(super) fn read(field: Field<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let object = field.object(r#"{ "memory_mb": 9000 }"#, findings)?;
        let of = &Of::Key("budget".into());
        let fields = Fields::read(object, of, findings);
        keys::refuse_others(&fields, keys::BUDGET, of, findings);
        let Some(memory) = fields.get("memory_mb") else {
            findings.refuse(&field, Wrong::NoBudget);
            return None;
        };
        let memory_mib = memory.whole(keys::BUDGET_MIB, findings)?;
        Some(Self { memory_mib })
    }
}
