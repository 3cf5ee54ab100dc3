//! Whether a figure has grown: a straight line through the means of equal stretches, and how sure its slope is.
//!
//! Neighbouring samples are much alike, so the error of a line through all of them would be far too small. Means of stretches
//! that are longer than such a likeness lasts are nearly independent.

use std::time::Duration;

/// Stretches that the time is cut into.
const STRETCHES: usize = 24;

/// Student's t for 22 degrees of freedom: a slope lies within so many standard errors in 95 of 100 cases.
const T: f64 = 2.074;

/// How a figure grew over a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Growth {
    /// Its mean.
    pub(super) mean: f64,
    /// What the line gains over the whole time.
    pub(super) gain: f64,
    /// Half the width of the interval in which the gain lies in 95 of 100 cases.
    pub(super) error: f64,
}

impl Growth {
    /// Of `samples` from `from` on: moment and value, in the order of time. `None` where a stretch has no sample.
    pub(super) fn of(samples: &[(Duration, f64)], from: Duration) -> Option<Self> {
        let end = samples.last()?.0;
        let span = end.checked_sub(from)?.as_secs_f64();
        let mut sums = [(0.0, 0_u32); STRETCHES];
        for (at, value) in samples.iter().filter(|(at, _)| *at >= from) {
            let place = at.saturating_sub(from).as_secs_f64() / span * STRETCHES as f64;
            let (sum, count) = &mut sums[floor(place).min(STRETCHES - 1)];
            *sum += value;
            *count += 1;
        }
        if sums.iter().any(|(_, count)| *count == 0) {
            return None;
        }
        let means = sums.map(|(sum, count)| sum / f64::from(count));
        Some(Self::through(&means))
    }

    /// Least squares over 0, 1, 2 …
    fn through(means: &[f64; STRETCHES]) -> Self {
        let count = STRETCHES as f64;
        let mean = means.iter().sum::<f64>() / count;
        let middle = (count - 1.0) / 2.0;
        let points = || {
            means
                .iter()
                .enumerate()
                .map(|(place, value)| (place as f64 - middle, value - mean))
        };
        let spread: f64 = points().map(|(x, _)| x * x).sum();
        let slope = points().map(|(x, y)| x * y).sum::<f64>() / spread;
        let left: f64 = points().map(|(x, y)| (y - slope * x).powi(2)).sum();
        let error = (left / (count - 2.0) / spread).sqrt();
        Self {
            mean,
            gain: slope * count,
            error: T * error * count,
        }
    }

    /// Whether it has grown for sure.
    pub(super) fn grew(&self) -> bool {
        self.gain > self.error
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to STRETCHES"
)]
fn floor(place: f64) -> usize {
    place as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::month::unit;

    /// An hour, a sample every ten seconds.
    fn samples(value: impl Fn(u32) -> f64) -> Vec<(Duration, f64)> {
        (0..360)
            .map(|number| (Duration::from_secs(u64::from(number) * 10), value(number)))
            .collect()
    }

    const QUARTER: Duration = Duration::from_mins(15);

    #[test]
    fn a_leak_that_is_smaller_than_the_noise_of_a_sample_is_found() {
        let leak = samples(|number| 10_000.0 + 0.2 * f64::from(number) + 100.0 * unit(u64::from(number)));
        let growth = Growth::of(&leak, QUARTER).unwrap();
        assert!(growth.grew(), "{growth:?}");
        assert!((growth.gain - 0.2 * 270.0).abs() < growth.error, "{growth:?}");
    }

    #[test]
    fn noise_alone_is_no_growth_and_neither_is_what_the_first_quarter_brings() {
        let noise = |number: u32| 10_000.0 + 100.0 * unit(u64::from(number));
        let warm = samples(|number| {
            noise(number)
                - if number < 90 {
                    2000.0 - 20.0 * f64::from(number)
                } else {
                    0.0
                }
        });
        let growth = Growth::of(&warm, QUARTER).unwrap();
        assert!(!growth.grew(), "{growth:?}");
        assert!(Growth::of(&warm, Duration::ZERO).unwrap().grew());
    }

    #[test]
    fn chance_is_taken_for_growth_as_often_as_it_should_be() {
        let grew = (0..2000_u64)
            .filter(|run| {
                let noise = samples(|number| unit(run << 32 | u64::from(number)));
                Growth::of(&noise, QUARTER).unwrap().grew()
            })
            .count();
        // One side of 95 of 100: 2.5 %, and three standard deviations of 2000 runs around it.
        assert!((29..=71).contains(&grew), "{grew}");
    }

    #[test]
    fn a_figure_that_stands_still_has_not_grown() {
        let still = samples(|_| 19.0);
        let growth = Growth::of(&still, QUARTER).unwrap();
        assert!(!growth.grew() && growth.gain == 0.0, "{growth:?}");
        assert_eq!(Growth::of(&still[..5], Duration::ZERO), None, "too few to tell");
    }
}
