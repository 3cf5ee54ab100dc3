//! How a fault within a reason is kept: as the English sentence that earlier versions wrote, and as data beside it.
//!
//! Version 0.1.0 kept such a fault as a text in the field `why`. It still stands there, for that version and for
//! programs that read the file; `fault` beside it is the same as data, from which `words` tells it in either language.
//! Of what 0.1.0 wrote, or a later version whose data is not understood, the text is all there is.

use std::fmt::Display;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
struct Kept {
    why: String,
    #[serde(default)]
    fault: Option<Value>,
}

/// Writes `why` and `fault` in the place of the field.
pub(super) fn serialize<T: Display + Serialize, S: Serializer>(
    fault: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let kept = Kept {
        why: fault.to_string(),
        fault: serde_json::to_value(fault).ok(),
    };
    kept.serialize(serializer)
}

/// Reads them; a fault of the text alone where there is no more, or no more is understood.
pub(super) fn deserialize<'de, T: From<String> + DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let Kept { why, fault } = Kept::deserialize(deserializer)?;
    let fault = fault.and_then(|fault| serde_json::from_value(fault).ok());
    Ok(fault.unwrap_or_else(|| T::from(why)))
}
