//! The history's file from a hostile hand: `autoscaler history` and `why` read what they are told to, as root.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use autoscaler::history::HistoryReader;
use autoscaler::words;

use super::{scratch, told};

/// Most projects that are asked about: a made-up store may name any number.
const MOST: usize = 3;

/// A store, read in every way.
pub(super) fn store(input: &[u8]) {
    let file = scratch().join("history.db");
    for part in ["history.db-wal", "history.db-shm", "history.db-journal"] {
        let _ = fs::remove_file(scratch().join(part));
    }
    fs::write(&file, input).expect("the scratch folder is ours");
    let reader = match HistoryReader::open(&file) {
        Ok(reader) => reader,
        Err(error) => return told(|language| words::read_error(language, &error)),
    };
    let _ = reader.span();
    let projects = match reader.projects() {
        Ok(projects) => projects,
        Err(error) => return told(|language| words::read_error(language, &error)),
    };
    let (since, until) = (UNIX_EPOCH, SystemTime::now());
    for project in projects.iter().take(MOST) {
        if let Ok(checks) = reader.checks(project, since, until) {
            for reason in checks.iter().filter_map(|check| check.reason.as_ref()) {
                told(|language| words::reason(language, reason));
            }
        }
        let _ = reader.events(project, since, until);
        let _ = reader.demand(project, since, until);
        let _ = reader.busy(project, since, until);
        let _ = reader.lateness(project, Duration::from_millis(100), since, until);
        if let Ok(Some(promise)) = reader.promise(project, until) {
            let _ = reader.kept(project, promise, until);
        }
    }
}
