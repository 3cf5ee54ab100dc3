//! Holds that should pass by themselves and do not: each is told as a fault once its time is over.

use std::collections::BTreeMap;

use tokio::time::Instant;

use crate::model::{Action, Decision, Reason};

/// A hold that only a few checks have seen may be one of several, with nothing between them that a check saw.
const LEAST_CHECKS: u32 = 3;

/// Since when each project is held for a reason that should pass.
#[derive(Debug, Default)]
pub(super) struct Holds(BTreeMap<String, Held>);

#[derive(Debug)]
struct Held {
    reason: &'static str,
    since: Instant,
    checks: u32,
}

impl Holds {
    /// The decision as it is, or [`Reason::Overdue`] where it holds for longer than its reason should last.
    pub(super) fn judge(&mut self, project: &str, decision: Decision) -> Decision {
        let Some(limit) = decision.reason.passes_within() else {
            self.0.remove(project);
            return decision;
        };
        let (reason, now) = (decision.reason.code(), Instant::now());
        let held = match self.0.get_mut(project) {
            Some(held) if held.reason == reason => held,
            _ => self
                .0
                .entry(project.to_owned())
                .insert_entry(Held {
                    reason,
                    since: now,
                    checks: 0,
                })
                .into_mut(),
        };
        held.checks += 1;
        let since = now.duration_since(held.since);
        if since < limit || held.checks < LEAST_CHECKS {
            return decision;
        }
        Decision {
            action: Action::Blocked,
            reason: Reason::Overdue {
                held: since,
                why: Box::new(decision.reason),
            },
            figures: decision.figures,
        }
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|project, _| keep(project));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;
    use crate::model::Figures;

    fn hold(reason: Reason) -> Decision {
        Decision {
            action: Action::Hold,
            reason,
            figures: Figures::default(),
        }
    }

    async fn after(holds: &mut Holds, minutes: u64, reason: Reason) -> &'static str {
        advance(Duration::from_mins(minutes)).await;
        holds.judge("a", hold(reason)).reason.code()
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_that_should_pass_and_does_not_is_a_fault() {
        for (reason, minutes) in [
            (Reason::Booting, 5),
            (Reason::Unsettled, 5),
            (Reason::NoFiguresYet, 5),
            (Reason::PoolBusy, 60),
        ] {
            let mut holds = Holds::default();
            assert_eq!(after(&mut holds, 0, reason.clone()).await, reason.code());
            assert_eq!(
                after(&mut holds, minutes - 1, reason.clone()).await,
                reason.code()
            );
            assert_eq!(after(&mut holds, 1, reason.clone()).await, "overdue");
            let told = holds.judge("a", hold(reason.clone()));
            assert_eq!(told.action, Action::Blocked);
            let (held, why) = (Duration::from_mins(minutes), Box::new(reason.clone()));
            assert_eq!(told.reason, Reason::Overdue { held, why });
            assert_eq!(
                after(&mut holds, 1, Reason::WithinThresholds).await,
                "within_thresholds"
            );
            assert_eq!(
                after(&mut holds, 1, reason.clone()).await,
                reason.code(),
                "afresh"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_last_is_no_fault_and_neither_is_what_two_rare_checks_saw() {
        let mut holds = Holds::default();
        for _ in 0..10 {
            assert_eq!(
                after(&mut holds, 999, Reason::WithinThresholds).await,
                "within_thresholds"
            );
        }
        assert_eq!(after(&mut holds, 30, Reason::Unsettled).await, "unsettled");
        assert_eq!(after(&mut holds, 30, Reason::Unsettled).await, "unsettled");
        assert_eq!(
            after(&mut holds, 30, Reason::Booting).await,
            "booting",
            "another reason"
        );
    }
}
