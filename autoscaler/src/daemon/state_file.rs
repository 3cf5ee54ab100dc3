//! Held times across a restart of the daemon: a small file in the runtime directory.
//!
//! Losing it costs patience, never a worker, so every fault of the file is told and otherwise ignored.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::daemon::orders::Orders;
use crate::decide::PolicyState;
use crate::host::usage::monotonic;
use crate::words::StateFault;

/// Raised whenever the meaning of the file changes.
const VERSION: u32 = 2;

/// A gap longer than this breaks what was held, unless checks are as rare: nobody watched meanwhile.
const LONGEST_GAP: Duration = Duration::from_mins(10);

/// Checks that may fall into a gap. The file is written at each check: with one interval between them, a daemon that
/// is restarted has left a gap of up to that interval already.
const LONGEST_GAP_CHECKS: u32 = 2;

/// What the checks so far have left behind, by project.
pub(super) type PolicyStates = BTreeMap<String, PolicyState>;

#[derive(Debug, Serialize, Deserialize)]
struct File {
    version: u32,
    /// `/proc/sys/kernel/random/boot_id`: pids and monotonic times mean nothing after another boot.
    boot_id: String,
    /// `CLOCK_MONOTONIC` when it was written.
    written_at: Duration,
    projects: PolicyStates,
    #[serde(default)]
    orders: Orders,
}

/// What an earlier daemon left.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct LeftBehind {
    pub(super) states: PolicyStates,
    /// Orders by hand: unlike held times they do not mind that nobody watched for a while.
    pub(super) orders: Orders,
}

/// The state file of one daemon.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    boot_id: String,
}

