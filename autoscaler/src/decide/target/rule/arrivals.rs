//! How many requests arrive a second, from the arrivals of the last minutes.
//!
//! A long window has the smaller error while the rate stands still, and is wrong as soon as it moves. So two models of the
//! recent past are held against the counts, over windows of 5 s to 320 s each: a constant rate, and a line. A model counts
//! for a window only if it explains all shorter ones: the mean over each of them lies as near to the model's as counts of
//! this dispersion may. Of those that hold, the one with the least variance at the last second wins. A change of rate ends
//! the long windows by itself, as soon as it can be told from chance and not before.

use std::collections::VecDeque;

/// Windows, seconds: each doubles, so that no length is far from one of them.
const WINDOWS: [usize; 7] = [5, 10, 20, 40, 80, 160, 320];

/// Standard deviations by which a shorter window's mean may differ: with seven windows looked at every second, chance
/// alone ends a long one about once in an hour.
const CONSISTENT: f64 = 3.5;

/// Standard deviations from zero from which on a slope is one.
const SLOPE: f64 = 3.0;

/// Seconds after which the sums begin anew at the window's edge: they would lose their last digits in months.
const REBASE: usize = 4096;

/// The rate at which requests arrive.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Rate {
    /// Requests a second, at the end of the last second.
    pub(super) now: f64,
    /// The variance of `now` as an estimate.
    pub(super) variance: f64,
    /// By how much it rises each second; 0 where no slope can be told from chance.
    pub(super) slope: f64,
}

/// The arrivals of the last 320 s, as running sums.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Arrivals {
    /// At the end of each second, the oldest first: all that arrived so far, and the same weighted by the second's number.
    sums: VecDeque<(f64, f64)>,
    /// The number of the last second since the sums began.
    second: usize,
}

impl Arrivals {
    /// Takes one second's arrivals in.
    pub(super) fn add(&mut self, arrived: f64) {
        let (sum, weighted) = self.sums.back().copied().unwrap_or_default();
        if self.sums.is_empty() {
            self.sums.push_back((0.0, 0.0));
        }
        self.second += 1;
        let number = self.second as f64;
        self.sums
            .push_back((sum + arrived, arrived.mul_add(number, weighted)));
        if self.sums.len() > WINDOWS[WINDOWS.len() - 1] + 1 {
            self.sums.pop_front();
        }
        if self.second >= REBASE {
            self.rebase();
        }
    }

    /// The rate now, from counts whose variance is `dispersion` times their mean; `None` before the first second.
    pub(super) fn rate(&self, dispersion: f64) -> Option<Rate> {
        let seconds = self.sums.len().checked_sub(1).filter(|seconds| *seconds > 0)?;
        let mut windows = [Window::default(); WINDOWS.len()];
        let mut known = 0;
        for (window, length) in windows.iter_mut().zip(WINDOWS) {
            *window = self.window(length.min(seconds));
            known += 1;
            if length >= seconds {
                break;
            }
        }
        let windows = &windows[..known];
        let mut best: Option<Rate> = None;
        // The longest first: most often it has the least variance, and what has more is not held against any window.
        for (index, window) in windows.iter().enumerate().rev() {
            let shorter = &windows[..index];
            let line = window.line(dispersion).filter(|_| index > 0);
            for model in line.into_iter().chain([window.constant(dispersion)]) {
                if best.is_none_or(|best| model.variance <= best.variance)
                    && window.explains(&model, shorter, dispersion)
                {
                    best = Some(model);
                }
            }
        }
        best
    }

    /// The last `length` seconds.
    fn window(&self, length: usize) -> Window {
        let (last, first) = (self.sums.len() - 1, self.sums.len() - 1 - length);
        let arrived = self.sums[last].0 - self.sums[first].0;
        let weighted = self.sums[last].1 - self.sums[first].1;
        let length = length as f64;
        let middle = self.second as f64 - (length - 1.0) / 2.0;
        let spread = spread(length);
        Window {
            length,
            mean: (arrived / length).max(0.0),
            slope: if spread > 0.0 {
                middle.mul_add(-arrived, weighted) / spread
            } else {
                0.0
            },
        }
    }

    fn rebase(&mut self) {
        let Some(&(sum, weighted)) = self.sums.front() else {
            return;
        };
        let dropped = (self.second + 1 - self.sums.len()) as f64;
        for entry in &mut self.sums {
            let arrived = entry.0 - sum;
            *entry = (arrived, (entry.1 - weighted) - dropped * arrived);
        }
        self.second = self.sums.len() - 1;
    }
}

