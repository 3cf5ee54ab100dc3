//! The file: opened, written in transactions, and set aside when it is damaged.

use std::collections::HashMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, params};

use crate::history::entry::{Entry, Event, HostCheck};
use crate::history::retention::Retention;
use crate::history::{reason, requests, retention, schema, to_millis};
use crate::model::{Action, Look, Measure, StoreError};

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Reason(error.to_string())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite {
            code: error.sqlite_error_code(),
            words: error.to_string(),
        }
    }
}

impl StoreError {
    /// Whether the file is broken, rather than of no use or out of reach.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(_) => true,
            Self::Sqlite { code, .. } => {
                matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
            }
            _ => false,
        }
    }
}

/// How long to wait for another process's lock: a command that reads holds one for milliseconds.
const BUSY: Duration = Duration::from_secs(5);

/// Set for each connection that writes. Small figures keep the daemon small: 256 pages of WAL (1 MiB) before
/// they are brought home, 512 KiB of cache. With `synchronous=NORMAL` a WAL survives kill -9 whole; a power
/// cut can cost the last checks, never the file (`PRAGMA synchronous` in its documentation).
const PRAGMAS: &str = "
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = 256;
PRAGMA journal_size_limit = 1048576;
PRAGMA cache_size = -512;
PRAGMA temp_store = MEMORY;
";

/// Entries of one transaction of [`Store::import`].
const IMPORT_BATCH: usize = 500;

/// An open store that is written to.
#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
    projects: HashMap<String, i64>,
}

/// A damaged file that was moved away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SetAside {
    /// Where it is now.
    pub(super) to: PathBuf,
    /// What was wrong with it.
    pub(super) why: StoreError,
}

impl Store {
    /// Opens the store, making it if it is missing. A damaged one is moved away first.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<SetAside>), StoreError> {
        match Self::try_open(path) {
            Err(error) if error.is_damage() => {
                let aside = SetAside {
                    to: set_aside(path)?,
                    why: error,
                };
                Ok((Self::try_open(path)?, Some(aside)))
            }
            other => Ok((other?, None)),
        }
    }

    fn try_open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = Connection::open_with_flags(
            resolve(path)?,
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_NOFOLLOW,
        )?;
        connection.busy_timeout(BUSY)?;
        // Before any pragma that writes: another program's file stays as it is.
        schema::identify(&connection)?;
        connection.execute_batch(PRAGMAS)?;
        schema::quick_check(&connection)?;
        schema::migrate(&mut connection)?;
        Ok(Self {
            connection,
            projects: HashMap::new(),
        })
    }

    /// See [`super::inspect`].
    pub(super) fn inspect(path: &Path) -> Result<(), StoreError> {
        if fs::symlink_metadata(path).is_err() {
            return Ok(());
        }
        let connection = Connection::open_with_flags(
            resolve(path)?,
            OpenFlags::SQLITE_OPEN_READ_ONLY
                | OpenFlags::SQLITE_OPEN_NO_MUTEX
                | OpenFlags::SQLITE_OPEN_NOFOLLOW,
        )?;
        connection.busy_timeout(BUSY)?;
        // In the order of `try_open`: what is damaged is set aside there, whatever version wrote it.
        schema::identify(&connection)?;
        schema::quick_check(&connection)?;
        schema::identify_up_to(schema::version(), &connection)?;
        Ok(())
    }

    /// Writes all of `entries` or none.
    pub(super) fn write(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        let result = entries.iter().try_for_each(|entry| match entry {
            Entry::Check(check) => write_check(&transaction, &mut self.projects, check),
            Entry::Event(event) => write_event(&transaction, &mut self.projects, event),
        });
        let result = result.and_then(|()| Ok(transaction.commit()?));
        if result.is_err() {
            // Ids given within the transaction went with it.
            self.projects.clear();
        }
        result
    }

    /// Writes `entries` into the store at `path`, many at a time.
    pub(super) fn import(path: &Path, entries: impl IntoIterator<Item = Entry>) -> Result<(), StoreError> {
        let mut store = Self::open(path)?.0;
        let mut batch = Vec::with_capacity(IMPORT_BATCH);
        for entry in entries {
            batch.push(entry);
            if batch.len() == IMPORT_BATCH {
                store.write(&batch)?;
                batch.clear();
            }
        }
        store.write(&batch)
    }

    /// Takes away what is too old or too much.
    pub(super) fn sweep(&mut self, retention: Retention, now: SystemTime) -> Result<(), StoreError> {
        if retention::sweep(&mut self.connection, retention, now)? {
            self.projects.clear();
        }
        Ok(())
    }

    /// Lets the file grow to `pages` pages and no further, as a full disk does.
    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: i64) {
        self.connection
            .pragma_update(None, "max_page_count", pages)
            .unwrap();
    }
}

/// The file's real directory and its name in it; the directory is made if it is missing.
fn resolve(path: &Path) -> Result<PathBuf, StoreError> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let fault = |error: io::Error| StoreError::Directory {
        path: directory.to_owned(),
        error: error.into(),
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(directory)
        .map_err(fault)?;
    let directory = directory.canonicalize().map_err(fault)?;
    Ok(directory.join(path.file_name().unwrap_or_default()))
}

