//! The rule of the Kubernetes Horizontal Pod Autoscaler, with its defaults, where each worker is a pod that
//! requests one CPU.
//!
//! Its default limit of the pace, double or 4 more pods each 15 s, cannot bind here: a pod that requests the CPU it
//! may use is never above 100 %, so no step asks for more than 100 / 70 of the pods there are.
//! <https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details>

use std::collections::VecDeque;

use super::Policy;
use crate::model::Bounds;
use crate::simulate::Served;

/// `averageUtilization`: CPU of the pods' requests that is aimed at, percent.
const TARGET_PERCENT: f64 = 70.0;

/// `--horizontal-pod-autoscaler-tolerance`: with a target of 70 %, from 63 to 77 % nothing is done.
const TOLERANCE: f64 = 0.1;

/// `stabilizationWindowSeconds` of `scaleDown`: the highest recommendation of this time holds.
const DOWN_WINDOW_SECONDS: f64 = 300.0;

/// The Horizontal Pod Autoscaler.
#[derive(Debug, Clone)]
pub struct Hpa {
    bounds: Bounds,
    target_percent: f64,
    /// Recommendations within the window: their age in seconds, and the count.
    recommended: VecDeque<(f64, u32)>,
}

impl Hpa {
    /// With these bounds as `minReplicas` and `maxReplicas`.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self::aiming_at(bounds, TARGET_PERCENT)
    }

    /// With this `averageUtilization` instead of the default, percent.
    #[must_use]
    pub fn aiming_at(bounds: Bounds, target_percent: f64) -> Self {
        Self {
            bounds,
            target_percent,
            recommended: VecDeque::new(),
        }
    }
}

impl Policy for Hpa {
    fn first(&self) -> u32 {
        self.bounds.min
    }

    fn next(&mut self, workers: u32, served: &Served) -> u32 {
        for (age, _) in &mut self.recommended {
            *age += served.seconds;
        }
        self.recommended.retain(|(age, _)| *age < DOWN_WINDOW_SECONDS);
        let wanted = self.wanted(workers, served);
        self.recommended.push_back((0.0, wanted));
        let highest = self
            .recommended
            .iter()
            .map(|(_, count)| *count)
            .max()
            .unwrap_or(wanted);
        // Up at once, down only as far as all of the window allows.
        let stable = if highest > workers {
            wanted.max(workers)
        } else {
            highest
        };
        stable.clamp(self.bounds.min, self.bounds.max)
    }
}

impl Hpa {
    /// `ceil(pods * utilization / target)`, the utilization in whole percents as the controller has it.
    fn wanted(&self, workers: u32, served: &Served) -> u32 {
        let percent = 100.0 * served.served / (served.seconds * f64::from(workers));
        // A hair more, for sums of floating point that should be whole; and less, where a quotient should be.
        let ratio = (percent + 1e-6).floor() / self.target_percent;
        if (ratio - 1.0).abs() <= TOLERANCE + 1e-9 {
            return workers;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates"
        )]
        let wanted = (f64::from(workers) * ratio - 1e-9).ceil() as u32;
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { min: 1, max: 10 };

    /// One check after `seconds` in which `workers` were busy by `percent`.
    fn check(hpa: &mut Hpa, workers: u32, percent: f64, seconds: f64) -> u32 {
        let served = f64::from(workers) * percent / 100.0 * seconds;
        hpa.next(
            workers,
            &Served {
                seconds,
                demand: served,
                served,
                waited: 0.0,
                latest: 0.0,
            },
        )
    }

    #[test]
    fn one_check_gives_what_the_formula_gives_by_hand() {
        for (workers, percent, expected) in [
            (1, 100.0, 2),   // 100/70 = 1.43
            (4, 100.0, 6),   // 400/70 = 5.71
            (4, 90.0, 6),    // 360/70 = 5.14
            (7, 80.0, 8),    // 560/70 = 8
            (5, 77.0, 5),    // at the tolerance's edge
            (5, 78.0, 6),    // 390/70 = 5.57
            (5, 63.0, 5),    // at the other edge
            (5, 62.0, 5),    // 310/70 = 4.43: rounds up to the same
            (5, 50.0, 4),    // 250/70 = 3.57
            (5, 77.9, 5),    // whole percents: 77
            (10, 100.0, 10), // 14.3, over the maximum
            (3, 0.0, 1),     // 0, under the minimum
        ] {
            assert_eq!(
                check(&mut Hpa::new(BOUNDS), workers, percent, 120.0),
                expected,
                "{workers} at {percent} %"
            );
        }
    }

    #[test]
    fn down_waits_until_no_higher_recommendation_is_left_in_five_minutes() {
        let mut hpa = Hpa::new(BOUNDS);
        assert_eq!(check(&mut hpa, 6, 70.0, 60.0), 6);
        let counts: Vec<u32> = (0..5).map(|_| check(&mut hpa, 6, 20.0, 60.0)).collect();
        // 120/70 = 2. After four minutes the 6 still counts, after five no longer.
        assert_eq!(counts, [6, 6, 6, 6, 2]);
    }

    #[test]
    fn of_falling_recommendations_the_highest_one_in_the_window_holds() {
        let mut hpa = Hpa::new(BOUNDS);
        let percents = [50.0, 40.0, 30.0, 20.0];
        let counts: Vec<u32> = percents
            .iter()
            .map(|percent| check(&mut hpa, 8, *percent, 120.0))
            .collect();
        // Recommended: 6, 5, 4, 3. The window holds this one and the two before.
        assert_eq!(counts, [6, 6, 6, 5]);
    }

    #[test]
    fn an_older_higher_recommendation_does_not_push_a_step_up() {
        let mut hpa = Hpa::new(BOUNDS);
        assert_eq!(check(&mut hpa, 6, 100.0, 60.0), 9);
        assert_eq!(
            check(&mut hpa, 6, 80.0, 60.0),
            7,
            "somebody took workers away: the newest counts for up"
        );
    }
}