impl StateFile {
    /// The state file in `dir`.
    pub(super) fn new(dir: &Path) -> Self {
        let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self {
            path: dir.join("state.json"),
            boot_id: boot_id.trim().to_owned(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the last daemon held; empty if there was none or if it was in another boot, and without the held
    /// times if it was too long ago for one that checks every `interval`.
    pub(super) fn load(&self, interval: Duration) -> Result<LeftBehind, StateFault> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(LeftBehind::default()),
            Err(error) => return Err(StateFault::System(error.into())),
        };
        let version = serde_json::from_str::<serde_json::Value>(&text).map_err(format)?["version"].as_u64();
        if let Some(other) = version
            .and_then(|v| u32::try_from(v).ok())
            .filter(|v| *v != VERSION)
        {
            return Err(StateFault::Version {
                found: other,
                known: VERSION,
            });
        }
        let file: File = serde_json::from_str(&text).map_err(format)?;
        let now = monotonic();
        if file.boot_id != self.boot_id || file.written_at > now {
            return Ok(LeftBehind::default());
        }
        let recent = now.saturating_sub(file.written_at) <= longest_gap(interval);
        Ok(LeftBehind {
            states: if recent {
                file.projects
            } else {
                PolicyStates::new()
            },
            orders: file.orders,
        })
    }

    /// Writes what is held, whole or not at all.
    pub(super) fn save(&self, projects: &PolicyStates, orders: &Orders) -> Result<(), StateFault> {
        let file = File {
            version: VERSION,
            boot_id: self.boot_id.clone(),
            written_at: monotonic(),
            projects: projects.clone(),
            orders: orders.clone(),
        };
        let text = serde_json::to_vec(&file).map_err(format)?;
        let temporary = self.path.with_extension("json.new");
        fs::File::create(&temporary)
            .and_then(|mut out| out.write_all(&text))
            .and_then(|()| fs::rename(&temporary, &self.path))
            .map_err(|error| StateFault::System(error.into()))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn format(error: serde_json::Error) -> StateFault {
    StateFault::Format(error.to_string())
}

fn longest_gap(interval: Duration) -> Duration {
    interval.saturating_mul(LONGEST_GAP_CHECKS).max(LONGEST_GAP)
}

#[cfg(test)]
mod tests {
    use super::super::orders::{Given, Term};
    use super::*;
    use crate::model::Order;

    const INTERVAL: Duration = Duration::from_mins(2);

    fn scene() -> (tempfile::TempDir, StateFile) {
        let dir = tempfile::tempdir().unwrap();
        let state = StateFile::new(dir.path());
        (dir, state)
    }

    fn held() -> LeftBehind {
        let mut orders = Orders::default();
        let given = Given {
            order: Order::Pause,
            term: Term::Resumed,
            by: "root".into(),
        };
        orders.give("backdipro", given);
        LeftBehind {
            states: PolicyStates::from([("backdipro".to_owned(), PolicyState::default())]),
            orders,
        }
    }

    fn save(state: &StateFile) {
        let held = held();
        state.save(&held.states, &held.orders).unwrap();
    }

    fn written(state: &StateFile, at: Duration) {
        let mut file: File = serde_json::from_str(&fs::read_to_string(&state.path).unwrap()).unwrap();
        file.written_at = at;
        fs::write(&state.path, serde_json::to_string(&file).unwrap()).unwrap();
    }

    #[test]
    fn what_was_saved_is_loaded() {
        let (_dir, state) = scene();
        assert_eq!(state.load(INTERVAL).unwrap(), LeftBehind::default());
        save(&state);
        assert_eq!(state.load(INTERVAL).unwrap(), held());
    }

    #[test]
    fn another_boot_forgets() {
        let (_dir, mut state) = scene();
        save(&state);
        state.boot_id.push('x');
        assert_eq!(state.load(INTERVAL).unwrap(), LeftBehind::default());

        save(&state);
        written(&state, monotonic() + Duration::from_mins(1));
        assert_eq!(
            state.load(INTERVAL).unwrap(),
            LeftBehind::default(),
            "a time to come is of another boot"
        );
    }

    #[test]
    fn a_long_gap_forgets_what_was_held_and_not_what_was_ordered() {
        let (_dir, state) = scene();
        save(&state);
        // A host that has been up for less than the gap cannot have one.
        let Some(long_ago) = monotonic().checked_sub(LONGEST_GAP + Duration::from_secs(1)) else {
            return;
        };
        written(&state, long_ago);
        let loaded = state.load(INTERVAL).unwrap();
        assert_eq!(
            (loaded.states, loaded.orders),
            (PolicyStates::new(), held().orders)
        );
    }

    /// With a check every quarter of an hour nearly every restart came later than ten minutes after one.
    #[test]
    fn a_gap_of_one_rare_check_forgets_nothing() {
        let (_dir, state) = scene();
        save(&state);
        let Some(at) = monotonic().checked_sub(Duration::from_mins(12)) else {
            return;
        };
        written(&state, at);
        assert_eq!(state.load(Duration::from_mins(15)).unwrap(), held());
        assert_eq!(state.load(INTERVAL).unwrap().states, PolicyStates::new());
    }

    #[test]
    fn garbage_and_other_versions_are_refused_with_the_reason() {
        let (_dir, state) = scene();
        fs::write(&state.path, "{\"version\":").unwrap();
        assert!(matches!(state.load(INTERVAL), Err(StateFault::Format(_))));
        fs::write(&state.path, "{\"version\": 99}").unwrap();
        let (found, known) = (99, VERSION);
        assert_eq!(
            state.load(INTERVAL).unwrap_err(),
            StateFault::Version { found, known }
        );
    }

    /// Written by the first release: every version takes over what is in it.
    #[test]
    fn the_state_of_the_first_release_is_taken_over() {
        let (_dir, mut state) = scene();
        fs::write(&state.path, include_str!("golden/state-0.1.0.json")).unwrap();
        let mut file: File = serde_json::from_str(&fs::read_to_string(&state.path).unwrap()).unwrap();
        state.boot_id.clone_from(&file.boot_id);
        file.written_at = monotonic();
        fs::write(&state.path, serde_json::to_string(&file).unwrap()).unwrap();
        let held = state.load(INTERVAL).unwrap();
        let web = serde_json::to_value(&held.states["web"]).unwrap();
        assert_eq!(web["cpu"]["up"]["rung"], 3);
        assert_eq!(web["cpu"]["up"]["held"]["secs"], 90);
        assert_eq!(
            web["cpu"]["up"]["constraint"]["host_saturated"]["busy_percent"],
            99.0
        );
        assert_eq!(web["cpu"]["down"]["1"]["peaks"][1][1], 0.25);
        assert_eq!(web["overlap"]["watched"]["secs"], 12);
        assert_eq!(held.states["web"].count_to_restore(), Some(3));
        let tasks = serde_json::to_value(&held.states["tasks"]).unwrap();
        assert_eq!(tasks["queue"]["up"]["held"]["secs"], 60);
        assert_eq!(held.orders.get("ghost").unwrap().order, Order::Pause);
        assert_eq!(held.orders.get("web").unwrap().order, Order::Scale(2));
    }
}
