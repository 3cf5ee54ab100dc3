//! Looks out of turn at projects whose unit systemd has just started, stopped or reloaded.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How long a unit that was started or reloaded has to fork its workers before it is looked at.
pub(super) const SETTLE: Duration = Duration::from_secs(2);

/// Early looks that a project may have at hand. Stopping and starting a unit takes two: an administrator who does so
/// twice within a check's interval sees it acted on twice.
const AT_HAND: u32 = 4;

/// Which projects to look at, and when. A look that was used comes back with the next check: a unit that starts again
/// and again, for whatever reason, is looked at hardly more often than the others.
#[derive(Debug, Default)]
pub(super) struct EarlyLooks {
    due: BTreeMap<String, Instant>,
    /// How many of the looks at hand have been used.
    used: BTreeMap<String, u32>,
    /// Those whose last look has been followed by another.
    followed: BTreeSet<String>,
}

impl EarlyLooks {
    /// Has a project looked at once its unit has settled, unless it will be anyway or has no look at hand.
    pub(super) fn ask(&mut self, project: String) {
        let used = self.used.entry(project.clone()).or_default();
        if *used < AT_HAND && !self.due.contains_key(&project) {
            *used += 1;
            self.followed.remove(&project);
            self.due.insert(project, Instant::now() + SETTLE);
        }
    }

    /// Has a project that was found just starting looked at once more, unless that look was such a one itself: its
    /// server forks its first workers by itself, and a count below the minimum would stay until the next check.
    pub(super) fn follow(&mut self, project: String) {
        if self.followed.insert(project.clone()) {
            self.due.insert(project, Instant::now() + SETTLE);
        }
    }

    /// All projects have been checked: each has a look more at hand. What is due stays so, since its unit had not
    /// settled yet.
    pub(super) fn checked(&mut self) {
        self.used.retain(|_, used| {
            *used = used.saturating_sub(1);
            *used > 0
        });
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
    async fn a_unit_that_starts_without_end_is_soon_looked_at_once_an_interval() {
        let mut early = EarlyLooks::default();
        for expected in [4, 1, 1] {
            let mut seen = Vec::new();
            for second in 0..120 {
                if second % 7 == 0 {
                    early.ask("looping".into());
                }
                seen.extend(looks(&mut early, 1).await);
            }
            assert_eq!(seen.len(), expected, "{seen:?}");
            early.checked();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_that_is_restarted_twice_between_two_checks_is_looked_at_twice() {
        let mut early = EarlyLooks::default();
        for _ in 0..2 {
            early.ask("a".into());
            assert_eq!(looks(&mut early, 9).await, [(2, "a".into())]);
            early.follow("a".into());
            assert_eq!(looks(&mut early, 9).await, [(2, "a".into())]);
            early.follow("a".into());
            assert_eq!(looks(&mut early, 9).await, []);
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