/// Moves a damaged store away, over the last one that was: one is enough to look into, more would fill the disk.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let to = beside(".damaged");
    fs::rename(path, &to).map_err(|error| StoreError::NotSetAside {
        path: path.to_owned(),
        error: error.into(),
    })?;
    // The journal of the old file must not be played into the new one.
    for suffix in ["-wal", "-shm"] {
        match fs::remove_file(beside(suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::NotSetAside {
                    path: beside(suffix),
                    error: error.into(),
                });
            }
            _ => {}
        }
    }
    Ok(to)
}

fn project_id(
    transaction: &Transaction<'_>,
    projects: &mut HashMap<String, i64>,
    name: &str,
) -> Result<i64, StoreError> {
    if let Some(id) = projects.get(name) {
        return Ok(*id);
    }
    transaction.execute("INSERT OR IGNORE INTO project (name) VALUES (?1)", [name])?;
    let id = transaction.query_row("SELECT id FROM project WHERE name = ?1", [name], |row| row.get(0))?;
    projects.insert(name.to_owned(), id);
    Ok(id)
}

fn reason_id(transaction: &Transaction<'_>, code: &str, json: &str) -> Result<i64, StoreError> {
    transaction.execute(
        "INSERT OR IGNORE INTO reason (code, json) VALUES (?1, ?2)",
        [code, json],
    )?;
    Ok(transaction.query_row("SELECT id FROM reason WHERE json = ?1", [json], |row| row.get(0))?)
}

fn write_event(
    transaction: &Transaction<'_>,
    projects: &mut HashMap<String, i64>,
    event: &Event,
) -> Result<(), StoreError> {
    let project = project_id(transaction, projects, &event.project)?;
    transaction.execute(
        "INSERT INTO event (at_ms, project_id, kind, text) VALUES (?1, ?2, ?3, ?4)",
        params![
            to_millis(event.at),
            project,
            event.kind.code(),
            event.text.kept()?
        ],
    )?;
    Ok(())
}

fn write_check(
    transaction: &Transaction<'_>,
    projects: &mut HashMap<String, i64>,
    check: &HostCheck,
) -> Result<(), StoreError> {
    let host = &check.host;
    transaction.execute(
        "INSERT INTO checks (at_ms, cpus, memory_total_mib, memory_available_mib, busy_centi)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            to_millis(check.at),
            host.cpus,
            integer(host.memory_total_mib),
            integer(host.memory_available_mib),
            host.busy_percent.map(centi),
        ],
    )?;
    let id = transaction.last_insert_rowid();
    for project in &check.projects {
        let project_id = project_id(transaction, projects, &project.project)?;
        write_figures(transaction, id, project_id, project)?;
        requests::write(transaction, id, project_id, project)?;
    }
    Ok(())
}

fn write_figures(
    transaction: &Transaction<'_>,
    check: i64,
    project: i64,
    row: &Look,
) -> Result<(), StoreError> {
    let mut reason = (None, None);
    if let Some(decided) = &row.decided {
        let parts = reason::split(&decided.reason)?;
        let id = reason_id(transaction, decided.reason.code(), &parts.json)?;
        reason = (Some(id), parts.held_ms);
    }
    let (action, target) = row
        .decided
        .as_ref()
        .map(|decided| action_code(decided.action))
        .unzip();
    let cpu = row.cpu.as_ref();
    let throttle = cpu.and_then(|cpu| cpu.throttle);
    let limit = row.memory.max.filter(|max| *max != u64::MAX);
    let thresholds = &row.thresholds;
    transaction.execute(
        "INSERT INTO figures VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                                     ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
        params![
            check,
            project,
            row.figures.workers,
            cpu.map(|cpu| micros(cpu.covered)),
            cpu.map(|cpu| micros(cpu.on_cpu)),
            cpu.and_then(|cpu| cpu.wait).map(micros),
            cpu.map(|cpu| centi(cpu.allowed_cpus)),
            throttle.map(|throttle| integer(throttle.periods)),
            throttle.map(|throttle| micros(throttle.time)),
            row.figures.cpu_percent.map(centi),
            row.memory.current.map(|bytes| integer(bytes >> 10)),
            limit.map(|bytes| integer(bytes >> 10)),
            row.figures.queue.map(integer),
            row.figures.reserved.map(integer),
            row.figures.oldest_waiting.map(millis),
            row.active(),
            thresholds.up(Measure::Cpu).map(centi),
            thresholds.down(Measure::Cpu).map(centi),
            thresholds.up(Measure::Queue).map(centi),
            thresholds.down(Measure::Queue).map(centi),
            action,
            target.flatten(),
            reason.0,
            reason.1,
        ],
    )?;
    Ok(())
}

/// An action as it is kept, and the count it goes to.
fn action_code(action: Action) -> (i64, Option<u32>) {
    match action {
        Action::Hold => (0, None),
        Action::ScaleUp { to, .. } => (1, Some(to)),
        Action::ScaleDown { to, .. } => (2, Some(to)),
        Action::Blocked => (3, None),
    }
}

/// The action of a code; `None` for one of another version.
pub(super) fn action_of(code: i64, workers: Option<u32>, target: Option<u32>) -> Option<Action> {
    let step = || Some((workers?, target?));
    match code {
        0 => Some(Action::Hold),
        1 => step().map(|(from, to)| Action::ScaleUp { from, to }),
        2 => step().map(|(from, to)| Action::ScaleDown { from, to }),
        3 => Some(Action::Blocked),
        _ => None,
    }
}

/// Hundredths: exact enough for a percentage, a threshold or a share of CPUs.
#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates, at figures that no host has"
)]
fn centi(value: f64) -> i64 {
    (value * 100.0).round() as i64
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
