//! Other bounds at certain times: from each moment that a cron expression names until a time of day.

mod cron;
mod in_force;
mod zone;

pub use cron::{BadCron, Cron, CronField};
pub use in_force::{InForce, Schedules};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};
pub use zone::Zone;

/// One entry of a project's `at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// When it begins.
    pub cron: Cron,
    /// When it ends: the next such time after its beginning, at most a day later.
    pub until: Time,
    /// Fewest workers meanwhile; `None`: as without it.
    pub min: Option<u32>,
    /// Most workers meanwhile; `None`: as without it.
    pub max: Option<u32>,
    /// Whose local times these are.
    pub zone: Zone,
}

/// Which schedule asks for a bound, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its cron expression.
    pub cron: String,
    /// Its end: `18:00`, or `18:00 America/New_York` where that is not the host's time zone.
    pub until: String,
}

impl Schedule {
    /// The moment at which it ends, where it is in force at `now`.
    #[must_use]
    pub fn ends(&self, now: Timestamp) -> Option<Timestamp> {
        let today = self.zone.local(now).date();
        // It lasts a day at most. Where the clocks are put back over midnight, some of tomorrow may have been already.
        let days = [today.tomorrow().ok(), Some(today), today.yesterday().ok()];
        let begun = days.into_iter().flatten().find_map(|day| {
            let begun = self.begun(day, now);
            begun.checked_sub(1).and_then(|last| self.start(day, last))
        })?;
        let end = self.zone.moment(self.end(begun));
        (now < end).then_some(end)
    }

    /// When it begins next after `now`; where it is in force, after its end.
    #[must_use]
    pub fn begins(&self, now: Timestamp) -> Option<Timestamp> {
        match self.ends(now) {
            Some(end) => self.first(end, |start| start >= end),
            None => self.first(now, |start| start > now),
        }
    }

    /// Its bounds, as a reason tells them.
    #[must_use]
    pub fn asked(&self) -> Asked {
        Asked {
            cron: self.cron.text().to_owned(),
            until: self.zone.with_name(self.until.strftime("%H:%M").to_string()),
        }
    }

    /// The first start from the day of `from` on that is late enough.
    fn first(&self, from: Timestamp, late_enough: impl Fn(Timestamp) -> bool) -> Option<Timestamp> {
        let mut day = self.cron.next_day(self.zone.local(from).date())?;
        loop {
            let early = self.count(day, |start| !late_enough(start));
            if let Some(start) = self.start(day, early) {
                return Some(self.zone.moment(start));
            }
            day = self.cron.next_day(day.tomorrow().ok()?)?;
        }
    }

    /// How many of a day's starts have been at `now`.
    fn begun(&self, day: Date, now: Timestamp) -> usize {
        let midnight = || self.zone.moment(DateTime::from(day));
        if !self.cron.is_on(day) || now < midnight() {
            return 0;
        }
        self.count(day, |start| start <= now)
    }

    /// How many of a day's starts are `early`: those that are come first.
    fn count(&self, day: Date, early: impl Fn(Timestamp) -> bool) -> usize {
        let (mut least, mut most) = (0, self.cron.times());
        while least < most {
            let middle = usize::midpoint(least, most);
            let start = self.start(day, middle);
            if start.is_some_and(|start| early(self.zone.moment(start))) {
                least = middle + 1;
            } else {
                most = middle;
            }
        }
        least
    }

    fn start(&self, day: Date, place: usize) -> Option<DateTime> {
        self.cron.time(place).map(|time| day.to_datetime(time))
    }

    /// The local end of what begins at this local time.
    fn end(&self, start: DateTime) -> DateTime {
        let day = start.date();
        let of_day = if self.until > start.time() {
            day
        } else {
            day.tomorrow().unwrap_or(Date::MAX)
        };
        of_day.to_datetime(self.until)
    }
}

#[cfg(test)]
mod tests;
