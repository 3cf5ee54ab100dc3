//! What the requests of web services show within a few seconds: whether their workers wait more than they compute.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::host::process::Procfs;
use crate::host::requests::RequestWatch;
use crate::host::usage::UsageSource;
use crate::init::{Found, Kind, Service};
use crate::model::{Concurrency, RequestFigures};
use crate::observe::concurrency_told;

/// What was seen of one service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Watched {
    /// For how long.
    pub covered: Duration,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests served at a time, in the mean.
    pub busy: f64,
    /// CPUs in use, in the mean.
    pub cpus: f64,
    /// Whether each worker serves a known number at a time.
    pub has_slots: bool,
}

/// Below this mean nothing can be said of what a request does, workers.
const QUIET: f64 = 0.05;

impl Watched {
    /// Whether its workers wait more than they compute.
    #[must_use]
    pub fn waits_most(&self) -> bool {
        self.busy >= QUIET && self.cpus < self.busy / 2.0
    }
}

/// Watches the web services of `found` for `window`. Who is gone by then has not been seen.
///
/// # Errors
/// When the kernel does not tell.
pub fn watch(
    found: &mut Found,
    procfs: &Procfs,
    (requests, usage): (&mut dyn RequestWatch, &mut dyn UsageSource),
    window: Duration,
) -> Result<()> {
    let mut web: Vec<&mut Service> = found
        .services
        .iter_mut()
        .filter(|service| matches!(service.kind, Kind::Web(_)))
        .collect();
    let directories: Vec<PathBuf> = web.iter().map(|service| service.directory.clone()).collect();
    let mut indexes = Vec::new();
    for (index, directory) in (0..).zip(&directories) {
        requests.want(index, directory)?;
        indexes.push(index);
    }
    let before = (requests.look(&indexes)?, usage.read(&directories)?.usage);
    thread::sleep(window);
    let now = (requests.look(&indexes)?, usage.read(&directories)?.usage);
    for (index, service) in web.iter_mut().enumerate() {
        let figures = RequestFigures::between(&before.0[index], &now.0[index]);
        let (Some(first), Some(last)) = (before.1[index], now.1[index]) else {
            continue;
        };
        let ns = last.cpu_ns.saturating_sub(first.cpu_ns);
        let told = concurrency_told(procfs, service.master);
        service.watched = Some(Watched {
            covered: figures.covered,
            answered: figures.answered,
            busy: figures.busy,
            cpus: Duration::from_nanos(ns).as_secs_f64() / window.as_secs_f64(),
            has_slots: matches!(told, Some(Concurrency::Threads(_))),
        });
    }
    Ok(())
}
