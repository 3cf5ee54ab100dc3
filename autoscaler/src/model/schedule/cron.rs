//! When something begins: the five fields of a cron expression, crontab(5).

use croner::parser::{CronParser, Seconds, Year};
use croner::{CronPattern, Weekday};
use jiff::civil::{Date, Time};

/// A cron expression of five fields, in no time zone yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    days: CronPattern,
    hours: Vec<i8>,
    minutes: Vec<i8>,
}

/// A field of a cron expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CronField {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// 1 to 31.
    Day,
    /// 1 to 12, or JAN to DEC.
    Month,
    /// 0 to 7, or SUN to SAT.
    Weekday,
}

/// Why a text is no cron expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadCron {
    /// It has so many fields, and not five.
    Fields(usize),
    /// This field cannot be read.
    Field(CronField),
    /// No day of the calendar is meant, as with 30 February.
    Never,
}

impl CronField {
    const ALL: [Self; 5] = [Self::Minute, Self::Hour, Self::Day, Self::Month, Self::Weekday];

    /// The words that stand for numbers in it.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Minute | Self::Hour | Self::Day => &[],
            Self::Month => &[
                "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
            ],
            Self::Weekday => &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        }
    }

    /// Whether the field is written with what crontab(5) knows: the library knows more, and takes a name in any field.
    fn is_standard(self, text: &str) -> bool {
        let mut words = text.split(|c: char| c.is_ascii_digit() || "*,-/".contains(c));
        words.all(|word| word.is_empty() || self.names().contains(&word.to_ascii_uppercase().as_str()))
    }
}

/// Days after which the calendar is the same again, weekdays and all: 400 years.
const CALENDAR_DAYS: usize = 146_097;

