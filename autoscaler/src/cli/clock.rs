//! Unix times as people read them, in the host's time zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `14:03:20`, with the date in front unless it is of the day of `now`.
pub(super) fn time(at: i64, now: i64) -> String {
    in_zone(at, now, &TimeZone::system())
}

/// `14:03:20`, or `14:03:20-14:27:20`.
pub(super) fn span(from: i64, until: i64, now: i64) -> String {
    if from == until {
        return time(from, now);
    }
    format!("{}-{}", time(from, now), time(until, from))
}

/// How long ago: `12s`, `4m`, `2h05m`, `3d`.
pub(super) fn age(at: i64, now: i64) -> String {
    let seconds = (now - at).max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d", seconds / 86_400),
    }
}

fn in_zone(at: i64, now: i64, zone: &TimeZone) -> String {
    let zoned = |seconds| {
        Timestamp::from_second(seconds)
            .unwrap_or_default()
            .to_zoned_datetime(zone.clone())
    };
    let (at, now) = (zoned(at), zoned(now));
    let time = format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    if at.date() == now.date() {
        time
    } else {
        format!("{} {time}", at.date())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_day_is_named() {
        let zone = TimeZone::UTC;
        let noon = 1_700_049_600;
        assert_eq!(in_zone(noon, noon + 60, &zone), "12:00:00");
        assert_eq!(in_zone(noon, noon + 86_400, &zone), "2023-11-15 12:00:00");
    }

    #[test]
    fn the_past_is_told_in_the_unit_that_fits() {
        for (seconds, text) in [
            (5, "5s"),
            (240, "4m"),
            (7500, "2h05m"),
            (300_000, "3d"),
            (-3, "0s"),
        ] {
            assert_eq!(age(1000, 1000 + seconds), text);
        }
    }
}
