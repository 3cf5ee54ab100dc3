//! A line for each service and pass, and at the end how long requests waited and were served.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use crate::cli::clock;
use crate::cli::requests::seen::{Happened, Queue};
use crate::cli::requests::sought::Sought;
use crate::model::{Histogram, ListenQueue, RequestFigures, RequestsWay};
use crate::report::unix;
use crate::top::model::text;

/// Passes between two headings.
const PAGE: u64 = 20;

/// Rows of a distribution.
const ROWS: usize = 16;

/// The longest bar of a distribution.
const BAR: u64 = 40;

/// The lines of one pass, with a heading now and then.
pub(super) fn pass(told: &[(&Sought, &Happened)], way: RequestsWay, shown: u64) -> String {
    let mut out = String::new();
    if shown == 0 {
        let _ = writeln!(out, "seen by: {}\n", way.code());
    }
    if shown.is_multiple_of(PAGE) {
        out.push_str(match way {
            RequestsWay::ListenQueues => "TIME     WAITING   LIMIT  DROPPED | SOCKET                   NAME\n",
            _ => {
                "TIME       REQ/S   BUSY  WAITING  OLDEST | WAIT mean     p50     p95     p99 | SERVICE mean     p95 | LOST    QUEUE  NAME\n"
            }
        });
    }
    let now = unix(SystemTime::now());
    let now = clock::time(now, now);
    for (service, happened) in told {
        match &happened.requests {
            Some(figures) => requests(&mut out, &now, figures, &happened.queues, &service.name),
            None => queues(&mut out, &now, &happened.queues, &service.name),
        }
    }
    out
}

fn requests(out: &mut String, now: &str, figures: &RequestFigures, queues: &[Queue], name: &str) {
    let _ = writeln!(
        out,
        "{now} {:>7.1} {:>6.2} {:>8} {:>7} | {:>9} {:>7} {:>7} {:>7} | {:>12} {:>7} | {:>4} {:>8}  {name}",
        figures.per_second(),
        figures.busy,
        figures.waiting,
        time(figures.oldest_waiting),
        time(figures.wait_mean()),
        time(figures.waits.quantile(0.5)),
        time(figures.waits.quantile(0.95)),
        time(figures.waits.quantile(0.99)),
        time(figures.service_mean()),
        time(figures.services.quantile(0.95)),
        figures.abandoned,
        fullest(queues),
    );
}

/// `3/2048`: what waits and what may wait at the socket that is nearest to having no room, `!` if it has none.
fn fullest(queues: &[Queue]) -> String {
    let room = |queue: &&Queue| {
        let ListenQueue { waiting, limit, .. } = queue.now;
        (u64::from(waiting) << 32) / (u64::from(limit) + 1)
    };
    let Some(Queue { now, .. }) = queues.iter().max_by_key(room) else {
        return "-".into();
    };
    let mark = if now.is_full() { "!" } else { "" };
    format!("{}/{}{mark}", now.waiting, now.limit)
}

/// A line for each listening socket.
fn queues(out: &mut String, now: &str, queues: &[Queue], name: &str) {
    for Queue { now: queue, dropped } in queues {
        let mark = if queue.is_full() { "!" } else { "" };
        let _ = writeln!(
            out,
            "{now} {:>7} {:>7} {:>8} | {:<24} {name}",
            format!("{}{mark}", queue.waiting),
            queue.limit,
            dropped.map_or("-".into(), |dropped| dropped.to_string()),
            queue.address,
        );
    }
    if queues.is_empty() {
        let _ = writeln!(out, "{now} {:>7} {:>7} {:>8} | {:<24} {name}", "-", "-", "-", "-");
    }
}

/// How long the requests of all passes waited and were served.
pub(super) fn distributions(told: &[(&Sought, &Happened)]) -> String {
    let mut out = String::new();
    for (service, happened) in told {
        let Some(figures) = &happened.requests else {
            continue;
        };
        let _ = writeln!(
            out,
            "\n{}: {} requests in {:.1}s, {} without an answer",
            service.name,
            figures.begun,
            figures.covered.as_secs_f64(),
            figures.abandoned
        );
        distribution(&mut out, "wait", &figures.waits);
        distribution(&mut out, "service", &figures.services);
    }
    out
}

/// One line for each row.
fn distribution(out: &mut String, what: &str, histogram: &Histogram) {
    let rows = histogram.rows(ROWS);
    let most = rows.iter().map(|(.., count)| *count).max().unwrap_or(0);
    for (from, to, count) in rows {
        let bar = (count * BAR).div_ceil(most.max(1));
        let _ = writeln!(
            out,
            "  {what:<8} {:>7} - {:<7} {count:>8} {}",
            time(Some(from)),
            time(Some(to)),
            "▇".repeat(usize::try_from(bar).unwrap_or(0))
        );
    }
}

fn time(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".into(), text::time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_with_the_least_room_is_shown() {
        let queue = |waiting, limit| Queue {
            now: ListenQueue {
                inode: 1,
                address: "[::]:8000".into(),
                waiting,
                limit,
                dropped: None,
            },
            dropped: None,
        };
        assert_eq!(fullest(&[queue(9, 2048), queue(3, 4), queue(0, 1)]), "3/4");
        assert_eq!(fullest(&[queue(0, 128), queue(5, 4)]), "5/4!");
        assert_eq!(fullest(&[]), "-");
    }
}
