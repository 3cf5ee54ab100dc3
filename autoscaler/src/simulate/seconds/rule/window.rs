//! The mean of the last so many seconds.

use std::collections::VecDeque;

/// A mean over a window.
#[derive(Debug, Clone)]
pub(super) struct Window {
    length: usize,
    values: VecDeque<f64>,
    sum: f64,
}

impl Window {
    /// Over so many seconds.
    pub(super) fn of(length: usize) -> Self {
        Self {
            length,
            values: VecDeque::with_capacity(length),
            sum: 0.0,
        }
    }

    /// Adds the value of one second, and gives the mean of those there are.
    pub(super) fn add(&mut self, value: f64) -> f64 {
        if self.values.len() == self.length {
            self.sum -= self.values.pop_front().unwrap_or_default();
        }
        self.values.push_back(value);
        self.sum += value;
        (self.sum / self.values.len() as f64).max(0.0)
    }
}

/// The greatest value of the last so many seconds.
#[derive(Debug, Clone)]
pub(super) struct Greatest {
    length: u64,
    now: u64,
    /// When, and the value; values fall.
    falling: VecDeque<(u64, u32)>,
}

impl Greatest {
    /// Over so many seconds.
    pub(super) fn of(length: u64) -> Self {
        Self {
            length,
            now: 0,
            falling: VecDeque::new(),
        }
    }

    /// Adds the value of one second, and gives the greatest.
    pub(super) fn add(&mut self, value: u32) -> u32 {
        self.now += 1;
        while self.falling.back().is_some_and(|(_, smaller)| *smaller <= value) {
            self.falling.pop_back();
        }
        self.falling.push_back((self.now, value));
        while self
            .falling
            .front()
            .is_some_and(|(at, _)| at + self.length <= self.now)
        {
            self.falling.pop_front();
        }
        self.falling.front().map_or(value, |(_, greatest)| *greatest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_and_a_greatest_forget_what_is_older_than_their_window() {
        let (mut mean, mut greatest) = (Window::of(3), Greatest::of(3));
        let values = [6, 0, 3, 3, 9, 0, 0, 0];
        let means: Vec<f64> = values.iter().map(|value| mean.add(f64::from(*value))).collect();
        assert_eq!(means, [6.0, 3.0, 3.0, 2.0, 5.0, 4.0, 3.0, 0.0]);
        let most: Vec<u32> = values.iter().map(|value| greatest.add(*value)).collect();
        assert_eq!(most, [6, 6, 6, 3, 9, 9, 9, 0]);
    }
}