impl Cron {
    /// Reads `text`.
    ///
    /// # Errors
    /// The first field that cannot be read, or that no day is meant.
    pub fn parse(text: &str) -> Result<Self, BadCron> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let Ok(five) = <[&str; 5]>::try_from(fields.as_slice()) else {
            return Err(BadCron::Fields(fields.len()));
        };
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        for (field, written) in CronField::ALL.into_iter().zip(five) {
            // Alone among stars: what is wrong is wrong there.
            let alone = CronField::ALL.map(|other| if other == field { written } else { "*" });
            if !field.is_standard(written) || parser.parse(&alone.join(" ")).is_err() {
                return Err(BadCron::Field(field));
            }
        }
        let text = five.join(" ");
        // Each field by itself is right, so the whole is.
        let days = parser
            .parse(&text)
            .map_err(|_| BadCron::Fields(five.len()))?
            .pattern;
        let numbers = |values: Vec<u16>| -> Vec<i8> {
            let numbers = values.into_iter().map(i8::try_from);
            numbers.filter_map(Result::ok).collect()
        };
        let cron = Self {
            text,
            hours: numbers(days.hours.values()),
            minutes: numbers(days.minutes.values()),
            days,
        };
        if cron.next_day(Date::constant(2000, 1, 1)).is_none() {
            return Err(BadCron::Never);
        }
        Ok(cron)
    }

    /// As it was written, with one space between two fields.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first day from `day` on that it means.
    #[must_use]
    pub fn next_day(&self, day: Date) -> Option<Date> {
        std::iter::successors(Some(day), |day| day.tomorrow().ok())
            .take(CALENDAR_DAYS)
            .find(|day| self.is_on(*day))
    }

    /// Whether it means this day.
    #[must_use]
    pub fn is_on(&self, day: Date) -> bool {
        let weekday = match day.weekday() {
            jiff::civil::Weekday::Sunday => Weekday::Sunday,
            jiff::civil::Weekday::Monday => Weekday::Monday,
            jiff::civil::Weekday::Tuesday => Weekday::Tuesday,
            jiff::civil::Weekday::Wednesday => Weekday::Wednesday,
            jiff::civil::Weekday::Thursday => Weekday::Thursday,
            jiff::civil::Weekday::Friday => Weekday::Friday,
            jiff::civil::Weekday::Saturday => Weekday::Saturday,
        };
        let [month, of_month] = [day.month(), day.day()].map(i8::unsigned_abs).map(u32::from);
        // An error is a day or a month that does not exist.
        self.days.month_match(month).unwrap_or(false)
            && self
                .days
                .day_match(i32::from(day.year()), month, of_month, weekday)
                .unwrap_or(false)
    }

    /// How many times there are in each of its days.
    #[must_use]
    pub fn times(&self) -> usize {
        self.hours.len() * self.minutes.len()
    }

    /// The time of this place, from 0, in the order of the day.
    #[must_use]
    pub fn time(&self, place: usize) -> Option<Time> {
        let hour = self.hours.get(place / self.minutes.len())?;
        let minute = self.minutes.get(place % self.minutes.len())?;
        Time::new(*hour, *minute, 0, 0).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(cron: &str, from: Date, until: Date) -> Vec<i8> {
        let cron = Cron::parse(cron).unwrap();
        let days = std::iter::successors(Some(from), |day| day.tomorrow().ok());
        days.take_while(|day| *day <= until)
            .filter(|day| cron.is_on(*day))
            .map(Date::day)
            .collect()
    }

    fn times(cron: &str) -> Vec<String> {
        let cron = Cron::parse(cron).unwrap();
        let times = (0..cron.times()).filter_map(|place| cron.time(place));
        times.map(|time| time.strftime("%H:%M").to_string()).collect()
    }

    #[test]
    fn ranges_steps_lists_and_names_are_read() {
        assert_eq!(times("0 8 * * *"), ["08:00"]);
        assert_eq!(times("*/30 8-9 * * *"), ["08:00", "08:30", "09:00", "09:30"]);
        assert_eq!(times("5,50 0,22 * * *"), ["00:05", "00:50", "22:05", "22:50"]);
        // November 2026 begins on a Sunday.
        let month = |cron| days(cron, Date::constant(2026, 11, 1), Date::constant(2026, 11, 14));
        assert_eq!(month("0 8 * * 1-5"), [2, 3, 4, 5, 6, 9, 10, 11, 12, 13]);
        assert_eq!(month("0 8 * * mon-FRI"), month("0 8 * * 1-5"));
        assert_eq!(month("0 8 * * 0"), [1, 8]);
        assert_eq!(month("0 8 * * 7"), [1, 8]);
        assert_eq!(month("0 8 * * 6-7"), [1, 7, 8, 14]);
        assert_eq!(month("0 8 * * sat-sun"), month("0 8 * * 6-7"));
        assert_eq!(month("0 8 * nov sun,wed"), [1, 4, 8, 11]);
        assert_eq!(month("0 8 1-10/3 11 *"), [1, 4, 7, 10]);
        // Where both are given, either is enough: crontab(5).
        assert_eq!(month("0 8 13 * 5"), [6, 13]);
        assert_eq!(month("0 8 3 * 5"), [3, 6, 13]);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        let fault = |cron| Cron::parse(cron).unwrap_err();
        assert_eq!(fault(""), BadCron::Fields(0));
        assert_eq!(fault("@daily"), BadCron::Fields(1));
        assert_eq!(fault("0 0 8 * * 1-5"), BadCron::Fields(6));
        for (cron, field) in [
            ("60 8 * * *", CronField::Minute),
            ("mon 8 * * *", CronField::Minute),
            ("0 24 * * *", CronField::Hour),
            ("0 8h * * *", CronField::Hour),
            ("0 8 0 * *", CronField::Day),
            ("0 8 L * *", CronField::Day),
            ("0 8 * 13 *", CronField::Month),
            ("0 8 * mon *", CronField::Month),
            ("0 8 * * 8", CronField::Weekday),
            ("0 8 * * sun-mon,8", CronField::Weekday),
            ("0 8 * * 5#2", CronField::Weekday),
            ("0 8 * * lun", CronField::Weekday),
            ("0 8 * * 1-", CronField::Weekday),
            ("*/0 8 * * *", CronField::Minute),
        ] {
            assert_eq!(fault(cron), BadCron::Field(field), "{cron}");
        }
    }

    #[test]
    fn a_day_that_never_comes_is_refused_and_a_rare_one_is_not() {
        for never in ["0 8 30 2 *", "0 8 31 4,6,9,11 *"] {
            assert_eq!(Cron::parse(never), Err(BadCron::Never), "{never}");
        }
        let leap = Cron::parse("0 8 29 2 *").unwrap();
        let after = Date::constant(2096, 3, 1);
        assert_eq!(leap.next_day(after), Some(Date::constant(2104, 2, 29)));
    }
}
