//! The tables, and how a store of an earlier version becomes one of this version.

use rusqlite::Connection;

use crate::model::StoreError;

/// `PRAGMA application_id`: tells our files from another program's ("ascl").
const APPLICATION_ID: i32 = 0x6173_636c;

/// Each entry makes of version N a version N + 1; `PRAGMA user_version` says how many have been applied.
const MIGRATIONS: &[&str] = &[V1, V2, V3];

/// Numbers are integers of a small unit (ms, µs, KiB, hundredths): SQLite gives each as many bytes as it needs.
const V1: &str = "
CREATE TABLE project (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- Each distinct reason once. `json` is without the time held.
CREATE TABLE reason (id INTEGER PRIMARY KEY, code TEXT NOT NULL, json TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE checks (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    cpus INTEGER NOT NULL,
    memory_total_mib INTEGER NOT NULL,
    memory_available_mib INTEGER NOT NULL,
    busy_centi INTEGER
) STRICT;
CREATE INDEX checks_at ON checks (at_ms);

-- In the order of time, so that a check is written into one page and retention takes whole pages away.
CREATE TABLE figures (
    check_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    workers INTEGER,
    covered_us INTEGER,
    on_cpu_us INTEGER,
    wait_us INTEGER,
    allowed_centi INTEGER,
    throttled_periods INTEGER,
    throttled_us INTEGER,
    cpu_centi INTEGER,
    memory_kib INTEGER,
    limit_kib INTEGER,
    queue_waiting INTEGER,
    queue_reserved INTEGER,
    queue_oldest_ms INTEGER,
    queue_active INTEGER,
    cpu_up_centi INTEGER,
    cpu_down_centi INTEGER,
    queue_up_centi INTEGER,
    queue_down_centi INTEGER,
    action INTEGER,
    target INTEGER,
    reason_id INTEGER,
    held_ms INTEGER,
    PRIMARY KEY (check_id, project_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX event_at ON event (at_ms);
";

/// The first version that has the table of requests.
pub(super) const WITH_REQUESTS: i64 = 2;

/// The first version whose stores can be read as they are.
pub(super) const READABLE: i64 = 1;

/// Requests seen in the kernel.
const V2: &str = "
CREATE TABLE requests (
    check_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    request_rate_centi INTEGER,
    busy_slots_centi INTEGER,
    slots INTEGER,
    long_requests INTEGER,
    requests_waiting INTEGER,
    oldest_waiting_us INTEGER,
    wait_mean_us INTEGER,
    wait_p50_us INTEGER,
    wait_p95_us INTEGER,
    wait_p99_us INTEGER,
    service_mean_us INTEGER,
    service_p95_us INTEGER,
    requests_abandoned INTEGER,
    busy_up_centi INTEGER,
    busy_down_centi INTEGER,
    wait_up_centi INTEGER,
    wait_down_centi INTEGER,
    PRIMARY KEY (check_id, project_id)
) STRICT, WITHOUT ROWID;
";

/// The first version that has what was promised about requests.
pub(super) const WITH_PROMISES: i64 = 3;

/// Requests that were read while there was a promise about them, those of them that were late, and the promise.
const V3: &str = "
ALTER TABLE requests ADD COLUMN promised_requests INTEGER;
ALTER TABLE requests ADD COLUMN late_requests_centi INTEGER;
ALTER TABLE requests ADD COLUMN promised_wait_us INTEGER;
ALTER TABLE requests ADD COLUMN promised_milli INTEGER;
";

/// The version of a store that this program writes and reads.
pub(super) fn version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Makes the store one of this version.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    apply(connection, MIGRATIONS)
}

fn apply(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let transaction = connection.transaction()?;
    let newest = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    let found = identify_up_to(newest, &transaction)?;
    for migration in migrations.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", newest)?;
    transaction.commit()?;
    Ok(())
}

/// The version of the store; 0 for an empty file.
///
/// # Errors
/// [`StoreError::Foreign`] for a database that is not ours.
pub(super) fn identify(connection: &Connection) -> Result<i64, StoreError> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let id = number("application_id")?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if id != i64::from(APPLICATION_ID) && (id != 0 || tables != 0) {
        return Err(StoreError::Foreign);
    }
    Ok(number("user_version")?)
}

/// The version of a store that is of `known` or an earlier one.
///
/// # Errors
/// As [`identify`], and [`StoreError::Newer`].
pub(super) fn identify_up_to(known: i64, connection: &Connection) -> Result<i64, StoreError> {
    let found = identify(connection)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    Ok(found)
}

/// Whether the file's pages hold together.
///
/// # Errors
/// [`StoreError::Damaged`] with SQLite's first complaint.
pub(super) fn quick_check(connection: &Connection) -> Result<(), StoreError> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(StoreError::Damaged(verdict))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(connection: &Connection) -> i64 {
        connection
            .query_row("SELECT count(*) FROM pragma_table_info('a')", [], |row| {
                row.get(0)
            })
            .unwrap()
    }

    #[test]
    fn an_earlier_version_is_brought_forward_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        let first = "CREATE TABLE a (x)";
        let both = [first, "ALTER TABLE a ADD COLUMN y"];
        apply(&mut connection, &[first]).unwrap();
        assert_eq!(columns(&connection), 1);
        apply(&mut connection, &both).unwrap();
        apply(&mut connection, &both).unwrap();
        assert_eq!(columns(&connection), 2);
    }

    #[test]
    fn a_migration_that_fails_leaves_the_store_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &["CREATE TABLE a (x)"]).unwrap();
        let broken = ["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y; nonsense"];
        apply(&mut connection, &broken).unwrap_err();
        assert_eq!(columns(&connection), 1);
        assert_eq!(identify(&connection).unwrap(), 1);
    }

    #[test]
    fn a_store_of_a_later_version_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).unwrap();
        let refused = apply(&mut connection, &["CREATE TABLE a (x)"]).unwrap_err();
        assert!(matches!(refused, StoreError::Newer { found: 2, known: 1 }));
    }

    #[test]
    fn another_programs_database_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(matches!(migrate(&mut connection), Err(StoreError::Foreign)));
    }
}
