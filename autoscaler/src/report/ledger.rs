//! How a promise about requests was kept, by quarters of an hour: today, and in the seven days before now.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::{Kept, Lately, Lateness, Promise, Stretch};

/// How far back it goes.
pub const WEEK: Duration = Duration::from_hours(7 * 24);

/// Each midnight of every time zone begins one: offsets from UTC are whole quarters of an hour.
pub const QUARTER: Duration = Duration::from_mins(15);

/// The requests of one project and how many of them were late by one promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Ledger {
    promise: Promise,
    /// Where the first known interval begins.
    since: Option<SystemTime>,
    /// By quarters since 1970.
    quarters: BTreeMap<u64, Lateness>,
}

impl Ledger {
    /// A ledger of this promise with nothing in it.
    #[must_use]
    pub fn new(promise: Promise) -> Self {
        Self {
            promise,
            since: None,
            quarters: BTreeMap::new(),
        }
    }

    /// The promise.
    #[must_use]
    pub fn promise(&self) -> Promise {
        self.promise
    }

    /// Follows `promise` from now on. Another share of the same wait leaves all as it is; by another wait other requests
    /// were late, so that nothing is known of it.
    pub fn follow(&mut self, promise: Promise) {
        if promise.wait != self.promise.wait {
            *self = Self::new(promise);
        }
        self.promise = promise;
    }

    /// Takes the requests of the interval of `covered` that ended at `at` in.
    pub fn note(&mut self, at: SystemTime, covered: Duration, requests: Lateness) {
        let begin = at.checked_sub(covered).unwrap_or(UNIX_EPOCH);
        self.since = Some(self.since.map_or(begin, |since| since.min(begin)));
        self.quarters.entry(quarter(at)).or_default().add(requests);
        let oldest = quarter(at.checked_sub(WEEK).unwrap_or(UNIX_EPOCH));
        self.quarters = self.quarters.split_off(&oldest);
    }

    /// How it was kept, seen from `now`, in the host's time zone.
    #[must_use]
    pub fn kept(&self, now: SystemTime) -> Kept {
        self.kept_from(now, midnight(now, &TimeZone::system()))
    }

    /// The same with the midnight that today begins at.
    fn kept_from(&self, now: SystemTime, midnight: SystemTime) -> Kept {
        let week = now.checked_sub(WEEK).unwrap_or(UNIX_EPOCH);
        Kept {
            promise: self.promise,
            lately: self.since.map(|since| Lately {
                today: self.stretch(since, midnight, now),
                week: self.stretch(since, week, now),
            }),
        }
    }

    fn stretch(&self, known: SystemTime, from: SystemTime, now: SystemTime) -> Stretch {
        let mut requests = Lateness::default();
        for more in self.quarters.range(quarter(from)..).map(|(_, more)| *more) {
            requests.add(more);
        }
        let since = known.max(from);
        Stretch {
            since,
            covered: now.duration_since(since).unwrap_or_default(),
            // The first check of a stretch comes some time after its beginning.
            whole: known <= from + QUARTER,
            requests,
        }
    }
}

fn quarter(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / QUARTER.as_secs()
}

/// The last midnight before `now` on the clocks of `zone`.
fn midnight(now: SystemTime, zone: &TimeZone) -> SystemTime {
    let begin = Timestamp::try_from(now)
        .ok()
        .and_then(|now| now.to_zoned_datetime(zone.clone()).start_of_day().ok());
    let seconds = begin.and_then(|begin| u64::try_from(begin.timestamp().as_second()).ok());
    seconds.map_or(now, |seconds| UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-11-15, noon in UTC.
    fn noon() -> SystemTime {
        UNIX_EPOCH + Duration::from_hours(472_236)
    }

    fn hours_before(hours: u64) -> SystemTime {
        noon() - Duration::from_hours(hours)
    }

    fn late(begun: u64, late: f64) -> Lateness {
        Lateness { begun, late }
    }

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn today_begins_at_the_local_midnight() {
        for (hours, midnight_before) in [(0, 12), (5, 17), (-7, 5), (14, 2)] {
            let offset = jiff::tz::offset(hours);
            let begin = midnight(noon(), &TimeZone::fixed(offset));
            assert_eq!(begin, hours_before(midnight_before), "UTC{hours:+}");
        }
    }

    #[test]
    fn what_is_older_than_seven_days_goes_and_today_is_a_part_of_them() {
        let mut ledger = Ledger::new(Promise::default());
        for (hours, requests) in [
            (200, late(1000, 1000.0)),
            (100, late(100, 4.0)),
            (11, late(50, 1.0)),
            (0, late(50, 0.0)),
        ] {
            ledger.note(hours_before(hours), MINUTE, requests);
        }
        let lately = ledger.kept_from(noon(), hours_before(12)).lately.unwrap();
        assert_eq!(lately.today.requests, late(100, 1.0));
        assert_eq!(lately.week.requests, late(200, 5.0));
        assert!(lately.today.whole && lately.week.whole, "{lately:?}");
        assert_eq!(lately.week.covered, WEEK);
        assert_eq!(ledger.quarters.len(), 3, "no more than it may be asked for");
    }

    #[test]
    fn what_is_covered_begins_where_anything_is_known() {
        let mut ledger = Ledger::new(Promise::default());
        assert_eq!(ledger.kept_from(noon(), hours_before(12)).lately, None);
        ledger.note(hours_before(3), MINUTE, late(10, 1.0));
        let lately = ledger.kept_from(noon(), hours_before(12)).lately.unwrap();
        for stretch in [lately.today, lately.week] {
            assert!(!stretch.whole, "{stretch:?}");
            assert_eq!(stretch.covered, Duration::from_hours(3) + MINUTE);
            assert_eq!(stretch.requests, late(10, 1.0));
        }
        // Its beginning is read later: the order does not matter.
        ledger.note(hours_before(20), MINUTE, late(90, 1.0));
        let lately = ledger.kept_from(noon(), hours_before(12)).lately.unwrap();
        assert!(lately.today.whole && !lately.week.whole, "{lately:?}");
        assert_eq!(lately.week.requests, late(100, 2.0));
    }

    #[test]
    fn another_wait_begins_anew_and_another_share_does_not() {
        let mut ledger = Ledger::new(Promise::default());
        ledger.note(noon(), MINUTE, late(10, 1.0));
        let stricter = Promise {
            percent: 0.5,
            ..Promise::default()
        };
        ledger.follow(stricter);
        assert_eq!(ledger.promise(), stricter);
        assert!(ledger.kept_from(noon(), noon()).lately.is_some());
        ledger.follow(Promise {
            wait: Duration::from_millis(200),
            ..stricter
        });
        assert_eq!(ledger.kept_from(noon(), noon()).lately, None);
    }
}
