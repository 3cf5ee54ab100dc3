//! What is kept: nothing older than a number of days, and no more than a number of bytes.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, params};

use super::to_millis;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Age of the oldest entry.
    pub keep: Duration,
    /// Size of the file, bytes, beside its journal of about 1 MiB.
    pub max_bytes: u64,
}

/// Checks that one transaction takes away: few enough that it holds the lock for milliseconds.
const STEP: i64 = 500;

/// Takes away what is too old, then the oldest until the rest is small enough. Whether anything went.
pub(super) fn sweep(
    connection: &mut Connection,
    retention: Retention,
    now: SystemTime,
) -> rusqlite::Result<bool> {
    let oldest = to_millis(now.checked_sub(retention.keep).unwrap_or(SystemTime::UNIX_EPOCH));
    let mut swept = false;
    while remove_older(connection, oldest)? {
        swept = true;
    }
    while used_bytes(connection)? > retention.max_bytes && remove_oldest(connection)? {
        swept = true;
    }
    if swept {
        tidy(connection)?;
    }
    Ok(swept)
}

fn remove_older(connection: &mut Connection, at_ms: i64) -> rusqlite::Result<bool> {
    remove(
        connection,
        "SELECT id FROM checks WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2",
        at_ms,
    )
}

fn remove_oldest(connection: &mut Connection) -> rusqlite::Result<bool> {
    remove(
        connection,
        "SELECT id FROM checks WHERE at_ms <= ?1 ORDER BY at_ms LIMIT ?2",
        i64::MAX,
    )
}

/// Removes up to [`STEP`] checks that `which` selects, and the events of their time. Whether there was anything.
fn remove(connection: &mut Connection, which: &str, at_ms: i64) -> rusqlite::Result<bool> {
    let transaction = connection.transaction()?;
    let last: Option<i64> = transaction.query_row(
        &format!("SELECT max(at_ms) FROM checks WHERE id IN ({which})"),
        params![at_ms, STEP],
        |row| row.get(0),
    )?;
    transaction.execute(
        &format!("DELETE FROM figures WHERE check_id IN ({which})"),
        params![at_ms, STEP],
    )?;
    transaction.execute(
        &format!("DELETE FROM requests WHERE check_id IN ({which})"),
        params![at_ms, STEP],
    )?;
    let checks = transaction.execute(
        &format!("DELETE FROM checks WHERE id IN ({which})"),
        params![at_ms, STEP],
    )?;
    // Without checks left to go by, events go by their own age.
    let until = last.unwrap_or(if at_ms == i64::MAX { i64::MIN } else { at_ms - 1 });
    let events = transaction.execute("DELETE FROM event WHERE at_ms <= ?1", [until])?;
    transaction.commit()?;
    Ok(checks > 0 || events > 0)
}

/// Drops names and reasons that nothing refers to, and gives the free pages back to the file system.
fn tidy(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(
        "DELETE FROM reason WHERE id NOT IN (SELECT reason_id FROM figures WHERE reason_id IS NOT NULL);
         DELETE FROM project WHERE id NOT IN (SELECT project_id FROM figures)
                               AND id NOT IN (SELECT project_id FROM event);",
    )?;
    transaction.commit()?;
    let mut vacuum = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut pages = vacuum.query([])?;
    while pages.next()?.is_some() {}
    Ok(())
}

/// Bytes of the pages in use.
fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok(u64::try_from(pages * number("page_size")?).unwrap_or(0))
}
