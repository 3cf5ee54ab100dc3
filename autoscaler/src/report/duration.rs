//! Durations as people say them.

use std::time::Duration;

/// `45s`, `3m00s`, `1h05m`.
pub(super) fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 if duration.subsec_millis() >= 50 && seconds < 10 => format!("{:.1}s", duration.as_secs_f64()),
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_has_its_own_form() {
        for (millis, text) in [
            (0, "0s"),
            (1_500, "1.5s"),
            (45_900, "45s"),
            (180_000, "3m00s"),
            (3_900_000, "1h05m"),
        ] {
            assert_eq!(short(Duration::from_millis(millis)), text);
        }
    }
}
