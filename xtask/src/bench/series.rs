//! Several measurements of one thing.

use serde_json::{Value, json};

/// Measurements in the order of their size; never empty once shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Series(Vec<f64>);

impl Series {
    pub(super) fn add(&mut self, value: f64) {
        let place = self
            .0
            .partition_point(|earlier| earlier.total_cmp(&value).is_le());
        self.0.insert(place, value);
    }

    /// The middle one; the mean of the two in the middle where their number is even. NaN without any.
    pub(super) fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        match self.0.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => self.0[middle],
            _ => f64::midpoint(self.0[middle - 1], self.0[middle]),
        }
    }

    fn ends(&self) -> (f64, f64) {
        let end = |value: Option<&f64>| value.copied().unwrap_or(f64::NAN);
        (end(self.0.first()), end(self.0.last()))
    }

    /// `median (least-most)`.
    pub(super) fn show(&self, digits: usize) -> String {
        let (least, most) = self.ends();
        format!("{:.digits$} ({least:.digits$}-{most:.digits$})", self.median())
    }

    /// The middle of the lower half and that of the upper half.
    fn quartiles(&self) -> (f64, f64) {
        let half = self.0.len().div_ceil(2);
        let middle = |part: &[f64]| Self(part.to_vec()).median();
        (middle(&self.0[..half]), middle(&self.0[self.0.len() - half..]))
    }

    /// `median (lower quartile-upper quartile)`.
    pub(super) fn show_middle(&self, digits: usize) -> String {
        let (lower, upper) = self.quartiles();
        format!("{:.digits$} ({lower:.digits$}-{upper:.digits$})", self.median())
    }

    pub(super) fn json(&self) -> Value {
        let (least, most) = self.ends();
        let (lower, upper) = self.quartiles();
        json!({ "median": self.median(), "least": least, "lower_quartile": lower, "upper_quartile": upper, "most": most,
            "count": self.0.len() })
    }
}

impl FromIterator<f64> for Series {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut series = Self::default();
        for value in values {
            series.add(value);
        }
        series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_follow_an_outlier() {
        let odd: Series = [3.0, 1000.0, 1.0].into_iter().collect();
        assert!((odd.median() - 3.0).abs() < f64::EPSILON);
        assert_eq!(odd.show(0), "3 (1-1000)");
        let even: Series = [4.0, 2.0].into_iter().collect();
        assert!((even.median() - 3.0).abs() < f64::EPSILON);
        assert!(Series::default().median().is_nan());
        let five: Series = [5.0, 1.0, 2.0, 4.0, 3.0].into_iter().collect();
        assert_eq!(five.show_middle(0), "3 (2-4)");
    }
}
