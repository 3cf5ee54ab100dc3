//! Figures and names as short text of a bounded width, the same for the screen and for plain output.

use std::time::Duration;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::words::plain::drives_terminal;

/// A percentage or a rate in at most 6 columns: `0.0`, `99.9`, `9999.9`, `123456`, `1235k`.
#[must_use]
pub fn number(value: f64) -> String {
    if value < 9_999.95 {
        format!("{value:.1}")
    } else if value < 999_999.5 {
        format!("{value:.0}")
    } else if value < 99_999_500.0 {
        format!("{:.0}k", value / 1e3)
    } else {
        format!("{:.0}M", value / 1e6)
    }
}

/// A count in at most 6 columns.
#[must_use]
pub fn count(value: u64) -> String {
    if value < 1_000_000 {
        value.to_string()
    } else {
        number(value as f64)
    }
}

/// Bytes in at most 5 columns, in powers of 1024: `0B`, `512K`, `1.5M`, `1023M`, `18G`. `u64::MAX` is `max`, as
/// the kernel writes "no limit".
#[must_use]
pub fn bytes(value: u64) -> String {
    if value == u64::MAX {
        return "max".to_owned();
    }
    let mut scaled = value as f64;
    for unit in ["B", "K", "M", "G", "T"] {
        if scaled < 1023.5 {
            return if scaled < 9.95 && unit != "B" {
                format!("{scaled:.1}{unit}")
            } else {
                format!("{scaled:.0}{unit}")
            };
        }
        scaled /= 1024.0;
    }
    format!("{scaled:.0}P")
}

/// CPU time in at most 6 columns: `0.00s`, `59.9s`, `4m05s`, `1h02m`, `3d04h`, `1234d`.
#[must_use]
pub fn cpu_time(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    if seconds < 10 {
        format!("{:.2}s", time.as_secs_f64())
    } else if minutes == 0 {
        format!("{:.1}s", time.as_secs_f64().min(59.9))
    } else if hours == 0 {
        format!("{minutes}m{:02}s", seconds % 60)
    } else if days == 0 {
        format!("{hours}h{:02}m", minutes % 60)
    } else if days < 100 {
        format!("{days}d{:02}h", hours % 24)
    } else {
        format!("{days}d")
    }
}

/// A length of time as people say it: `45s`, `3m`, `1m20s`, `2h05m`, `3d04h`.
#[must_use]
pub fn time_span(seconds: f64) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that is negative or too large becomes the nearest number there is"
    )]
    let seconds = seconds.floor() as u64;
    let pair = |large: u64, unit: char, small: u64, part: char| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit}{small:02}{part}"),
    };
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => pair(seconds / 60, 'm', seconds % 60, 's'),
        3600..86_400 => pair(seconds / 3600, 'h', seconds % 3600 / 60, 'm'),
        _ => pair(seconds / 86_400, 'd', seconds % 86_400 / 3600, 'h'),
    }
}

/// A name that cannot harm a terminal or the columns: control characters and marks that turn the direction of
/// writing become U+FFFD. Anyone who may make a cgroup chooses its name.
#[must_use]
pub fn clean(name: &str) -> String {
    name.replace(drives_terminal, "\u{fffd}")
}

/// The columns that a text takes on a terminal.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` in exactly `columns` columns: filled with spaces on the right, or cut at a whole character with `…`.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    let full = text.width();
    if full <= columns {
        let mut out = String::with_capacity(text.len() + columns - full);
        out.push_str(text);
        out.extend(std::iter::repeat_n(' ', columns - full));
        return out;
    }
    let Some(room) = columns.checked_sub(1) else {
        return String::new();
    };
    let mut out = String::new();
    let mut used = 0;
    for character in text.graphemes(true) {
        let width = character.width();
        if used + width > room {
            break;
        }
        out.push_str(character);
        used += width;
    }
    out.push('…');
    used += 1;
    out.extend(std::iter::repeat_n(' ', columns - used));
    out
}

/// `text`, short and without wide characters, in at least `columns` columns: filled with spaces on the left.
#[must_use]
pub fn fit_right(text: &str, columns: usize) -> String {
    format!("{text:>columns$}")
}

/// Three figures of a time: `85µs`, `1.24ms`, `480ms`, `12.5s`.
#[must_use]
pub fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let (value, unit) = match seconds {
        0.0..0.001 => (seconds * 1e6, "µs"),
        0.001..1.0 => (seconds * 1e3, "ms"),
        _ => (seconds, "s"),
    };
    let digits = match value {
        0.0..9.995 if unit != "µs" => 2,
        0.0..99.95 if unit != "µs" => 1,
        _ => 0,
    };
    format!("{value:.digits$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_three_figures() {
        for (nanos, told) in [
            (85_000, "85µs"),
            (1_240_000, "1.24ms"),
            (48_000_000, "48.0ms"),
            (480_000_000, "480ms"),
            (1_500_000_000, "1.50s"),
            (12_500_000_000, "12.5s"),
            (125_000_000_000, "125s"),
        ] {
            assert_eq!(time(Duration::from_nanos(nanos)), told);
        }
    }

    #[test]
    fn numbers_never_take_more_than_six_columns() {
        let cases = [
            (0.0, "0.0"),
            (99.94, "99.9"),
            (9_999.94, "9999.9"),
            (9_999.96, "10000"),
            (25_600.0, "25600"),
            (999_999.4, "999999"),
            (999_999.6, "1000k"),
            (12_345_678.0, "12346k"),
            (1e9, "1000M"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
            assert!(text.len() <= 6);
        }
    }

    #[test]
    fn bytes_never_take_more_than_five_columns() {
        let cases = [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.0K"),
            (10_200, "10K"),
            (1_047_552, "1023K"),
            (1_048_100, "1.0M"),
            (u64::MAX - 1, "16384P"),
            (u64::MAX, "max"),
        ];
        for (value, text) in cases {
            assert_eq!(bytes(value), text);
        }
        assert_eq!(bytes(500 << 20), "500M");
        assert_eq!(bytes(18 << 30), "18G");
    }

    #[test]
    fn cpu_times() {
        for (millis, text) in [
            (0, "0.00s"),
            (59_990, "59.9s"),
            (245_000, "4m05s"),
            (3_720_000, "1h02m"),
            (273_600_000, "3d04h"),
            (8_640_000_000, "100d"),
        ] {
            assert_eq!(cpu_time(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn lengths_of_time() {
        for (seconds, text) in [
            (-1.0, "0s"),
            (45.9, "45s"),
            (80.0, "1m20s"),
            (180.0, "3m"),
            (7_500.0, "2h05m"),
            (273_600.0, "3d04h"),
        ] {
            assert_eq!(time_span(seconds), text);
        }
    }

    #[test]
    fn a_wide_name_is_cut_at_a_whole_character() {
        assert_eq!(fit("abc", 5), "abc  ");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(fit("服务器", 6), "服务器");
        assert_eq!(fit("服务器", 5), "服务…");
        assert_eq!(fit("服务器", 4), "服… ");
        assert_eq!(fit("é\u{301}tude", 3), "é\u{301}t…");
        assert_eq!(fit("x", 0), "");
        for columns in 0..9 {
            assert_eq!(width(&fit("a服b务c", columns)), columns);
        }
    }

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\u{202e}c\t"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}");
        assert_eq!(clean("caché-服务.service"), "caché-服务.service");
    }
}
