//! When the store's fault is news: as it begins, and when it is over for good.

use std::time::{Duration, Instant};

/// How long writes must succeed until a fault counts as over. A full disk has room now and then, when a log is rotated:
/// to tell each time would fill it with that.
const STEADY: Duration = Duration::from_mins(1);

/// Whether the store is at fault, as far as it has been told.
#[derive(Debug, Default)]
pub(super) struct Fault {
    told: bool,
    well_since: Option<Instant>,
}

impl Fault {
    /// A write failed. Whether that is news.
    pub(super) fn begins(&mut self) -> bool {
        self.well_since = None;
        !std::mem::replace(&mut self.told, true)
    }

    /// A write succeeded at `now`. Whether it is news that the fault is over.
    pub(super) fn is_over(&mut self, now: Instant) -> bool {
        if !self.told {
            return false;
        }
        let since = *self.well_since.get_or_insert(now);
        let over = now.saturating_duration_since(since) >= STEADY;
        if over {
            *self = Self::default();
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_comes_and_goes_is_told_once() {
        let mut fault = Fault::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(!fault.is_over(at(0)), "there was none");
        assert!(fault.begins());
        for second in (10..300).step_by(20) {
            assert!(!fault.is_over(at(second)), "one write is no end");
            assert!(!fault.begins(), "told already");
        }
        assert!(!fault.is_over(at(300)));
        assert!(!fault.is_over(at(359)));
        assert!(fault.is_over(at(360)));
        assert!(!fault.is_over(at(420)), "told already");
        assert!(fault.begins(), "another one");
    }
}
