//! What one scrape says, as plain data.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::host::usage::Health;
use crate::metrics::Process;
use crate::model::{
    Bounds, Decided, Host, Lateness, ListenQueue, Look, Promise, RequestLook, RequestsWay, SourceKind,
};
use crate::observe::Totals;

/// What one scrape says.
#[derive(Debug, Clone, PartialEq)]
pub struct Scrape {
    /// Where CPU figures come from.
    pub source: SourceKind,
    /// What that source lost.
    pub health: Health,
    /// By what requests are seen; `None` where no project wants it.
    pub requests_way: Option<RequestsWay>,
    /// The host at the last check.
    pub host: Option<Host>,
    /// When that was.
    pub checked_at: Option<SystemTime>,
    /// Time from one check to the next.
    pub check_interval: Duration,
    /// Checks that saw the host.
    pub checks: u64,
    /// Checks that could not.
    pub failed_checks: u64,
    /// Time that all checks took together.
    pub check_time: Duration,
    /// Entries that the history lost; `None` where none is kept.
    pub history_lost: Option<u64>,
    /// Whether the configuration on disk is the one in force.
    pub config_in_force: bool,
    /// What the daemon itself uses.
    pub process: Process,
    /// Each project of the configuration, by name.
    pub projects: BTreeMap<String, ProjectScrape>,
}

/// What one scrape says of a project.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectScrape {
    /// Whether the daemon may act on it.
    pub enabled: bool,
    /// Fewest and most workers.
    pub bounds: Bounds,
    /// Workers that its load asks for, whatever the most there may be.
    pub wanted: Option<u32>,
    /// What is promised about its requests.
    pub promise: Option<Promise>,
    /// The last check.
    pub look: Option<Arc<Look>>,
    /// Its counters at this moment.
    pub totals: Option<Totals>,
    /// Its requests at this moment, where they are seen.
    pub requests: Option<RequestLook>,
    /// Its listening sockets at the last check.
    pub listening: Vec<ListenQueue>,
    /// What has been counted since the start.
    pub counts: Counts,
}

/// What is counted of a project.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// Decisions of checks, by action and reason.
    pub decisions: BTreeMap<(&'static str, &'static str), u64>,
    /// Steps that were taken and seen.
    pub steps_done: u64,
    /// Steps that failed.
    pub steps_failed: u64,
    /// Requests of the time in which there was a promise.
    pub promised: Lateness,
}

impl Counts {
    /// Counts one decision.
    pub fn decided(&mut self, decided: &Decided) {
        let key = (decided.action.code(), decided.reason.code());
        *self.decisions.entry(key).or_default() += 1;
    }
}
