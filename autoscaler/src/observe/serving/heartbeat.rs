//! gunicorn's heartbeat.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;

use super::descriptors::Descriptor;

/// How `gunicorn/workers/workertmp.py` begins the name of the file; it is removed at once, the file stays open.
const PREFIX: &str = "wgunicorn-";

/// Seconds between the time that a heartbeat writes, which counts from boot, and that of the wall clock.
const APART: i64 = 24 * 60 * 60;

/// Whether the heart of a gunicorn worker beats; `None` for what is no such worker.
///
/// Up to 19.7 a worker inherits the files of those that were forked before it. Those beat, its own does not yet.
pub(super) fn beats(open: &[Descriptor]) -> Option<bool> {
    let mut files = open.iter().filter(|descriptor| is_heartbeat(&descriptor.name));
    let beats = |descriptor: &Descriptor| fs::metadata(&descriptor.link).is_ok_and(|file| has_beaten(&file));
    let first = beats(files.next()?);
    Some(first && files.all(beats))
}

fn is_heartbeat(name: &str) -> bool {
    name.rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with(PREFIX))
}

/// A beat sets the time of modification to the monotonic clock's, while that of the change of the inode is the wall
/// clock's (utimensat(2)); earlier versions set the mode to 0 and 1 by turns, which is 0600 before.
fn has_beaten(file: &Metadata) -> bool {
    file.mtime() + APART < file.ctime() || file.mode() & 0o600 == 0
}
