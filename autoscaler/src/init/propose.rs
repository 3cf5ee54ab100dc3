//! Bounds, rungs and memory for one service, from what it runs with now and what the host has.

use super::{Kind, Service, Watched};
use crate::model::Host;

/// What is proposed for one service, each figure with the reason for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Fewest workers, and why.
    pub min: (u32, String),
    /// Most workers, and why.
    pub max: (u32, String),
    /// When to step.
    pub rungs: Rungs,
    /// When to step by requests; `None` where none could be seen.
    pub requests: Option<ByRequests>,
    /// Memory that each worker may take, MiB, and why.
    pub per_worker_mib: (u64, String),
    /// Memory that the master may take, MiB, and why.
    pub base_mib: (u64, String),
}

/// What is proposed of a service's requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByRequests {
    /// To watch them alone, and why.
    Watch(String),
    /// To follow the busy slots, and why.
    Busy(Rungs, String),
    /// To follow their wait, and why.
    Wait(Rungs, String),
}

/// Thresholds by worker count, lowest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rungs {
    /// Above it, go to so many workers.
    pub up: Vec<(u32, u32)>,
    /// Below it, go down towards so many.
    pub down: Vec<(u32, u32)>,
}

/// The ladder of the documentation, percent: five rungs up, and two down.
const CPU_UP: [u32; 5] = [65, 75, 80, 85, 90];
const CPU_DOWN: [u32; 2] = [35, 45];

/// The same in waiting tasks.
const QUEUE_UP: [u32; 5] = [10, 20, 30, 40, 50];
const QUEUE_DOWN: [u32; 2] = [2, 5];

/// Busy slots, percent: from three of four on, requests that come at random begin to wait for each other.
const BUSY_UP: [u32; 5] = [75; 5];
const BUSY_DOWN: [u32; 2] = [30, 45];

/// The wait of 95 of 100 requests, ms: from a tenth of a second on people notice.
const WAIT_UP: [u32; 5] = [100, 150, 200, 250, 300];
const WAIT_DOWN: [u32; 2] = [10, 20];

/// Workers that are kept however quiet it is, where there are so many now.
const KEPT: u32 = 2;

/// Workers for each CPU where they wait more than they compute, as pool processes do.
const WAITING_PER_CPU: u32 = 2;

/// Least memory that a worker is given, MiB, as without a configuration: what is measured now, perhaps at rest, becomes
/// the limit of the service.
const LEAST_MIB: u64 = 500;
/// Memory is given in such steps, MiB.
const STEP_MIB: u64 = 50;

/// Most workers that a configuration may name.
const MOST: u32 = 1000;

/// A proposal for `service`, one of `services` on this host.
#[must_use]
pub fn propose(service: &Service, host: &Host, services: usize) -> Proposal {
    let per_worker = twice(service.worker_mib).max(LEAST_MIB);
    let (min, max) = bounds(service, host, services, per_worker);
    let (up, down) = match service.kind {
        Kind::Web(_) | Kind::Fixed(_) => (CPU_UP, CPU_DOWN),
        Kind::Celery => (QUEUE_UP, QUEUE_DOWN),
    };
    Proposal {
        rungs: rungs(min.0, max.0, up, down),
        requests: service.watched.map(|watched| by_requests(watched, min.0, max.0)),
        min,
        max,
        per_worker_mib: (
            per_worker,
            format!(
                "the largest holds {} MB now: twice that, {LEAST_MIB} at least; more under load? raise it",
                service.worker_mib
            ),
        ),
        base_mib: (
            twice(service.master_mib),
            format!("the master holds {} MB now: twice that", service.master_mib),
        ),
    }
}

fn by_requests(watched: Watched, min: u32, max: u32) -> ByRequests {
    let Watched { busy, cpus, .. } = watched;
    let seconds = watched.covered.as_secs();
    if !watched.waits_most() {
        return ByRequests::Watch(format!(
            "low CPU takes no worker away that requests keep busy ({busy:.1} busy, {cpus:.1} CPUs in {seconds} s)"
        ));
    }
    let why = format!(
        "they wait more than they compute: {busy:.1} busy with requests, {cpus:.1} CPUs in {seconds} s"
    );
    if watched.has_slots {
        ByRequests::Busy(rungs(min, max, BUSY_UP, BUSY_DOWN), why)
    } else {
        ByRequests::Wait(rungs(min, max, WAIT_UP, WAIT_DOWN), why)
    }
}

fn twice(mib: u64) -> u64 {
    (mib * 2).next_multiple_of(STEP_MIB)
}

fn bounds(
    service: &Service,
    host: &Host,
    services: usize,
    per_worker: u64,
) -> ((u32, String), (u32, String)) {
    let now = service.workers.clamp(1, MOST - 1);
    let min = match (now, service.kind) {
        (1, _) => (1, "as now".to_owned()),
        (_, Kind::Web(_) | Kind::Fixed(_)) => (
            KEPT,
            format!("{now} now; with {KEPT}, one slow request holds nobody up"),
        ),
        (_, Kind::Celery) => (
            KEPT,
            format!("{now} now; with {KEPT}, one long task holds nothing up"),
        ),
    };
    let cpus = whole(service.allowed_cpus);
    let waits_most = service.watched.is_some_and(|watched| watched.waits_most());
    let (wanted, why) = match service.kind {
        Kind::Web(_) | Kind::Fixed(_) if !waits_most => {
            (cpus, format!("one for each of the {cpus} CPUs that it may use"))
        }
        _ => (
            cpus.saturating_mul(WAITING_PER_CPU),
            format!("{WAITING_PER_CPU} for each of the {cpus} CPUs that it may use"),
        ),
    };
    // Each service its share of what is available, beside what its workers hold.
    let share = host.memory_available_mib / services.max(1) as u64 + service.workers_mib;
    let fit = u32::try_from(share / per_worker).unwrap_or(MOST);
    let (max, why) = if fit < wanted {
        (
            fit,
            format!("its share of the available memory is for {fit} of {per_worker} MB"),
        )
    } else {
        (wanted, why)
    };
    let lowest = now.max(min.0 + 1);
    let max = if max > lowest {
        (max.min(MOST), why)
    } else if lowest > now {
        (lowest, format!("one more than the minimum; {why}"))
    } else {
        (lowest, format!("as now; {why}"))
    };
    (min, max)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of CPUs: at least a part of one, and no more than the kernel knows"
)]
fn whole(cpus: f64) -> u32 {
    (cpus.floor() as u32).max(1)
}

/// The documented thresholds over the counts from `min` to `max`: one rung a count where there are few, and else
/// evenly spread ones, each over several counts.
fn rungs(min: u32, max: u32, up: [u32; 5], down: [u32; 2]) -> Rungs {
    let steps = max.saturating_sub(min);
    let count = steps.min(5);
    let up: Vec<(u32, u32)> = (1..=count)
        .zip(up)
        .map(|(rung, threshold)| (min + (steps * rung).div_ceil(count), threshold))
        .collect();
    let second = up
        .first()
        .map(|(workers, _)| *workers)
        .filter(|workers| *workers < max);
    let down = std::iter::once(min).chain(second).zip(down).collect();
    Rungs { up, down }
}
