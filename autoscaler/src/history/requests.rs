//! The requests of a check, in a table of their own: projects whose requests nobody sees have no row in it.

use std::time::Duration;

use rusqlite::types::FromSql;
use rusqlite::{Result, Row, Transaction, params};

use crate::history::schema;
use crate::model::{Lateness, Look, Measure, Promise, RequestSummary, StoreError};

/// The figures, in the order of the columns after `check_id` and `project_id`.
pub(super) fn write(
    transaction: &Transaction<'_>,
    check: i64,
    project: i64,
    look: &Look,
) -> Result<(), StoreError> {
    let thresholds = &look.thresholds;
    let limits =
        [Measure::Busy, Measure::Wait].map(|measure| [thresholds.up(measure), thresholds.down(measure)]);
    let [[busy_up, busy_down], [wait_up, wait_down]] = limits.map(|both| both.map(|limit| limit.map(centi)));
    let seen = look.figures.requests;
    if seen.is_none() && look.late.is_none() && busy_up.or(busy_down).or(wait_up).or(wait_down).is_none() {
        return Ok(());
    }
    let of = |figure: fn(&RequestSummary) -> f64| seen.as_ref().map(|seen| centi(figure(seen)));
    let count = |figure: fn(&RequestSummary) -> u64| {
        let figure = seen.as_ref().map(figure);
        figure.map(|figure| i64::try_from(figure).unwrap_or(i64::MAX))
    };
    let time = |figure: fn(&RequestSummary) -> Option<Duration>| {
        let time = seen.as_ref().and_then(figure);
        time.map(micros)
    };
    let promise = look.promise;
    transaction.execute(
        "INSERT INTO requests VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
                                      ?20, ?21, ?22, ?23)",
        params![
            check,
            project,
            of(|seen| seen.per_second),
            of(|seen| seen.busy),
            seen.and_then(|seen| seen.slots),
            count(|seen| u64::from(seen.long)),
            count(|seen| seen.waiting),
            time(|seen| seen.oldest_waiting),
            time(|seen| seen.wait_mean),
            time(|seen| seen.wait_p50),
            time(|seen| seen.wait_p95),
            time(|seen| seen.wait_p99),
            time(|seen| seen.service_mean),
            time(|seen| seen.service_p95),
            count(|seen| seen.abandoned),
            busy_up,
            busy_down,
            wait_up,
            wait_down,
            look.late.map(|late| i64::try_from(late.begun).unwrap_or(i64::MAX)),
            look.late.map(|late| centi(late.late)),
            promise.map(|promise| micros(promise.wait)),
            promise.map(|promise| centi(promise.percent * 10.0)),
        ],
    )?;
    Ok(())
}

/// What [`read`] and [`thresholds`] read, by name; of the version that has the table.
const COLUMNS: [&str; 17] = [
    "request_rate_centi",
    "busy_slots_centi",
    "slots",
    "long_requests",
    "requests_waiting",
    "oldest_waiting_us",
    "wait_mean_us",
    "wait_p50_us",
    "wait_p95_us",
    "wait_p99_us",
    "service_mean_us",
    "service_p95_us",
    "requests_abandoned",
    "busy_up_centi",
    "busy_down_centi",
    "wait_up_centi",
    "wait_down_centi",
];

/// What [`late`] and [`promise`] read, by name.
const OF_PROMISE: [&str; 4] = [
    "promised_requests",
    "late_requests_centi",
    "promised_wait_us",
    "promised_milli",
];

/// The columns of a query, and what joins them to its rows. In stores of before the `version` that has them there is nothing.
pub(super) fn query(version: i64) -> (String, &'static str) {
    let of = |columns: &[&str], since| {
        let column = |column: &&str| {
            if version < since {
                format!("NULL AS {column}")
            } else {
                (*column).to_owned()
            }
        };
        columns.iter().map(column).collect::<Vec<_>>().join(", ")
    };
    let seen = of(&COLUMNS, schema::WITH_REQUESTS);
    let promised = of(&OF_PROMISE, schema::WITH_PROMISES);
    let join = if version < schema::WITH_REQUESTS {
        ""
    } else {
        "LEFT JOIN requests ON requests.check_id = checks.id AND requests.project_id = ?1"
    };
    (format!("{seen}, {promised}"), join)
}

/// The figures of a row; `None` where none were seen.
pub(super) fn read(row: &Row<'_>) -> Result<Option<RequestSummary>> {
    let (Some(per_second), Some(busy)) = (of(row, "request_rate_centi")?, of(row, "busy_slots_centi")?)
    else {
        return Ok(None);
    };
    Ok(Some(RequestSummary {
        per_second,
        busy,
        slots: row.get("slots")?,
        long: optional(row, "long_requests")?.unwrap_or(0),
        waiting: count(row, "requests_waiting")?,
        oldest_waiting: time(row, "oldest_waiting_us")?,
        wait_mean: time(row, "wait_mean_us")?,
        wait_p50: time(row, "wait_p50_us")?,
        wait_p95: time(row, "wait_p95_us")?,
        wait_p99: time(row, "wait_p99_us")?,
        service_mean: time(row, "service_mean_us")?,
        service_p95: time(row, "service_p95_us")?,
        abandoned: count(row, "requests_abandoned")?,
    }))
}

/// How many requests of a row were late; `None` where nothing was promised, or their wait was not seen.
pub(super) fn late(row: &Row<'_>) -> Result<Option<Lateness>> {
    let (begun, late) = (
        optional::<i64>(row, "promised_requests")?,
        of(row, "late_requests_centi")?,
    );
    Ok(begun.zip(late).map(|(begun, late)| Lateness {
        begun: u64::try_from(begun).unwrap_or(0),
        late,
    }))
}

/// What was promised at a row.
pub(super) fn promise(row: &Row<'_>) -> Result<Option<Promise>> {
    let (wait, tenths) = (time(row, "promised_wait_us")?, of(row, "promised_milli")?);
    Ok(wait.zip(tenths).map(|(wait, tenths)| Promise {
        wait,
        percent: tenths / 10.0,
    }))
}

/// A measure with its thresholds up and down.
type Limits = (Measure, Option<f64>, Option<f64>);

/// The thresholds of a row.
pub(super) fn thresholds(row: &Row<'_>) -> Result<[Limits; 2]> {
    Ok([
        (
            Measure::Busy,
            of(row, "busy_up_centi")?,
            of(row, "busy_down_centi")?,
        ),
        (
            Measure::Wait,
            of(row, "wait_up_centi")?,
            of(row, "wait_down_centi")?,
        ),
    ])
}

fn optional<T: FromSql>(row: &Row<'_>, column: &str) -> Result<Option<T>> {
    row.get(column)
}

fn of(row: &Row<'_>, column: &str) -> Result<Option<f64>> {
    Ok(optional::<i64>(row, column)?.map(|value| value as f64 / 100.0))
}

fn count(row: &Row<'_>, column: &str) -> Result<u64> {
    let count = optional::<i64>(row, column)?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

fn time(row: &Row<'_>, column: &str) -> Result<Option<Duration>> {
    let micros = optional::<i64>(row, column)?.and_then(|micros| u64::try_from(micros).ok());
    Ok(micros.map(Duration::from_micros))
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "saturates, at figures that no host has"
)]
fn centi(value: f64) -> i64 {
    (value * 100.0).round() as i64
}
