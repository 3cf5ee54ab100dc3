//! Whether a step has arrived: pure.

use crate::model::{ProcessId, Step};

/// What the workers seen now say of a step that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// The count changed as asked.
    Arrived,
    /// The count is as before.
    Waiting,
    /// The count went the other way.
    Away,
}

/// Compares the workers before the step with those seen now.
pub(super) fn judge(step: Step, before: &[ProcessId], now: &[ProcessId]) -> Progress {
    match (step, now.len().cmp(&before.len())) {
        (_, std::cmp::Ordering::Equal) => Progress::Waiting,
        (Step::Up, std::cmp::Ordering::Greater) | (Step::Down, std::cmp::Ordering::Less) => Progress::Arrived,
        _ => Progress::Away,
    }
}

/// Whether all workers were replaced. A single one may just have been recycled (`max_requests`, a crash).
pub(super) fn all_replaced(before: &[ProcessId], now: &[ProcessId]) -> bool {
    before.len() > 1 && !now.is_empty() && !before.iter().any(|worker| now.contains(worker))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(pids: &[u32]) -> Vec<ProcessId> {
        pids.iter()
            .map(|&pid| ProcessId {
                pid,
                start_ticks: u64::from(pid),
            })
            .collect()
    }

    fn judged(step: Step, before: &[u32], now: &[u32]) -> Progress {
        judge(step, &workers(before), &workers(now))
    }

    #[test]
    fn a_step_arrives_when_the_count_moves_its_way() {
        assert_eq!(judged(Step::Up, &[1, 2], &[1, 2, 3]), Progress::Arrived);
        assert_eq!(judged(Step::Down, &[1, 2], &[2]), Progress::Arrived);
        assert_eq!(judged(Step::Up, &[1, 2], &[1, 2]), Progress::Waiting);
        assert_eq!(judged(Step::Up, &[1, 2], &[2]), Progress::Away);
        assert_eq!(judged(Step::Down, &[1, 2], &[1, 2, 3]), Progress::Away);
    }

    #[test]
    fn a_recycled_worker_is_no_step() {
        assert_eq!(judged(Step::Up, &[1], &[2]), Progress::Waiting);
        assert_eq!(judged(Step::Down, &[1, 2], &[2, 3]), Progress::Waiting);
    }

    #[test]
    fn all_are_replaced_when_none_is_left_whatever_the_count() {
        let replaced = |before: &[u32], now: &[u32]| all_replaced(&workers(before), &workers(now));
        for now in [[7].as_slice(), &[7, 8], &[7, 8, 9]] {
            assert!(replaced(&[1, 2], now));
            assert!(!replaced(&[1, 7], now), "one is left");
            assert!(!replaced(&[1], now), "one alone may have been recycled");
        }
        assert!(!replaced(&[1, 2], &[]), "none came");
    }

    #[test]
    fn the_same_pid_with_another_start_time_is_another_worker() {
        let before = workers(&[1, 2]);
        let now: Vec<_> = before
            .iter()
            .map(|id| ProcessId {
                start_ticks: 99,
                ..*id
            })
            .collect();
        assert!(all_replaced(&before, &now));
    }
}
