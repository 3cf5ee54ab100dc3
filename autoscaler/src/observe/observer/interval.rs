//! From cumulative counters to the figures of one interval.

use std::collections::HashMap;
use std::time::Duration;

use crate::host::cgroup::ThrottleCounters;
use crate::host::usage::{CgroupId, Usage};
use crate::model::CpuSample;

/// The counters of one cgroup at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Baseline {
    pub(super) taken_at: Duration,
    pub(super) usage: Usage,
    pub(super) throttle: Option<ThrottleCounters>,
}

/// The counters of the last look, by cgroup id: a cgroup made anew under the same name starts afresh.
#[derive(Debug, Default)]
pub(super) struct Baselines {
    last: HashMap<CgroupId, Baseline>,
    next: HashMap<CgroupId, Baseline>,
}

impl Baselines {
    /// What the cgroup used since the last look; `None` when there was none, or a counter went back.
    pub(super) fn measure(&mut self, now: Baseline, allowed_cpus: f64) -> Option<CpuSample> {
        self.next.insert(now.usage.id, now);
        let earlier = self.last.get(&now.usage.id)?;
        let covered = now.taken_at.checked_sub(earlier.taken_at)?;
        if covered.is_zero() {
            return None;
        }
        let on_cpu = now.usage.cpu_ns.checked_sub(earlier.usage.cpu_ns)?;
        let wait = match (now.usage.wait_ns, earlier.usage.wait_ns) {
            (Some(now), Some(earlier)) => Some(now.checked_sub(earlier)?),
            _ => None,
        };
        let throttle = match (now.throttle, earlier.throttle) {
            (Some(now), Some(earlier)) => Some(now.since(earlier)?),
            _ => None,
        };
        Some(CpuSample {
            covered,
            on_cpu: Duration::from_nanos(on_cpu),
            wait: wait.map(Duration::from_nanos),
            allowed_cpus,
            throttle,
        })
    }

    /// Whether a cgroup was in the last look.
    pub(super) fn knows(&self, id: CgroupId) -> bool {
        self.last.contains_key(&id)
    }

    /// Has the next look's means of a cgroup that the last look did not know begin here.
    pub(super) fn begin(&mut self, now: Baseline) {
        self.last.entry(now.usage.id).or_insert(now);
    }

    /// Makes the look that was measured the last one, and forgets cgroups that were not in it.
    pub(super) fn advance(&mut self) {
        self.last = std::mem::take(&mut self.next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64, id: CgroupId, cpu_ns: u64, wait_ns: Option<u64>) -> Baseline {
        Baseline {
            taken_at: Duration::from_secs(seconds),
            usage: Usage { id, cpu_ns, wait_ns },
            throttle: None,
        }
    }

    /// What the second of two looks gives.
    fn second(first: Baseline, second: Baseline) -> Option<CpuSample> {
        let mut baselines = Baselines::default();
        assert_eq!(baselines.measure(first, 2.0), None, "nothing to compare with");
        baselines.advance();
        baselines.measure(second, 2.0)
    }

    #[test]
    fn the_means_cover_the_time_between_two_looks() {
        let sample = second(at(10, 7, 5_000, Some(100)), at(130, 7, 9_000, Some(350))).unwrap();
        assert_eq!(sample.covered, Duration::from_mins(2));
        assert_eq!(sample.on_cpu, Duration::from_micros(4));
        assert_eq!(sample.wait, Some(Duration::from_nanos(250)));
    }

    #[test]
    fn a_cgroup_made_anew_has_no_figure() {
        assert_eq!(second(at(10, 7, 5_000, None), at(20, 8, 9_000, None)), None);
    }

    #[test]
    fn a_counter_that_went_back_gives_no_figure() {
        assert_eq!(second(at(10, 7, 5_000, None), at(20, 7, 4_999, None)), None);
        let wait = second(at(10, 7, 5_000, Some(9)), at(20, 7, 6_000, Some(8)));
        assert_eq!(wait, None);
    }

    #[test]
    fn a_second_reading_of_the_same_moment_gives_no_figure() {
        assert_eq!(second(at(10, 7, 5_000, None), at(10, 7, 6_000, None)), None);
    }

    #[test]
    fn throttling_is_that_of_the_interval() {
        let counters = |periods, time_us| Some(ThrottleCounters { periods, time_us });
        let mut first = at(10, 7, 0, None);
        let mut later = at(20, 7, 0, None);
        first.throttle = counters(3, 100);
        later.throttle = counters(5, 700);
        let throttle = second(first, later).unwrap().throttle.unwrap();
        assert_eq!((throttle.periods, throttle.time.as_micros()), (2, 600));
        later.throttle = None;
        assert_eq!(second(first, later).unwrap().throttle, None);
    }

    #[test]
    fn without_an_advance_the_next_figure_covers_the_gap() {
        let mut baselines = Baselines::default();
        baselines.measure(at(10, 7, 1_000, None), 2.0);
        baselines.advance();
        baselines.measure(at(20, 7, 2_000, None), 2.0);
        let sample = baselines.measure(at(30, 7, 5_000, None), 2.0).unwrap();
        assert_eq!(sample.covered, Duration::from_secs(20));
        assert_eq!(sample.on_cpu, Duration::from_micros(4));
    }
}
