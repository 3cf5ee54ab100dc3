//! Is what the daemon says of workers what /proc says?
//!
//! Its figure is that of its last look at the project, which the decision tells of. It can be held to /proc where the workers
//! were the same processes before that look as they are now: then it had nothing else to see.

use std::collections::BTreeMap;

use autoscaler::control::Status;

/// The workers of each project, by /proc; `None` while the project is started.
pub(super) type Workers = BTreeMap<String, Option<Vec<u32>>>;

/// Figures that were held to /proc.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// What /proc said at the last look, and when that was: Unix time, s.
    before: Option<(i64, Workers)>,
    /// Figures that were looked at.
    pub(super) compared: u64,
    /// Figures that the daemon did not have.
    pub(super) unseen: u64,
    /// Those that were wrong, in words.
    pub(super) wrong: Vec<String>,
}

impl Counts {
    /// Holds `status`, which was asked for before `now` was read, to the workers of `now`; all were read by `at`.
    pub(super) fn look(&mut self, at: i64, now: Workers, status: &Status) {
        let Some((then, before)) = self.before.replace((at, now)) else {
            return;
        };
        let Some((_, now)) = &self.before else { return };
        for (name, pids) in now {
            let Some(pids) = pids else { continue };
            let steady = before.get(name).and_then(Option::as_ref) == Some(pids);
            let Some(project) = status.project(name).filter(|_| steady) else {
                continue;
            };
            // Whole seconds: a look in the same one may have been before.
            if project
                .decision
                .as_ref()
                .is_none_or(|decision| decision.at <= then)
            {
                continue;
            }
            match project.workers {
                None => self.unseen += 1,
                Some(told) if told as usize == pids.len() => self.compared += 1,
                Some(told) => {
                    self.compared += 1;
                    self.wrong
                        .push(format!("{name}: the daemon says {told}, /proc has {pids:?}"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoscaler::control::{DecisionStatus, ProjectStatus};

    fn status(at: i64, workers: Option<u32>) -> Status {
        let project = ProjectStatus {
            name: "site".to_owned(),
            workers,
            decision: Some(DecisionStatus {
                at,
                ..DecisionStatus::default()
            }),
            ..ProjectStatus::default()
        };
        Status {
            projects: vec![project],
            ..Status::default()
        }
    }

    fn workers(pids: &[u32]) -> Workers {
        BTreeMap::from([("site".to_owned(), Some(pids.to_vec()))])
    }

    /// Workers now, when the daemon decided, the count it told; then how many were compared, unseen, wrong.
    type Case<'a> = (&'a [u32], i64, Option<u32>, (u64, u64, usize));

    #[test]
    fn a_count_is_wrong_only_where_the_workers_stayed_the_same_over_a_look() {
        let cases: [Case<'_>; 5] = [
            (&[1, 2], 11, Some(2), (1, 0, 0)),
            (&[1, 2], 11, Some(3), (1, 0, 1)),
            (&[1, 2], 10, Some(3), (0, 0, 0)),
            (&[1, 3], 11, Some(3), (0, 0, 0)),
            (&[1, 2], 11, None, (0, 1, 0)),
        ];
        for (now, decided, told, expected) in cases {
            let mut counts = Counts::default();
            counts.look(10, workers(&[1, 2]), &status(9, Some(2)));
            counts.look(15, workers(now), &status(decided, told));
            let seen = (counts.compared, counts.unseen, counts.wrong.len());
            assert_eq!(seen, expected, "{now:?}, decided at {decided}: {told:?}");
        }
    }
}
