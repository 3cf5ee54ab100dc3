//! The host's time zone, for labels. One offset for the whole window: the one at its end.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

const MINUTES: &[BorrowedFormatItem<'_>] =
    format_description!(version = 2, "[year]-[month]-[day] [hour]:[minute]");

const CLOCK: &[BorrowedFormatItem<'_>] =
    format_description!(version = 2, "[month]-[day] [hour]:[minute]:[second]");

/// An offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(UtcOffset);

impl Zone {
    /// UTC.
    pub const UTC: Self = Self(UtcOffset::UTC);

    /// The host's at the moment `at`; UTC where it cannot be told.
    #[must_use]
    pub fn local(at: SystemTime) -> Self {
        let seconds = Timestamp::try_from(at)
            .map(|at| TimeZone::system().to_offset(at).seconds())
            .unwrap_or_default();
        Self(UtcOffset::from_whole_seconds(seconds).unwrap_or(UtcOffset::UTC))
    }

    /// Its name: `UTC`, `UTC+01:00`.
    #[must_use]
    pub fn name(self) -> String {
        let (hours, minutes, _) = self.0.as_hms();
        if self.0.is_utc() {
            return "UTC".into();
        }
        let sign = if self.0.is_negative() { '-' } else { '+' };
        format!("UTC{sign}{:02}:{:02}", hours.abs(), minutes.abs())
    }

    /// `2026-11-23 14:03`.
    #[must_use]
    pub fn minutes(self, at: SystemTime) -> String {
        self.format(at, MINUTES)
    }

    /// `11-23 14:03:20`.
    #[must_use]
    pub fn clock(self, at: SystemTime) -> String {
        self.format(at, CLOCK)
    }

    /// Seconds since 1970 of the clock on the wall, as [`TimeAxis`](crate::picture::TimeAxis) labels them.
    #[must_use]
    pub fn wall_seconds(self, at: SystemTime) -> f64 {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        since.as_secs_f64() + f64::from(self.0.whole_seconds())
    }

    fn format(self, at: SystemTime, format: &[BorrowedFormatItem<'_>]) -> String {
        OffsetDateTime::from(at)
            .to_offset(self.0)
            .format(format)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_wall_shows_the_offset() {
        let at = UNIX_EPOCH + Duration::from_hours(472_236);
        let zone = Zone(UtcOffset::from_hms(-3, -30, 0).unwrap());
        assert_eq!(zone.name(), "UTC-03:30");
        assert_eq!(zone.minutes(at), "2023-11-15 08:30");
        assert_eq!(zone.clock(at), "11-15 08:30:00");
        assert_eq!(Zone::UTC.name(), "UTC");
    }
}
