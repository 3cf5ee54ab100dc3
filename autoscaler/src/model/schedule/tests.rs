use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::model::Bounds;

/// As on a host whose zone this is; by its rules of this decade, whatever time zones the machine has.
fn zone(rules: &str) -> Zone {
    Zone::of_host(TimeZone::posix(rules).unwrap())
}

fn madrid() -> Zone {
    zone("CET-1CEST,M3.5.0,M10.5.0/3")
}

fn new_york() -> Zone {
    zone("EST5EDT,M3.2.0,M11.1.0")
}

/// No clock is changed there.
fn tokyo() -> Zone {
    zone("JST-9")
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn schedule(cron: &str, until: &str, zone: Zone) -> Schedule {
    Schedule {
        cron: Cron::parse(cron).unwrap(),
        until: until.parse().unwrap(),
        min: Some(4),
        max: None,
        zone,
    }
}

/// The times in UTC at which it begins and ends, `count` of them after `from`.
fn periods(schedule: &Schedule, from: &str, count: usize) -> Vec<String> {
    let told = |at: Timestamp| at.strftime("%d %H:%M").to_string();
    let mut now = at(from);
    let mut periods = Vec::new();
    for _ in 0..count {
        let begins = schedule.begins(now).unwrap();
        assert_eq!(schedule.ends(begins - jiff::SignedDuration::from_nanos(1)), None);
        let ends = schedule.ends(begins).unwrap();
        assert_eq!(
            schedule.ends(ends - jiff::SignedDuration::from_nanos(1)),
            Some(ends)
        );
        assert_eq!(schedule.ends(ends), None);
        periods.push(format!("{} to {}", told(begins), told(ends)));
        now = ends;
    }
    periods
}

#[test]
fn working_hours_are_local_before_and_after_each_change_of_the_clocks() {
    let office = |zone| schedule("0 8 * * 1-5", "18:00", zone);
    // Madrid: 29 March and 25 October 2026, both Sundays.
    assert_eq!(
        periods(&office(madrid()), "2026-03-27T12:00:00Z", 2),
        ["30 06:00 to 30 16:00", "31 06:00 to 31 16:00"]
    );
    assert_eq!(
        periods(&office(madrid()), "2026-03-26T18:00:00Z", 1),
        ["27 07:00 to 27 17:00"]
    );
    assert_eq!(
        periods(&office(madrid()), "2026-10-22T22:00:00Z", 2),
        ["23 06:00 to 23 16:00", "26 07:00 to 26 17:00"]
    );
    // New York: 8 March and 1 November 2026.
    assert_eq!(
        periods(&office(new_york()), "2026-03-05T23:30:00Z", 2),
        ["06 13:00 to 06 23:00", "09 12:00 to 09 22:00"]
    );
    assert_eq!(
        periods(&office(new_york()), "2026-10-29T23:30:00Z", 2),
        ["30 12:00 to 30 22:00", "02 13:00 to 02 23:00"]
    );
    assert_eq!(
        periods(&office(tokyo()), "2026-03-28T12:00:00Z", 2),
        ["29 23:00 to 30 09:00", "30 23:00 to 31 09:00"]
    );
}

#[test]
fn a_start_that_the_clocks_skip_is_at_the_change() {
    // In Madrid 02:00 is 03:00 on 29 March, at 01:00 UTC; in New York on 8 March, at 07:00 UTC.
    for (zone, day, change) in [(madrid(), "28", "29 01:00"), (new_york(), "07", "08 07:00")] {
        let from = format!("2026-03-{day}T12:00:00Z");
        let skipped = schedule("30 2 * * *", "04:00", zone.clone());
        let begins = skipped.begins(at(&from)).unwrap();
        assert_eq!(begins.strftime("%d %H:%M").to_string(), change);
        let ends = skipped.ends(begins).unwrap();
        assert_eq!(ends.duration_since(begins), jiff::SignedDuration::from_hours(1));
        // Skipped as a whole, it does not begin; the day after it does.
        let nothing = schedule("15 2 * * *", "02:45", zone.clone());
        assert_eq!(nothing.ends(begins), None);
        let next_day = nothing.begins(begins).unwrap();
        assert!(next_day - jiff::SignedDuration::from_hours(22) > begins);
        assert!(nothing.ends(next_day).is_some());
    }
}

#[test]
fn an_end_that_the_clocks_skip_is_at_the_change() {
    assert_eq!(
        periods(
            &schedule("0 22 * * 6", "02:30", madrid()),
            "2026-03-28T12:00:00Z",
            1
        ),
        ["28 21:00 to 29 01:00"]
    );
}

#[test]
fn a_start_in_the_hour_that_comes_twice_is_the_first_one_and_so_is_an_end() {
    // In Madrid 03:00 is 02:00 again on 25 October, at 01:00 UTC; in New York on 1 November, at 06:00 UTC.
    assert_eq!(
        periods(
            &schedule("30 2 * * *", "06:00", madrid()),
            "2026-10-24T12:00:00Z",
            2
        ),
        ["25 00:30 to 25 05:00", "26 01:30 to 26 05:00"]
    );
    assert_eq!(
        periods(
            &schedule("30 1 * * *", "06:00", new_york()),
            "2026-10-31T12:00:00Z",
            2
        ),
        ["01 05:30 to 01 11:00", "02 06:30 to 02 11:00"]
    );
    // The second time it is 02:15, it has been over for three quarters of an hour.
    assert_eq!(
        periods(
            &schedule("15 2 * * *", "02:30", madrid()),
            "2026-10-24T12:00:00Z",
            2
        ),
        ["25 00:15 to 25 00:30", "26 01:15 to 26 01:30"]
    );
    assert_eq!(
        periods(
            &schedule("0 22 * * *", "02:30", madrid()),
            "2026-10-24T12:00:00Z",
            1
        ),
        ["24 20:00 to 25 00:30"]
    );
    // An hour more is between them.
    assert_eq!(
        periods(
            &schedule("0 1 * * *", "04:00", madrid()),
            "2026-10-24T12:00:00Z",
            1
        ),
        ["24 23:00 to 25 03:00"]
    );
}

#[test]
fn clocks_that_are_put_back_over_midnight_bring_no_second_start() {
    // At 00:01 it is 23:01 of the day before: St. John's until 2011.
    let johns = zone("NST3:30NDT2:30,M3.2.0/0:01,M11.1.0/0:01");
    let midnight = schedule("0 0 * * *", "06:00", johns);
    assert_eq!(
        periods(&midnight, "2010-11-06T12:00:00Z", 2),
        ["07 02:30 to 07 09:30", "08 03:30 to 08 09:30"]
    );
    // It is 23:30 of 6 November once more, and the day has begun.
    assert!(midnight.ends(at("2010-11-07T03:00:00Z")).is_some());
}

#[test]
fn it_lasts_over_midnight_and_a_whole_day_where_it_says_so() {
    assert_eq!(
        periods(
            &schedule("0 22 * * *", "06:00", tokyo()),
            "2026-05-01T12:00:00Z",
            2
        ),
        ["01 13:00 to 01 21:00", "02 13:00 to 02 21:00"]
    );
    let saturday = schedule("0 0 * * sat", "00:00", tokyo());
    assert_eq!(
        periods(&saturday, "2026-05-01T12:00:00Z", 2),
        ["01 15:00 to 02 15:00", "08 15:00 to 09 15:00"]
    );
    // Its end is its next start: it goes on without a break.
    let always = schedule("* * * * *", "18:00", tokyo());
    let evening = at("2026-05-01T09:00:00Z");
    assert_eq!(
        always.ends(evening - jiff::SignedDuration::from_secs(1)),
        Some(evening)
    );
    assert_eq!(always.ends(evening), Some(at("2026-05-02T09:00:00Z")));
}

fn bounds_at(entries: Vec<Schedule>, now: &str) -> (u32, u32) {
    let Bounds { min, max } = Schedules::new(Bounds { min: 2, max: 6 }, entries)
        .at(at(now))
        .bounds;
    (min, max)
}

/// 0 asks for nothing.
fn asking(min: u32, max: u32) -> Schedule {
    Schedule {
        min: (min > 0).then_some(min),
        max: (max > 0).then_some(max),
        ..schedule("0 8 * * *", "18:00", tokyo())
    }
}

#[test]
fn of_several_at_once_the_highest_minimum_and_the_lowest_maximum_hold() {
    let (day, night) = ("2026-05-01T01:00:00Z", "2026-05-01T12:00:00Z");
    let cases: [(Vec<Schedule>, (u32, u32)); 7] = [
        (vec![asking(4, 0)], (4, 6)),
        (vec![asking(1, 0)], (1, 6)),
        (vec![asking(0, 3)], (2, 3)),
        (vec![asking(3, 0), asking(5, 0), asking(4, 0)], (5, 6)),
        (vec![asking(0, 5), asking(0, 4), asking(0, 8)], (2, 4)),
        (vec![asking(8, 10), asking(1, 1)], (8, 8)),
        (vec![asking(1, 9), asking(4, 0)], (4, 9)),
    ];
    for (entries, bounds) in cases {
        assert_eq!(bounds_at(entries.clone(), day), bounds, "{entries:?}");
        assert_eq!(bounds_at(entries, night), (2, 6));
    }
    let both = vec![asking(8, 10), asking(1, 1)];
    let widest = Schedules::new(Bounds { min: 2, max: 6 }, both).widest();
    assert_eq!(widest, Bounds { min: 1, max: 10 });
}

#[test]
fn the_schedule_that_asks_is_named_with_its_end() {
    let told = |entries: Vec<Schedule>| {
        let held = Schedules::new(Bounds { min: 2, max: 6 }, entries).at(at("2026-05-01T01:00:00Z"));
        [held.least, held.most].map(|asked| asked.map(|asked| (asked.cron, asked.until)))
    };
    let office = || Some(("0 8 * * *".to_owned(), "18:00".to_owned()));
    assert_eq!(told(vec![asking(4, 0)]), [office(), None]);
    assert_eq!(told(vec![asking(0, 3)]), [None, office()]);
    let elsewhere = Schedule {
        zone: Zone::other(TimeZone::posix("JST-9").unwrap(), "Asia/Tokyo"),
        ..asking(5, 0)
    };
    let named = Some(("0 8 * * *".to_owned(), "18:00 Asia/Tokyo".to_owned()));
    assert_eq!(told(vec![asking(4, 0), elsewhere]), [named, None]);
}

/// A made-up entry, and the numbers that its cron expression was written from.
#[derive(Debug, Clone)]
struct Made {
    entry: Schedule,
    minutes: Vec<i8>,
    hours: Vec<i8>,
    weekdays: Vec<i8>,
}

impl Made {
    fn begins_at(&self, local: DateTime) -> bool {
        let weekday = local.date().weekday().to_sunday_zero_offset();
        self.minutes.contains(&local.minute())
            && self.hours.contains(&local.hour())
            && self.weekdays.contains(&weekday)
    }
}

fn some(range: std::ops::Range<i8>, most: usize) -> impl Strategy<Value = Vec<i8>> {
    let every: Vec<i8> = range.collect();
    proptest::sample::subsequence(every, 1..=most)
}

fn list(numbers: &[i8]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(",")
}

fn made(zone: Zone) -> impl Strategy<Value = Made> {
    // Mostly in the hours in which clocks are changed.
    let hours = prop_oneof![some(0..24, 3), some(0..4, 3)];
    let bounds = (1_u32..8, 0_u32..6, 0..3);
    let parts = (some(0..60, 3), hours, some(0..7, 7), 0_i8..24, 0_i8..60, bounds);
    parts.prop_map(
        move |(minutes, hours, weekdays, hour, minute, (min, more, given))| {
            let cron = format!("{} {} * * {}", list(&minutes), list(&hours), list(&weekdays));
            let entry = Schedule {
                cron: Cron::parse(&cron).unwrap(),
                until: Time::constant(hour, minute, 0, 0),
                min: (given != 1).then_some(min),
                max: (given != 2).then_some(min + more),
                zone: zone.clone(),
            };
            Made {
                entry,
                minutes,
                hours,
                weekdays,
            }
        },
    )
}

fn year() -> impl Strategy<Value = (Zone, Vec<Made>)> {
    prop_oneof![Just(madrid()), Just(new_york()), Just(tokyo())].prop_flat_map(|zone| {
        let entries = proptest::collection::vec(made(zone.clone()), 1..4);
        (Just(zone), entries)
    })
}

/// What runs, by walking through every local minute: a minute that the clocks skip has come when they have, and one that comes
/// again has been.
struct Walked {
    reached: DateTime,
    ends: Vec<Option<DateTime>>,
}

impl Walked {
    fn walk_to(&mut self, local: DateTime, entries: &[Made]) {
        while self.reached < local {
            self.reached = self.reached.checked_add(jiff::Span::new().minutes(1)).unwrap();
            for (end, made) in self.ends.iter_mut().zip(entries) {
                *end = end.filter(|end| self.reached < *end);
                if made.begins_at(self.reached) {
                    let today = self.reached.date().to_datetime(made.entry.until);
                    *end = Some(if today > self.reached {
                        today
                    } else {
                        today.checked_add(jiff::Span::new().days(1)).unwrap()
                    });
                }
            }
        }
    }

    fn bounds(&self, own: Bounds, entries: &[Made]) -> Bounds {
        let running = || entries.iter().zip(&self.ends).filter(|(_, end)| end.is_some());
        let min = running()
            .filter_map(|(made, _)| made.entry.min)
            .max()
            .unwrap_or(own.min);
        let max = running()
            .filter_map(|(made, _)| made.entry.max)
            .min()
            .unwrap_or(own.max);
        Bounds {
            min,
            max: max.max(min),
        }
    }
}

proptest! {
    // Each is half a million minutes.
    #![proptest_config(ProptestConfig::with_cases(4))]

    /// The bounds of every minute of a year are those of a walk through its local minutes, looked at anew or only when they are
    /// said to change.
    #[test]
    fn every_minute_of_a_year_has_the_bounds_of_a_walk_through_it((zone, entries) in year(), odd in 3..50_i64) {
        let own = Bounds { min: 2, max: 9 };
        let schedules = Schedules::new(own, entries.iter().map(|made| made.entry.clone()).collect());
        let first = at("2026-01-01T00:00:00Z");
        let start = zone.local(first);
        let mut walked = Walked { reached: start, ends: vec![None; entries.len()] };
        let mut held: Option<InForce> = None;
        // The first two days tell what runs: none lasts longer.
        for minute in 0..(365 * 24 * 60) {
            let now = first + jiff::SignedDuration::from_mins(minute);
            walked.walk_to(zone.local(now), &entries);
            if minute < 2 * 24 * 60 {
                continue;
            }
            let expected = walked.bounds(own, &entries);
            prop_assert!(expected.min <= expected.max);
            if held.as_ref().is_none_or(|held| now >= held.until) {
                held = Some(schedules.at(now));
            }
            prop_assert_eq!(held.as_ref().map(|held| held.bounds), Some(expected), "{}", now);
            if minute % odd == 0 {
                prop_assert_eq!(Some(schedules.at(now)), held.clone(), "{}", now);
            }
        }
    }
}
