//! Looks out of turn at projects whose unit systemd has just started, stopped or reloaded.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How long a unit that was started or reloaded has to fork its workers before it is looked at.
pub(super) const SETTLE: Duration = Duration::from_secs(2);

/// Which projects to look at, and when. Each at most once from check to check: a unit that starts again and
/// again, for whatever reason, is looked at hardly more often than the others.
#[derive(Debug, Default)]
pub(super) struct EarlyLooks {
    due: BTreeMap<String, Instant>,
    spent: BTreeSet<String>,
    /// Those that have been looked at once more, too.
    followed: BTreeSet<String>,
}

impl EarlyLooks {
    /// Has a project looked at once its unit has settled, unless that has been done since the last check.
    pub(super) fn ask(&mut self, project: String) {
        if self.spent.insert(project.clone()) {
            self.due.insert(project, Instant::now() + SETTLE);
        }
    }

    /// Has a project that was found just starting looked at once more, unless that has been done since the last check:
    /// its server forks its first workers by itself, and a count below the minimum would stay until the next check.
    pub(super) fn follow(&mut self, project: String) {
        if self.followed.insert(project.clone()) {
            self.due.insert(project, Instant::now() + SETTLE);
        }
    }

    /// All projects have been checked: each may be looked at again. What is due stays so, since its unit had not
    /// settled yet.
    pub(super) fn checked(&mut self) {
        self.spent = self.due.keys().cloned().collect();
        self.followed.clear();
    }

    /// Waits until a project is due and names it. Cancel safe.
    pub(super) async fn next(&mut self) -> String {
        let Some((project, due)) = self.due.iter().min_by_key(|(_, due)| **due) else {
            return pending().await;
        };
        let project = project.clone();
        sleep_until(*due).await;
        self.due.remove(&project);
        project
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, timeout};

    use super::*;

    /// Every look that falls due in the coming `seconds`, and how long from now.
    async fn looks(looks: &mut EarlyLooks, seconds: u64) -> Vec<(u64, String)> {
        let start = Instant::now();
        let end = start + Duration::from_secs(seconds);
        let mut seen = Vec::new();
        while let Ok(project) = timeout(end - Instant::now(), looks.next()).await {
            seen.push((start.elapsed().as_secs(), project));
        }
        seen
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_that_starts_without_end_is_looked_at_once_an_interval() {
        let mut early = EarlyLooks::default();
        for check in 0..3 {
            let mut seen = Vec::new();
            for second in 0..120 {
                if second % 7 == 0 {
                    early.ask("looping".into());
                }
                seen.extend(looks(&mut early, 1).await);
            }
            assert_eq!(seen.len(), 1, "interval {check}: {seen:?}");
            early.checked();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_project_is_looked_at_when_its_own_unit_has_settled() {
        let mut early = EarlyLooks::default();
        early.ask("b".into());
        advance(Duration::from_secs(1)).await;
        early.ask("a".into());
        early.ask("b".into());
        assert_eq!(looks(&mut early, 9).await, [(1, "b".into()), (2, "a".into())]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_project_that_is_still_starting_is_looked_at_once_more_and_not_without_end() {
        let mut early = EarlyLooks::default();
        early.ask("a".into());
        let mut seen = 0;
        while let Ok(project) = timeout(Duration::from_secs(9), early.next()).await {
            seen += 1;
            early.follow(project);
        }
        assert_eq!(seen, 2);
        early.checked();
        early.follow("a".into());
        assert_eq!(looks(&mut early, 9).await, [(2, "a".into())]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_just_after_the_start_does_not_take_the_look_away() {
        let mut early = EarlyLooks::default();
        early.ask("a".into());
        advance(Duration::from_secs(1)).await;
        early.checked();
        early.ask("a".into());
        assert_eq!(looks(&mut early, 9).await, [(1, "a".into())]);
        early.checked();
        early.ask("a".into());
        assert_eq!(looks(&mut early, 9).await, [(2, "a".into())]);
    }
}
