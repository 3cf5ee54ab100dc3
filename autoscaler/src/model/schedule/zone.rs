//! Local times, and the moments they are.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// The time zone of a schedule. In it each local time of a day is one moment, also on the two days of the year on which the
/// clocks are changed: one that is skipped is the moment of the change, one that comes twice is the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    rules: TimeZone,
    /// How it is named beside a time; `None` for the host's own.
    named: Option<String>,
}

impl Zone {
    /// The host's own time zone.
    #[must_use]
    pub fn of_host(rules: TimeZone) -> Self {
        Self { rules, named: None }
    }

    /// Another one, named beside each time.
    #[must_use]
    pub fn other(rules: TimeZone, name: &str) -> Self {
        Self {
            rules,
            named: Some(name.to_owned()),
        }
    }

    /// Its name, where it is not the host's own.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.named.as_deref()
    }

    /// The moment of a local time.
    #[must_use]
    pub fn moment(&self, local: DateTime) -> Timestamp {
        let moment = match self.rules.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                offset.to_timestamp(local).ok()
            }
            // The clocks are changed later than the skipped time would be by the clock after it.
            AmbiguousOffset::Gap { after, .. } => after.to_timestamp(local).ok().and_then(|earlier| {
                let change = self.rules.following(earlier).next();
                change.map(|change| change.timestamp())
            }),
        };
        // Beyond the calendar.
        moment.unwrap_or(Timestamp::MAX)
    }

    /// What its clocks show at `now`.
    #[must_use]
    pub fn local(&self, now: Timestamp) -> DateTime {
        self.rules.to_datetime(now)
    }

    /// `2026-12-01 08:00`, of the day of `now` without the date; with the zone's name where it is not the host's.
    #[must_use]
    pub fn told(&self, at: Timestamp, now: Timestamp) -> String {
        let local = self.local(at);
        let format = if local.date() == self.local(now).date() {
            "%H:%M"
        } else {
            "%Y-%m-%d %H:%M"
        };
        self.with_name(local.strftime(format).to_string())
    }

    /// The same time with the zone's name behind it, where it is not the host's.
    #[must_use]
    pub fn with_name(&self, time: String) -> String {
        match &self.named {
            Some(name) => format!("{time} {name}"),
            None => time,
        }
    }
}
