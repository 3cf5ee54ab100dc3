//! A process that ended while it was read is none: a walk goes on with the others.

use crate::model::ProcessError;

/// Turns "gone" into `None`, so that a walk over processes goes on with the others.
pub(crate) fn unless_gone<T>(result: Result<T, ProcessError>) -> Result<Option<T>, ProcessError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(ProcessError::Gone { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
