//! How the promise of a project was kept, for the commands that read the history.

use std::time::SystemTime;

use anyhow::Result;

use crate::history::HistoryReader;
use crate::model::{Config, Kept};

/// How the promise of `project` was kept: the one that the configuration makes or, where there is none to be read, the
/// one that was last in force. `None` where it has none.
pub(super) fn kept(
    config: Option<&Config>,
    reader: &HistoryReader,
    project: &str,
    now: SystemTime,
) -> Result<Option<Kept>> {
    let promise = match config.and_then(|config| config.projects.get(project)) {
        Some(configured) => configured.promise(),
        None => reader.promise(project, now)?,
    };
    let kept = promise.map(|promise| reader.kept(project, promise, now));
    Ok(kept.transpose()?)
}
