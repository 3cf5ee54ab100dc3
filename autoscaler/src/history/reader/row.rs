//! One row of the store as figures.

use crate::model::{CgroupMemory, CpuSample, Figures, Host, Measure, Thresholds, Throttle};
use std::time::Duration;

use rusqlite::types::FromSql;
use rusqlite::{Result, Row};

use crate::decide::wait_percent;
use crate::history::reader::PastCheck;
use crate::history::store::action_of;
use crate::history::{from_millis, reason, requests};

/// What [`read`] reads, by name.
pub(super) const COLUMNS: &str = "checks.*, figures.*, reason.code, reason.json";

pub(super) fn read(row: &Row<'_>) -> Result<PastCheck> {
    let host = Host {
        cpus: row.get("cpus")?,
        memory_total_mib: natural(row, "memory_total_mib")?.unwrap_or(0),
        memory_available_mib: natural(row, "memory_available_mib")?.unwrap_or(0),
        busy_percent: centi(row, "busy_centi")?,
    };
    let cpu = cpu(row)?;
    let workers = row.get("workers")?;
    let action = optional::<i64>(row, "action")?;
    let json: Option<String> = row.get("json")?;
    let held_ms = row.get("held_ms")?;
    Ok(PastCheck {
        at: from_millis(row.get("at_ms")?),
        figures: Figures {
            workers,
            cpu_percent: centi(row, "cpu_centi")?,
            wait_percent: cpu.as_ref().and_then(wait_percent),
            memory_available_mib: host.memory_available_mib,
            queue: natural(row, "queue_waiting")?,
            reserved: natural(row, "queue_reserved")?,
            oldest_waiting: natural(row, "queue_oldest_ms")?.map(Duration::from_millis),
            requests: requests::read(row)?,
        },
        host,
        cpu,
        memory: CgroupMemory {
            current: natural(row, "memory_kib")?.map(|kib| kib << 10),
            max: natural(row, "limit_kib")?.map(|kib| kib << 10),
        },
        active: row.get("queue_active")?,
        thresholds: thresholds(row)?,
        promise: requests::promise(row)?,
        late: requests::late(row)?,
        action: match action {
            Some(code) => action_of(code, workers, row.get("target")?),
            None => None,
        },
        reason_code: row.get("code")?,
        reason: json.and_then(|json| reason::join(&json, held_ms)),
    })
}

fn thresholds(row: &Row<'_>) -> Result<Thresholds> {
    let own = [
        (
            Measure::Cpu,
            centi(row, "cpu_up_centi")?,
            centi(row, "cpu_down_centi")?,
        ),
        (
            Measure::Queue,
            centi(row, "queue_up_centi")?,
            centi(row, "queue_down_centi")?,
        ),
    ];
    Ok(own.into_iter().chain(requests::thresholds(row)?).collect())
}

fn cpu(row: &Row<'_>) -> Result<Option<CpuSample>> {
    let (Some(covered), Some(on_cpu), Some(allowed_cpus)) = (
        micros(row, "covered_us")?,
        micros(row, "on_cpu_us")?,
        centi(row, "allowed_centi")?,
    ) else {
        return Ok(None);
    };
    let periods = natural(row, "throttled_periods")?;
    let throttle = periods.zip(micros(row, "throttled_us")?);
    Ok(Some(CpuSample {
        covered,
        on_cpu,
        wait: micros(row, "wait_us")?,
        allowed_cpus,
        throttle: throttle.map(|(periods, time)| Throttle { periods, time }),
    }))
}

fn optional<T: FromSql>(row: &Row<'_>, column: &str) -> Result<Option<T>> {
    row.get(column)
}

fn natural(row: &Row<'_>, column: &str) -> Result<Option<u64>> {
    Ok(optional::<i64>(row, column)?.map(|value| u64::try_from(value).unwrap_or(0)))
}

fn micros(row: &Row<'_>, column: &str) -> Result<Option<Duration>> {
    Ok(natural(row, column)?.map(Duration::from_micros))
}

fn centi(row: &Row<'_>, column: &str) -> Result<Option<f64>> {
    Ok(optional::<i64>(row, column)?.map(|value| value as f64 / 100.0))
}
