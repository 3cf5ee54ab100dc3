//! Steps that were asked for and have not arrived: nothing is asked on top of them, across checks too.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::{Cause, ProcessId, ProjectSample, Step};

/// How long a step that never arrives stands in the way. A signal can get lost (gunicorn up to 23 drops
/// those beyond five that wait), so not for ever; a worker that ends a long request can take its time.
const FORGET_UP: Duration = Duration::from_mins(5);
const FORGET_DOWN: Duration = Duration::from_hours(1);

/// A step that has been asked for this often and never arrives is asked for no more while the workers are the same: the
/// server counts in another way than we do, and would go past its maximum.
const MOST_TIMES: u32 = 2;

/// The steps of all projects that have not arrived, by project.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    steps: Mutex<BTreeMap<String, Asked>>,
}

#[derive(Debug)]
struct Asked {
    step: Step,
    at: Instant,
    /// How often it has been asked for, the workers being the same.
    times: u32,
    master: ProcessId,
    workers: Vec<ProcessId>,
}

impl Unanswered {
    /// Remembers a step of `project` that timed out; every other cause leaves nothing behind.
    pub(super) fn remember(&self, project: &str, master: ProcessId, cause: &Cause) {
        if let Cause::TimedOut { step, after, workers } = cause {
            let at = Instant::now().checked_sub(*after).unwrap_or_else(Instant::now);
            let mut steps = self.lock();
            let before = steps.get(project).filter(|before| {
                before.step == *step && before.master == master && before.workers == *workers
            });
            let asked = Asked {
                step: *step,
                at,
                times: before.map_or(1, |before| before.times + 1),
                master,
                workers: workers.clone(),
            };
            steps.insert(project.to_owned(), asked);
        }
    }

    /// Says so when a step of `project` still stands in the way of `wanted`, and forgets it when it does not: another
    /// master, other workers. One that was asked for a long time ago may be asked for once more.
    pub(super) fn check(&self, project: &str, wanted: Step, sample: &ProjectSample) -> Result<(), Cause> {
        let mut steps = self.lock();
        let Some(asked) = steps.get(project) else {
            return Ok(());
        };
        let since = asked.at.elapsed();
        let limit = match asked.step {
            Step::Up => FORGET_UP,
            Step::Down => FORGET_DOWN,
        };
        if asked.master != sample.master || asked.workers != sample.workers {
            steps.remove(project);
            return Ok(());
        }
        // A worker that was to go and has not is one more than the server counts: one more asked for is not too many.
        let stands = asked.step == Step::Up || wanted == Step::Down;
        if stands && (since < limit || asked.times >= MOST_TIMES) {
            return Err(Cause::Unanswered {
                step: asked.step,
                since,
            });
        }
        Ok(())
    }

    /// Whether one more worker of `project` was asked for and may still come.
    pub(super) fn may_still_come(&self, project: &str, sample: &ProjectSample) -> bool {
        let standing = self.check(project, Step::Up, sample);
        matches!(standing, Err(Cause::Unanswered { step: Step::Up, .. }))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Asked>> {
        // No code that can panic runs under the lock.
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::model::CgroupMemory;

    fn id(pid: u32) -> ProcessId {
        ProcessId { pid, start_ticks: 1 }
    }

    fn sample(master: u32, workers: &[u32]) -> ProjectSample {
        ProjectSample {
            cgroup: PathBuf::from("/a"),
            container: None,
            master: id(master),
            workers: workers.iter().map(|pid| id(*pid)).collect(),
            cpu: None,
            memory: CgroupMemory::default(),
            queue: None,
            requests: None,
        }
    }

    fn timed_out(step: Step) -> Unanswered {
        let unanswered = Unanswered::default();
        let workers = vec![id(2), id(3)];
        let after = Duration::from_secs(45);
        unanswered.remember("a", id(1), &Cause::TimedOut { step, after, workers });
        unanswered
    }

    #[tokio::test(start_paused = true)]
    async fn it_stands_in_the_way_until_a_worker_changes() {
        let unanswered = timed_out(Step::Down);
        assert!(
            unanswered.check("b", Step::Down, &sample(1, &[2, 3])).is_ok(),
            "another project"
        );
        let standing = unanswered
            .check("a", Step::Down, &sample(1, &[2, 3]))
            .unwrap_err();
        assert!(matches!(standing, Cause::Unanswered { step: Step::Down, .. }));
        assert!(unanswered.check("a", Step::Down, &sample(1, &[3])).is_ok());
        assert!(
            unanswered.check("a", Step::Down, &sample(1, &[2, 3])).is_ok(),
            "it is forgotten for good"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn another_master_or_a_long_time_ends_it() {
        assert!(
            timed_out(Step::Down)
                .check("a", Step::Down, &sample(9, &[2, 3]))
                .is_ok()
        );
        let unanswered = timed_out(Step::Up);
        let (asked_for, last) = (Duration::from_secs(45), Duration::from_secs(1));
        tokio::time::advance(FORGET_UP.saturating_sub(asked_for + last)).await;
        assert!(unanswered.check("a", Step::Up, &sample(1, &[2, 3])).is_err());
        tokio::time::advance(last).await;
        assert!(unanswered.check("a", Step::Up, &sample(1, &[2, 3])).is_ok());
    }

    /// Such as of a server whose new workers are not among those that are counted: each would be one more.
    #[tokio::test(start_paused = true)]
    async fn what_never_arrives_is_asked_for_twice_and_no_more() {
        let unanswered = timed_out(Step::Up);
        tokio::time::advance(FORGET_UP).await;
        assert!(unanswered.check("a", Step::Up, &sample(1, &[2, 3])).is_ok());
        let (after, workers) = (Duration::from_secs(45), vec![id(2), id(3)]);
        let step = Step::Up;
        unanswered.remember("a", id(1), &Cause::TimedOut { step, after, workers });
        tokio::time::advance(FORGET_DOWN * 24).await;
        assert!(unanswered.check("a", Step::Up, &sample(1, &[2, 3])).is_err());
        assert!(unanswered.check("a", Step::Up, &sample(1, &[2, 3, 4])).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_does_not_go_bars_no_step_up() {
        let unanswered = timed_out(Step::Down);
        assert!(unanswered.check("a", Step::Down, &sample(1, &[2, 3])).is_err());
        assert!(unanswered.check("a", Step::Up, &sample(1, &[2, 3])).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_time_limit_leaves_a_step_behind() {
        let unanswered = Unanswered::default();
        unanswered.remember("a", id(1), &Cause::Reloaded);
        assert!(unanswered.check("a", Step::Down, &sample(1, &[2, 3])).is_ok());
    }
}
