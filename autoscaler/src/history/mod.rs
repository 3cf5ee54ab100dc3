//! What happened: every check's figures and every decision, kept in an SQLite file for as long as configured.
//!
//! The daemon hands each check to a [`Recorder`], which never makes it wait; commands read with a
//! [`HistoryReader`], also while the daemon writes. Losing the file costs the past, never a step: the daemon
//! works without it and says why.

mod entry;
mod fault;
mod reader;
mod reason;
mod recorder;
mod requests;
mod retention;
mod schema;
mod store;
pub mod view;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::StoreError;

pub use entry::{Entry, Event, HostCheck};
pub use reader::{Demand, HistoryReader, PastCheck, PastEvent};
pub use recorder::Recorder;
pub use retention::Retention;

/// The store's name within the state directory.
const FILE: &str = "history.db";

/// Writes a recorded or invented past into the store at `path`, which is made if it is missing. Not beside a daemon
/// that writes to it.
///
/// # Errors
/// When the store cannot be used or written.
pub fn import(path: &Path, entries: impl IntoIterator<Item = Entry>) -> Result<(), StoreError> {
    store::Store::import(path, entries)
}

/// Whether the store at `path` is one that the daemon can go on with; one that is missing, it makes.
///
/// # Errors
/// When it cannot: [`StoreError::is_damage`] tells whether the daemon will set it aside and begin anew.
pub fn inspect(path: &Path) -> Result<(), StoreError> {
    store::Store::inspect(path)
}

/// Where the store is when the configuration names no other place.
#[must_use]
pub fn default_path(state_dir: &Path) -> PathBuf {
    state_dir.join(FILE)
}

/// Milliseconds since 1970: how times are kept.
fn to_millis(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn from_millis(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests;
