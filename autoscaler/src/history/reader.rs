//! Reads the store, also while the daemon writes it: SQLite's WAL gives each query one moment's view.

mod row;

use crate::model::{
    Action, CgroupMemory, CpuSample, Decision, EventKind, Figures, Host, Kept, Lateness, Promise, ReadError,
    Reason, StoreError, Thresholds,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use crate::history::{from_millis, requests, schema, to_millis};
use crate::report::{Ledger, QUARTER, WEEK};
use crate::words::Bilingual;

/// One project at one check of the past.
#[derive(Debug, Clone, PartialEq)]
pub struct PastCheck {
    /// When.
    pub at: SystemTime,
    /// The host as a whole.
    pub host: Host,
    /// The figures that the decision was taken from.
    pub figures: Figures,
    /// The kernel's counters over the interval.
    pub cpu: Option<CpuSample>,
    /// Memory of the cgroup.
    pub memory: CgroupMemory,
    /// Pool processes of a Celery project that were running a task.
    pub active: Option<u32>,
    /// The thresholds in force.
    pub thresholds: Thresholds,
    /// The promise in force about its requests.
    pub promise: Option<Promise>,
    /// How many of them were late by it.
    pub late: Option<Lateness>,
    /// What was decided; `None` while a step was under way.
    pub action: Option<Action>,
    /// The reason's name for machines.
    pub reason_code: Option<String>,
    /// The reason with its figures; `None` also for one that another version wrote.
    pub reason: Option<Reason>,
}

impl PastCheck {
    /// The decision as it was taken, where it is known whole.
    #[must_use]
    pub fn decision(&self) -> Option<Decision> {
        Some(Decision {
            action: self.action?,
            reason: self.reason.clone()?,
            figures: self.figures,
        })
    }
}

/// Something that happened between checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastEvent {
    /// When.
    pub at: SystemTime,
    /// What; `None` for a kind of another version.
    pub kind: Option<EventKind>,
    /// The kind's name for machines.
    pub code: String,
    /// More of it.
    pub text: Bilingual,
}

/// How much CPU one project used over one interval: what a simulation replays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// The interval's end.
    pub until: SystemTime,
    /// Its length.
    pub covered: Duration,
    /// CPUs in use, the mean: 2.5 keeps two and a half workers on a CPU all the time.
    pub cpus: f64,
    /// CPUs that its workers could have used: one each, and no more than the cgroup may use.
    pub capacity: f64,
}

/// A store opened for reading.
#[derive(Debug)]
pub struct HistoryReader {
    connection: Connection,
    path: PathBuf,
    version: i64,
}

/// How long to wait for the writer where it holds the file alone: while it opens it.
const BUSY: Duration = Duration::from_secs(2);

/// KiB of cache, negative as `PRAGMA cache_size` wants it: the daemon reads, too, and each page is read about once.
const CACHE: i32 = -512;

