//! What is wrong with an entry of `at`, and with a time zone.

use crate::model::BadCron;

/// Why a schedule, or a time zone, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadSchedule {
    /// No cron expression.
    NoCron,
    /// A cron expression that cannot be used.
    Cron(BadCron),
    /// No end.
    NoUntil,
    /// An end that is no time of day.
    Until,
    /// Neither bound.
    NoBound,
    /// A minimum above the project's own maximum, which follows.
    AboveMaximum(u32, u32),
    /// A maximum below the project's own minimum, which follows.
    BelowMinimum(u32, u32),
    /// A time zone that is not known here, and the nearest one that is.
    Zone(Option<String>),
    /// A time zone on a host that knows none.
    NoZones,
}
