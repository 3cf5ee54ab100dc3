//! The one read model: how the host and each project stand. Status, metrics and history are faces of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::act::{Outcome, Workers};
use crate::decide::Occasion;
use crate::metrics::Counts;
use crate::model::{Cause, Decision, Host, Language, Look, Outlook};
use crate::report::{Chronicle, Episode};
use crate::words::Bilingual;

/// Runs of decisions kept of each project: at one check in two minutes, four hours of nothing but changes. The history has
/// those before.
const RUNS: usize = 120;

/// All that is known.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// The host as the last check saw it, and when.
    pub(super) host: Option<(SystemTime, Host)>,
    /// Checks that saw the host.
    pub(super) checks: u64,
    /// Checks that could not.
    pub(super) failed_checks: u64,
    /// Time that all checks took together.
    pub(super) check_time: Duration,
    rows: BTreeMap<String, Row>,
}

/// All that is known of one project.
#[derive(Debug)]
pub(super) struct Row {
    /// The last check, whether or not anything was decided at it.
    pub(super) checked: Option<Arc<Look>>,
    /// The last look at which something was decided.
    pub(super) decided: Option<Arc<Look>>,
    /// What would have to come next, seen from there.
    pub(super) outlook: Outlook,
    /// The last decision that changed the count.
    pub(super) stepped: Option<(SystemTime, Decision)>,
    /// What has been counted since the start.
    pub(super) counts: Counts,
    chronicle: Chronicle,
}

impl Default for Row {
    fn default() -> Self {
        Self {
            checked: None,
            decided: None,
            outlook: Outlook::default(),
            stepped: None,
            counts: Counts::default(),
            chronicle: Chronicle::new(RUNS),
        }
    }
}

impl Board {
    /// Notes a check that saw the host.
    pub(super) fn checked(&mut self, host: Host) {
        self.host = Some((SystemTime::now(), host));
        self.checks += 1;
    }

    /// Notes a check that could not see the host.
    pub(super) fn failed(&mut self) {
        self.failed_checks += 1;
    }

    /// Adds the time that a check took.
    pub(super) fn took(&mut self, time: Duration) {
        self.check_time += time;
    }

    /// Notes a look at a project; `outlook` is the view from what was decided.
    pub(super) fn looked(&mut self, look: &Arc<Look>, outlook: Option<Outlook>, occasion: Occasion) {
        let row = self.row(&look.project);
        // Each look has an interval of its own, whatever its occasion.
        if let Some(late) = look.late {
            row.counts.promised.add(late);
        }
        if occasion == Occasion::Check {
            row.checked = Some(Arc::clone(look));
            if let Some(decided) = &look.decided {
                row.counts.decided(decided);
            }
        }
        let Some(decision) = look.decision() else { return };
        row.chronicle.decided(look.at, &decision);
        if decision.action.to().is_some() {
            row.stepped = Some((look.at, decision));
        }
        row.decided = Some(Arc::clone(look));
        row.outlook = outlook.unwrap_or_default();
    }

    /// Notes what came of a step.
    pub(super) fn outcome(&mut self, project: &str, outcome: &Outcome) {
        let counts = &mut self.row(project).counts;
        match &outcome.workers {
            Ok(Workers::Untouched) => {}
            // What was taken back has not failed.
            Err(error) if error.cause == Cause::Withdrawn => {}
            Ok(Workers::Scaled { .. }) => counts.steps_done += 1,
            Err(_) => counts.steps_failed += 1,
        }
    }

    /// Notes what happened to a project since its last decision.
    pub(super) fn happened(&mut self, project: &str, event: Bilingual) {
        self.row(project).chronicle.happened(event);
    }

    /// A project that has been looked at.
    pub(super) fn get(&self, project: &str) -> Option<&Row> {
        self.rows.get(project)
    }

    /// What was decided about a project from `since` on.
    pub(super) fn episodes(&self, project: &str, since: SystemTime, language: Language) -> Vec<Episode> {
        let row = self.rows.get(project);
        row.map(|row| row.chronicle.episodes(since, language))
            .unwrap_or_default()
    }

    /// Forgets projects that `keep` does not want.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.rows.retain(|project, _| keep(project));
    }

    fn row(&mut self, project: &str) -> &mut Row {
        self.rows.entry(project.to_owned()).or_default()
    }
}
