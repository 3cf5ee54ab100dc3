//! What one cgroup used between two readings.

use std::time::Duration;

use crate::host::usage::Usage;

/// One cgroup with all below it, over one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// The interval.
    pub covered: Duration,
    /// On-CPU time within it, ns.
    pub cpu_ns: u64,
    /// Run-queue wait within it, ns; `None` where the source cannot tell.
    pub wait_ns: Option<u64>,
}

impl Figures {
    /// The difference of two readings `covered` apart. `None` when they are not of the same cgroup, when a
    /// counter ran backwards, or when no time passed: there is no figure to show then.
    #[must_use]
    pub fn between(earlier: &Usage, later: &Usage, covered: Duration) -> Option<Self> {
        if earlier.id != later.id || covered.is_zero() {
            return None;
        }
        let wait_ns = match (earlier.wait_ns, later.wait_ns) {
            (Some(before), Some(after)) => Some(after.checked_sub(before)?),
            _ => None,
        };
        Some(Self {
            covered,
            cpu_ns: later.cpu_ns.checked_sub(earlier.cpu_ns)?,
            wait_ns,
        })
    }

    /// On-CPU time as a share of one CPU, percent: 200 when two CPUs were busy all the time.
    #[must_use]
    pub fn cpu_percent(&self) -> f64 {
        100.0 * self.cpu_ns as f64 / self.covered.as_nanos() as f64
    }

    /// Run-queue wait in ms for each second of the interval.
    #[must_use]
    pub fn wait_ms_per_s(&self) -> Option<f64> {
        self.wait_ns
            .map(|ns| 1000.0 * ns as f64 / self.covered.as_nanos() as f64)
    }

    /// Of the time that tasks wanted a CPU, the share they waited for one, percent. 0 when none wanted any.
    #[must_use]
    pub fn wait_share(&self) -> Option<f64> {
        let wait = self.wait_ns? as f64;
        let wanted = wait + self.cpu_ns as f64;
        Some(if wanted > 0.0 { 100.0 * wait / wanted } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(id: u64, cpu_ns: u64, wait_ns: Option<u64>) -> Usage {
        Usage { id, cpu_ns, wait_ns }
    }

    #[test]
    fn half_a_cpu_over_two_seconds() {
        let figures = Figures::between(
            &usage(7, 10, Some(0)),
            &usage(7, 1_000_000_010, Some(3_000_000_000)),
            Duration::from_secs(2),
        )
        .unwrap();
        assert!((figures.cpu_percent() - 50.0).abs() < 1e-9);
        assert!((figures.wait_ms_per_s().unwrap() - 1500.0).abs() < 1e-9);
        assert!((figures.wait_share().unwrap() - 75.0).abs() < 1e-9);
    }

    #[test]
    fn a_cgroup_made_anew_has_no_figures_yet() {
        let second = Duration::from_secs(1);
        assert_eq!(
            Figures::between(&usage(7, 5, None), &usage(8, 9, None), second),
            None
        );
    }

    #[test]
    fn a_counter_that_ran_backwards_is_no_figure() {
        let second = Duration::from_secs(1);
        assert_eq!(
            Figures::between(&usage(7, 9, None), &usage(7, 5, None), second),
            None
        );
        assert_eq!(
            Figures::between(&usage(7, 5, Some(9)), &usage(7, 6, Some(8)), second),
            None
        );
    }

    #[test]
    fn an_idle_cgroup_waits_for_nothing() {
        let idle = usage(7, 5, Some(5));
        let figures = Figures::between(&idle, &idle, Duration::from_secs(1)).unwrap();
        assert_eq!(figures.wait_share(), Some(0.0));
    }

    #[test]
    fn without_a_wait_counter_there_is_no_wait() {
        let figures =
            Figures::between(&usage(7, 5, None), &usage(7, 6, None), Duration::from_secs(1)).unwrap();
        assert_eq!(figures.wait_ms_per_s(), None);
        assert_eq!(figures.wait_share(), None);
    }
}
