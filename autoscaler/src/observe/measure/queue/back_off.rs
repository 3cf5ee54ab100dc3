//! How long to leave a failing broker alone.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

/// Waits 1 s after the first failure, twice as long after each one that follows, never above a minute.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BackOff {
    failures: u32,
    until: Duration,
}

impl BackOff {
    /// Whether another try is due at `now`.
    pub(super) fn is_due(self, now: Duration) -> bool {
        self.failures == 0 || now >= self.until
    }

    /// Notes a failure at `now`.
    pub(super) fn failed(&mut self, now: Duration) {
        let wait = FIRST
            .saturating_mul(2_u32.saturating_pow(self.failures))
            .min(LONGEST);
        self.until = now + wait;
        self.failures = self.failures.saturating_add(1);
    }

    /// Notes a success: the next failure waits 1 s again.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_twice_as_long_each_time_up_to_a_minute() {
        let mut back_off = BackOff::default();
        let mut now = Duration::from_secs(1000);
        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert!(back_off.is_due(now));
            back_off.failed(now);
            let almost = now + Duration::from_millis(wait * 1000 - 1);
            assert!(!back_off.is_due(almost), "{wait}");
            now += Duration::from_secs(wait);
        }
        for _ in 0..100 {
            back_off.failed(now);
        }
        assert!(back_off.is_due(now + LONGEST));
        back_off.succeeded();
        assert!(back_off.is_due(Duration::ZERO));
    }
}
