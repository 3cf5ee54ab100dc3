//! A project's requests in one line.

use super::{NONE, Words, beside};
use crate::control::{ListenQueueStatus, ProjectStatus, RequestsStatus};

/// `12.4/s, busy 40 < 78% < 75 (3.1 of 4), 2 waiting (oldest 480ms), wait p50 12ms p95 480ms p99 610ms, service 200ms p95 310ms`.
pub(super) fn line(seen: &RequestsStatus, project: &ProjectStatus, words: &Words) -> String {
    let [_, busy, wait, service, long, lost] = words.requests;
    let mut parts = vec![format!("{:.1}/s", seen.per_second)];
    parts.push(match (seen.slots, seen.busy_percent) {
        (Some(slots), Some(percent)) => {
            let percent = beside(Some(format!("{percent:.0}%")), "busy", project);
            format!("{busy} {percent} ({:.1}/{slots})", seen.busy)
        }
        _ => format!("{busy} {:.1}", seen.busy),
    });
    let oldest = seen
        .oldest_waiting_seconds
        .map(|_| format!(" ({} {})", words.oldest, time(seen.oldest_waiting_seconds)));
    parts.push(format!(
        "{} {}{}",
        seen.waiting,
        words.waiting,
        oldest.unwrap_or_default()
    ));
    parts.push(format!(
        "{wait} p50 {} p95 {} p99 {}",
        time(seen.wait_p50_seconds),
        beside(Some(time(seen.wait_p95_seconds)), "wait", project),
        time(seen.wait_p99_seconds)
    ));
    parts.push(format!(
        "{service} {} p95 {}",
        time(seen.service_mean_seconds),
        time(seen.service_p95_seconds)
    ));
    if seen.long > 0 {
        parts.push(format!("{} {long}", seen.long));
    }
    if seen.abandoned > 0 {
        parts.push(format!("{} {lost}", seen.abandoned));
    }
    parts.join(", ")
}

/// `127.0.0.1:8000: 3/2048 waiting, 12 thrown away`.
pub(super) fn socket(socket: &ListenQueueStatus, words: &Words) -> String {
    let full = if socket.waiting > socket.limit {
        " ⚠️"
    } else {
        ""
    };
    let dropped = socket.dropped.filter(|dropped| *dropped > 0);
    let dropped = dropped.map(|dropped| format!(", {dropped} {}", words.dropped));
    format!(
        "{}: {}/{} {}{full}{}",
        socket.address,
        socket.waiting,
        socket.limit,
        words.waiting,
        dropped.unwrap_or_default()
    )
}

/// `0.4ms`, `480ms`, `12.5s`.
fn time(seconds: Option<f64>) -> String {
    match seconds {
        None => NONE.to_owned(),
        Some(seconds) if seconds < 0.01 => format!("{:.1}ms", seconds * 1e3),
        Some(seconds) if seconds < 1.0 => format!("{:.0}ms", seconds * 1e3),
        Some(seconds) => format!("{seconds:.1}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::EN;
    use super::*;
    use crate::control::NextStep;

    #[test]
    fn a_socket_that_is_full_stands_out() {
        let queue = |waiting, dropped| ListenQueueStatus {
            address: "/run/shop.sock".into(),
            waiting,
            limit: 4,
            dropped,
        };
        assert_eq!(socket(&queue(3, Some(0)), &EN), "/run/shop.sock: 3/4 waiting");
        assert_eq!(
            socket(&queue(5, Some(12)), &EN),
            "/run/shop.sock: 5/4 waiting ⚠️, 12 thrown away"
        );
    }

    #[test]
    fn thresholds_stand_around_their_figures() {
        let seen = RequestsStatus {
            per_second: 12.44,
            busy: 3.1,
            slots: Some(4),
            busy_percent: Some(77.5),
            waiting: 2,
            oldest_waiting_seconds: Some(0.48),
            wait_p50_seconds: Some(0.0004),
            wait_p95_seconds: Some(0.48),
            service_mean_seconds: Some(1.25),
            abandoned: 3,
            ..RequestsStatus::default()
        };
        let step = |measure: &str, threshold| NextStep {
            measure: measure.into(),
            threshold,
            ..NextStep::default()
        };
        let project = ProjectStatus {
            up: vec![step("busy", 75.0), step("wait", 200.0)],
            down: vec![step("busy", 40.0)],
            ..ProjectStatus::default()
        };
        assert_eq!(
            line(&seen, &project, &EN),
            "12.4/s, busy 40 < 78% < 75 (3.1/4), 2 waiting (oldest 480ms), wait p50 0.4ms p95 480ms < 200 p99 -, \
             service 1.2s p95 -, 3 without an answer"
        );
    }
}
