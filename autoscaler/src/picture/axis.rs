//! The axis of time, with its marks at moments that people name.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use time::OffsetDateTime;
use time::macros::format_description;

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;

/// Times between two marks, seconds.
const STEPS: [f64; 14] = [
    HOUR / 12.0,
    HOUR / 4.0,
    HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    DAY,
    2.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
    28.0 * DAY,
    91.0 * DAY,
    365.0 * DAY,
    3650.0 * DAY,
];

/// Most marks that do not crowd.
const MOST: f64 = 16.0;

/// Seconds since 1970, from one side of the picture to the other.
#[derive(Debug, Clone)]
pub struct TimeAxis(pub Range<f64>);

impl Ranged for TimeAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, at: &f64, (left, right): (i32, i32)) -> i32 {
        let part = (at - self.0.start) / (self.0.end - self.0.start);
        #[expect(clippy::cast_possible_truncation, reason = "between two pixels")]
        let pixel = (f64::from(left) + part * f64::from(right - left)).round() as i32;
        pixel
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        times(&self.0)
    }

    fn range(&self) -> Range<f64> {
        self.0.clone()
    }
}

impl ValueFormatter<f64> for TimeAxis {
    fn format_ext(&self, at: &f64) -> String {
        label(*at, self.0.end - self.0.start)
    }
}

/// The marks within `time` (seconds since 1970).
fn times(time: &Range<f64>) -> Vec<f64> {
    let span = time.end - time.start;
    let step = STEPS.into_iter().find(|step| span / step <= MOST).unwrap_or(span);
    let first = (time.start / step).ceil();
    std::iter::successors(Some(first * step), |at| Some(at + step))
        .take_while(|at| *at <= time.end)
        .collect()
}

/// What stands below a mark of an axis that is `span` seconds long.
fn label(at: f64, span: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a moment of the recording")]
    let Ok(moment) = OffsetDateTime::from_unix_timestamp(at.round() as i64) else {
        return String::new();
    };
    let text = if span > 700.0 * DAY {
        moment.format(format_description!("[month repr:short] [year]"))
    } else if span > 8.0 * DAY {
        moment.format(format_description!("[day padding:none] [month repr:short]"))
    } else {
        moment.format(format_description!(
            "[day padding:none] [month repr:short] [hour]:[minute]"
        ))
    };
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_at_whole_hours_or_days_and_do_not_crowd() {
        let start = 1_404_174_600.0;
        for (span, step) in [
            (HOUR, HOUR / 12.0),
            (DAY, 3.0 * HOUR),
            (7.0 * DAY, 12.0 * HOUR),
            (14.0 * DAY, DAY),
        ] {
            let marks = times(&(start..start + span));
            assert!((4..=17).contains(&marks.len()), "{span}: {marks:?}");
            assert!(
                marks
                    .iter()
                    .all(|at| at % step == 0.0 && (start..=start + span).contains(at))
            );
        }
        assert_eq!(label(start + HOUR / 2.0, DAY), "1 Jul 01:00");
        assert_eq!(label(start, 30.0 * DAY), "1 Jul");
        assert_eq!(label(start, 3650.0 * DAY), "Jul 2014");
    }
}
