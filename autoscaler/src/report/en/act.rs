//! What went wrong with a step, in English.

use crate::act::ScaleError;

pub(super) fn failure(error: &ScaleError) -> String {
    error.to_string()
}
