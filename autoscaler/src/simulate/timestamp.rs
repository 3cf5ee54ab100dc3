//! Timestamps as recordings write them ↔ seconds since 1970.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::parsing::Parsed;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

const DATE_TIME: &[BorrowedFormatItem<'_>] = format_description!(
    version = 2,
    "[year]-[month]-[day][optional [[first [T][t][ ]][hour]:[minute][optional [:[second][optional [[first [.][,]][subsecond]]]]]]]\
     [optional [[first [Z][z][[offset_hour sign:mandatory][optional [:]][offset_minute]]]]]"
);

const SHOWN: &[BorrowedFormatItem<'_>] =
    format_description!(version = 2, "[year]-[month]-[day] [hour]:[minute]:[second]");

/// Numbers from here on are milliseconds: as seconds they would be the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// Reads a date, a date and time (`2014-07-01 00:30`, `2014-07-01T00:30:00.5Z`, `…+02:00`), or a number of
/// seconds or milliseconds since 1970. Without an offset it is taken for UTC.
#[must_use]
pub fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        let seconds = if number >= MILLISECONDS_FROM {
            number / 1000.0
        } else {
            number
        };
        return (0.0..MILLISECONDS_FROM).contains(&seconds).then_some(seconds);
    }
    let mut parsed = Parsed::new();
    let rest = parsed.parse_items(text.as_bytes(), DATE_TIME).ok()?;
    if !rest.is_empty() {
        return None;
    }
    if parsed.hour_24().is_none() {
        parsed.set_hour_24(0)?;
    }
    let offset = match parsed.offset_hour() {
        Some(hours) => UtcOffset::from_hms(hours, parsed.offset_minute_signed().unwrap_or(0), 0).ok()?,
        None => UtcOffset::UTC,
    };
    let at = PrimitiveDateTime::try_from(parsed).ok()?.assume_offset(offset);
    Some(at.unix_timestamp() as f64 + f64::from(at.nanosecond()) / 1e9)
}

/// Seconds since 1970 as `2014-07-01 00:30:00`, UTC.
#[must_use]
pub fn format(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`parse` gives nothing beyond the year 9999"
    )]
    let whole = seconds as i64;
    OffsetDateTime::from_unix_timestamp(whole)
        .ok()
        .and_then(|at| at.format(SHOWN).ok())
        .unwrap_or_else(|| format!("{seconds} s since 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_writing_a_moment_gives_the_same() {
        let moment = 1_404_174_600.0;
        for text in [
            "2014-07-01 00:30:00",
            "2014-07-01 00:30",
            " 2014-07-01T00:30:00Z ",
            "2014-07-01T00:30:00.000Z",
            "2014-07-01T02:30:00+02:00",
            "2014-06-30 19:30:00-0500",
            "1404174600",
            "1404174600.0",
            "1404174600000",
        ] {
            assert_eq!(parse(text), Some(moment), "{text:?}");
        }
        assert_eq!(parse("2014-07-01"), Some(moment - 1800.0));
        assert_eq!(parse("2014-07-01 00:30:00.25"), Some(moment + 0.25));
        assert_eq!(format(moment), "2014-07-01 00:30:00");
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "yesterday",
            "2014-13-01 00:00",
            "2014-02-30",
            "01/07/2014",
            "2014-07-01 00:30:00 x",
            "-5",
            "NaN",
            "inf",
            "1e300",
            "12:30",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
