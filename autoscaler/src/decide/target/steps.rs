//! How many steps a project has taken of late: a bound on harm, whatever the reason of each.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::Reason;

/// Steps of the last hour from which on none down is taken: to keep workers does the least harm.
const DOWN: usize = 60;

/// And from which on none is.
const ALL: usize = 120;

const HOUR: f64 = 3600.0;

/// The steps of the last hour, by the seconds seen before them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct StepsTaken(VecDeque<f64>);

impl StepsTaken {
    /// A step is taken.
    pub(super) fn add(&mut self, now: f64) {
        self.0.push_back(now);
        while self.0.len() > ALL {
            self.0.pop_front();
        }
    }

    /// Why no further one is taken.
    pub(super) fn against(&self, now: f64, up: bool) -> Option<Reason> {
        let most = if up { ALL } else { DOWN };
        let within = self.0.iter().filter(|step| **step > now - HOUR).count();
        (within >= most).then(|| Reason::TooManySteps {
            steps: u32::try_from(within).unwrap_or(u32::MAX),
            within: Duration::from_hours(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_down_end_first_and_all_come_back_after_an_hour() {
        let mut steps = StepsTaken::default();
        for step in 0..120 {
            let now = f64::from(step);
            assert_eq!(steps.against(now, false).is_some(), step >= 60);
            assert_eq!(steps.against(now, true), None);
            steps.add(now);
        }
        assert!(steps.against(120.0, true).is_some());
        assert_eq!(steps.against(3720.0, false), None);
    }
}