/// The last so many seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    /// Seconds.
    length: f64,
    /// Arrivals a second.
    mean: f64,
    /// The slope of the least-squares line, arrivals a second each second.
    slope: f64,
}

impl Window {
    /// The variance of one second's count. A window in which nothing came still leaves room for one arrival.
    fn variance(&self, dispersion: f64) -> f64 {
        dispersion * self.mean.max(1.0 / self.length)
    }

    /// A constant rate.
    fn constant(&self, dispersion: f64) -> Rate {
        Rate {
            now: self.mean,
            variance: self.variance(dispersion) / self.length,
            slope: 0.0,
        }
    }

    /// A line, if its slope is one.
    fn line(&self, dispersion: f64) -> Option<Rate> {
        let variance = self.variance(dispersion);
        let is_level = is_near(self.slope, variance / spread(self.length), SLOPE);
        (!is_level).then(|| Rate {
            now: self.slope.mul_add(self.length / 2.0, self.mean).max(0.0),
            // Of the end of a line, four times that of the mean of its points.
            variance: 4.0 * variance / self.length,
            slope: self.slope,
        })
    }

    /// Whether a model of this window holds for the `shorter` ones in it as well.
    fn explains(&self, model: &Rate, shorter: &[Self], dispersion: f64) -> bool {
        let variance = self.variance(dispersion);
        shorter.iter().all(|part| {
            let (mut mean, mut left) = (self.mean, 1.0 / part.length - 1.0 / self.length);
            if model.slope.abs() > 0.0 {
                let ahead = (self.length - part.length) / 2.0;
                mean = model.slope.mul_add(ahead, mean);
                left = (left - ahead * ahead / spread(self.length)).max(0.0);
            }
            is_near(part.mean - mean, variance * left, CONSISTENT)
        })
    }
}

/// The sum of squares of the seconds' distances from the middle of so many.
fn spread(length: f64) -> f64 {
    length * (length * length - 1.0) / 12.0
}

/// Whether a difference is within so many standard deviations.
fn is_near(difference: f64, variance: f64, deviations: f64) -> bool {
    difference * difference <= deviations * deviations * variance
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(arrivals: impl IntoIterator<Item = f64>) -> Arrivals {
        let mut seen = Arrivals::default();
        arrivals.into_iter().for_each(|arrived| seen.add(arrived));
        seen
    }

    #[test]
    fn a_rate_that_stands_still_is_told_by_the_longest_window() {
        let rate = after([10.0; 400]).rate(1.0).unwrap();
        assert!((rate.now - 10.0).abs() < 1e-9);
        assert!((rate.variance - 10.0 / 320.0).abs() < 1e-9);
        assert!(rate.slope.abs() < f64::EPSILON);
    }

    #[test]
    fn a_jump_is_told_within_seconds() {
        let jump = [2.0; 300].into_iter().chain([20.0; 6]);
        let rate = after(jump).rate(1.0).unwrap();
        assert!(rate.now > 15.0, "{rate:?}");
    }

    #[test]
    fn one_odd_second_is_no_jump() {
        let odd = [4.0; 300].into_iter().chain([9.0]);
        let rate = after(odd).rate(1.0).unwrap();
        assert!((3.9..4.2).contains(&rate.now), "{rate:?}");
    }

    #[test]
    fn a_rise_is_followed_by_a_line() {
        let rise = (0..320).map(|second| f64::from(second) / 4.0);
        let rate = after(rise).rate(1.0).unwrap();
        assert!((rate.slope - 0.25).abs() < 0.01, "{rate:?}");
        assert!((rate.now - 80.0).abs() < 2.0, "{rate:?}");
    }

    #[test]
    fn sums_that_begin_anew_tell_the_same() {
        let wave = |second: usize| 5.0 + ((second * 7) % 4) as f64;
        let long = after((0..3 * REBASE).map(wave)).rate(1.0).unwrap();
        let short = after((3 * REBASE - 321..3 * REBASE).map(wave)).rate(1.0).unwrap();
        assert!((long.now - short.now).abs() < 1e-6, "{long:?}, {short:?}");
        assert!((long.variance - short.variance).abs() < 1e-6);
    }

    #[test]
    fn nothing_seen_tells_nothing() {
        assert_eq!(Arrivals::default().rate(1.0), None);
        let quiet = after([0.0; 20]).rate(1.0).unwrap();
        assert!(quiet.now.abs() < f64::EPSILON && quiet.variance > 0.0);
    }
}
