//! Could more workers get more CPU? Not on a host that has none left, and not under the project's own quota.

use serde::{Deserialize, Serialize};

use crate::decide::wait_percent;
use crate::model::{CpuSample, Host};

/// What kept a project's tasks from the CPU they wanted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Constraint {
    /// Every CPU of the host is busy, and the project's tasks wait for one.
    #[serde(alias = "HostSaturated")]
    HostSaturated { wait_percent: f64, busy_percent: f64 },
    /// The project's own `cpu.max` holds it back.
    #[serde(alias = "Quota")]
    Quota { throttled_percent: f64 },
}

/// The host counts as full from here on: the rest is the idle time between two tasks.
pub(super) const BUSY_PERCENT: f64 = 95.0;

/// Of the time the tasks wanted a CPU they had none for a quarter: three tasks share what four want.
pub(super) const WAIT_PERCENT: f64 = 25.0;

/// Held back for a twentieth of the interval: more than a burst at the end of a period.
const THROTTLED_PERCENT: f64 = 5.0;

/// What held the project back in one interval.
pub(super) fn of(host: &Host, cpu: &CpuSample) -> Option<Constraint> {
    // The quota first: waiting for the next period looks like waiting for a CPU.
    let throttled_percent = throttled_percent(cpu);
    if throttled_percent >= THROTTLED_PERCENT {
        return Some(Constraint::Quota { throttled_percent });
    }
    let (busy_percent, wait_percent) = (host.busy_percent?, wait_percent(cpu)?);
    (busy_percent >= BUSY_PERCENT && wait_percent >= WAIT_PERCENT).then_some(Constraint::HostSaturated {
        wait_percent,
        busy_percent,
    })
}

fn throttled_percent(cpu: &CpuSample) -> f64 {
    let covered = cpu.covered.as_secs_f64();
    match cpu.throttle {
        Some(throttle) if covered > 0.0 => 100.0 * throttle.time.as_secs_f64() / covered,
        _ => 0.0,
    }
}

impl Constraint {
    /// The constraint that held in both of two neighbouring intervals; the later one's figures.
    pub(super) fn and(self, later: Option<Self>) -> Option<Self> {
        let later = later?;
        (std::mem::discriminant(&self) == std::mem::discriminant(&later)).then_some(later)
    }
}
