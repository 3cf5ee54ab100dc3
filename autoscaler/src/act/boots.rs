//! How long the workers of each project took to boot: how long the next one is waited for.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A boot may take this many times as long as the slowest one so far: a host may be busier than ever.
const TIMES: u32 = 4;

/// The slowest boot of each project that was seen.
#[derive(Debug, Default)]
pub struct BootTimes {
    slowest: Mutex<BTreeMap<String, Duration>>,
}

impl BootTimes {
    /// Notes that the slowest of a project's new workers took `boot` until it served.
    pub fn learn(&self, project: &str, boot: Duration) {
        let mut slowest = self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        let known = slowest.entry(project.to_owned()).or_default();
        *known = boot.max(*known);
    }

    /// How long the next boot is waited for: `least`, or longer where earlier ones took long.
    pub fn limit(&self, project: &str, least: Duration) -> Duration {
        let slowest = self.slowest.lock().unwrap_or_else(PoisonError::into_inner);
        let known = slowest.get(project).copied().unwrap_or_default();
        known.saturating_mul(TIMES).max(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_that_boots_slowly_is_waited_for_longer() {
        let boots = BootTimes::default();
        let (least, seconds) = (Duration::from_mins(1), Duration::from_secs);
        assert_eq!(boots.limit("a", least), least);
        boots.learn("a", seconds(3));
        assert_eq!(boots.limit("a", least), least);
        boots.learn("a", seconds(40));
        boots.learn("a", seconds(2));
        assert_eq!(boots.limit("a", least), seconds(160));
        assert_eq!(boots.limit("b", least), least, "another project");
    }
}