impl HistoryReader {
    /// Opens the store at `path`.
    ///
    /// # Errors
    /// When it is missing, may not be read, or is no history that this version knows.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        match fs::File::open(path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ReadError::Missing {
                    path: path.to_owned(),
                });
            }
            Err(error) => {
                return Err(ReadError::Unreadable {
                    path: path.to_owned(),
                    error,
                });
            }
        }
        let unusable = |why: StoreError| ReadError::Unusable {
            path: path.to_owned(),
            why,
        };
        let connection = connect(path).map_err(|error| unusable(error.into()))?;
        let known = schema::version();
        let found = schema::identify_up_to(known, &connection).map_err(unusable)?;
        if found < schema::READABLE {
            return Err(unusable(StoreError::Older { found, known }));
        }
        Ok(Self {
            connection,
            path: path.to_owned(),
            version: found,
        })
    }

    /// The names of all projects in it.
    pub fn projects(&self) -> Result<Vec<String>, ReadError> {
        self.query("SELECT name FROM project ORDER BY name", [], |row| row.get(0))
    }

    /// The first and the last moment that anything is known of; `None` of an empty store.
    pub fn span(&self) -> Result<Option<(SystemTime, SystemTime)>, ReadError> {
        let both =
            |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?));
        let found = self.query("SELECT min(at_ms), max(at_ms) FROM checks", [], both)?;
        Ok(found
            .into_iter()
            .find_map(|(first, last)| Some((from_millis(first?), from_millis(last?)))))
    }

    /// Every check of `project` from `since` on and before `until`, in order: the decisions and their figures.
    pub fn checks(
        &self,
        project: &str,
        since: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<PastCheck>, ReadError> {
        let Some(id) = self.project_id(project)? else {
            return Ok(Vec::new());
        };
        let (requests, join) = requests::query(self.version);
        let sql = format!(
            "SELECT {}, {requests} FROM checks
             JOIN figures ON figures.check_id = checks.id AND figures.project_id = ?1
             LEFT JOIN reason ON reason.id = figures.reason_id
             {join}
             WHERE checks.at_ms >= ?2 AND checks.at_ms < ?3
             ORDER BY checks.at_ms, checks.id",
            row::COLUMNS
        );
        self.query(&sql, params![id, to_millis(since), to_millis(until)], row::read)
    }

    /// What happened to `project` between its checks, from `since` on and before `until`, in order.
    pub fn events(
        &self,
        project: &str,
        since: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<PastEvent>, ReadError> {
        let Some(id) = self.project_id(project)? else {
            return Ok(Vec::new());
        };
        self.query(
            "SELECT at_ms, kind, text FROM event
             WHERE project_id = ?1 AND at_ms >= ?2 AND at_ms < ?3 ORDER BY at_ms, id",
            params![id, to_millis(since), to_millis(until)],
            |row| {
                let code: String = row.get(1)?;
                Ok(PastEvent {
                    at: from_millis(row.get(0)?),
                    kind: EventKind::of_code(&code),
                    code,
                    text: Bilingual::of_kept(&row.get::<_, String>(2)?),
                })
            },
        )
    }

    /// Requests of `project` and how many of them were late by a promise of this `wait`, from `since` on and before `until`:
    /// those of a quarter of an hour together, at its first check.
    pub fn lateness(
        &self,
        project: &str,
        wait: Duration,
        since: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<(SystemTime, Lateness)>, ReadError> {
        let Some(id) = self.project_id(project)? else {
            return Ok(Vec::new());
        };
        if self.version < schema::WITH_PROMISES {
            return Ok(Vec::new());
        }
        let whole = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let params = params![
            id,
            to_millis(since),
            to_millis(until),
            whole(wait),
            whole(QUARTER) / 1000
        ];
        let read = |row: &rusqlite::Row<'_>| Ok((row.get("at_ms")?, requests::late(row)?));
        let quarters = self.query(requests::LATENESS, params, read)?;
        let known = quarters
            .into_iter()
            .filter_map(|(at, late)| Some((from_millis(at), late?)));
        Ok(known.collect())
    }

    /// How `promise` was kept by `project`, seen from `now`.
    pub fn kept(&self, project: &str, promise: Promise, now: SystemTime) -> Result<Kept, ReadError> {
        let since = now.checked_sub(WEEK).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut ledger = Ledger::new(promise);
        for (at, requests) in self.lateness(project, promise.wait, since, now)? {
            ledger.note(at, Duration::ZERO, requests);
        }
        Ok(ledger.kept(now))
    }

    /// The promise of `project` that was last in force in the seven days before `now`.
    pub fn promise(&self, project: &str, now: SystemTime) -> Result<Option<Promise>, ReadError> {
        let since = now.checked_sub(WEEK).unwrap_or(SystemTime::UNIX_EPOCH);
        match self.project_id(project)? {
            Some(id) if self.version >= schema::WITH_PROMISES => {
                let params = params![id, to_millis(since)];
                let found = self.query(requests::LAST_PROMISE, params, requests::promise)?;
                Ok(found.into_iter().flatten().next())
            }
            _ => Ok(None),
        }
    }

    /// The CPU that `project` used from `since` on and before `until`, in order. Checks without figures are
    /// left out: the gap shows in the times.
    pub fn demand(
        &self,
        project: &str,
        since: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<Demand>, ReadError> {
        let checks = self.checks(project, since, until)?;
        Ok(checks.iter().filter_map(Demand::of).collect())
    }

    /// The workers of `project` that were busy with requests, in the same way.
    pub fn busy(
        &self,
        project: &str,
        since: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<Demand>, ReadError> {
        let checks = self.checks(project, since, until)?;
        Ok(checks.iter().filter_map(Demand::of_requests).collect())
    }

    fn project_id(&self, name: &str) -> Result<Option<i64>, ReadError> {
        self.connection
            .query_row("SELECT id FROM project WHERE name = ?1", [name], |row| row.get(0))
            .optional()
            .map_err(|error| self.unusable(error))
    }

    fn query<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, ReadError> {
        let rows = move || -> rusqlite::Result<Vec<T>> {
            let mut statement = self.connection.prepare(sql)?;
            statement.query_map(params, read)?.collect()
        };
        rows().map_err(|error| self.unusable(error))
    }

    fn unusable(&self, error: rusqlite::Error) -> ReadError {
        ReadError::Unusable {
            path: self.path.clone(),
            why: error.into(),
        }
    }
}

/// From this share of its capacity on, a project may have wanted more CPU than it got.
const SATURATED: f64 = 0.95;

impl Demand {
    /// Whether its workers were so busy that more load could not have shown.
    #[must_use]
    pub fn is_capped(&self) -> bool {
        self.capacity > 0.0 && self.cpus >= SATURATED * self.capacity
    }

    fn of_requests(check: &PastCheck) -> Option<Self> {
        let (requests, cpu) = (check.figures.requests?, check.cpu.as_ref()?);
        Some(Self {
            until: check.at,
            covered: cpu.covered,
            cpus: requests.busy,
            capacity: f64::from(requests.slots.unwrap_or(0)),
        })
    }

    fn of(check: &PastCheck) -> Option<Self> {
        let cpu = check.cpu.as_ref()?;
        let covered = cpu.covered.as_secs_f64();
        (covered > 0.0).then(|| Self {
            until: check.at,
            covered: cpu.covered,
            cpus: cpu.on_cpu.as_secs_f64() / covered,
            capacity: f64::from(check.figures.workers.unwrap_or(0)).min(cpu.allowed_cpus),
        })
    }
}

/// A WAL store needs its shared memory beside it. Who may not make that (the daemon has ended, and the reader is
/// not root) reads the file as it lies: nobody writes it then.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "cache_size", CACHE)?;
    let usable = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
        row.get::<_, i64>(0)
    });
    match usable {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen) => {
            let uri = format!("file:{}?immutable=1", escaped(path));
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
        }
        _ => Ok(connection),
    }
}

/// A path within a URI (sqlite.org/uri.html).
fn escaped(path: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;

    let mut out = String::new();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "%{byte:02x}");
        }
    }
    out
}
