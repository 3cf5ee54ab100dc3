//! A line for each service and pass, and at the end how long requests waited and were served.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use crate::cli::clock;
use crate::cli::requests::sought::Sought;
use crate::model::{Histogram, RequestFigures};
use crate::report::unix;

/// Passes between two headings.
const PAGE: u64 = 20;

/// The longest bar of a distribution.
const BAR: u64 = 40;

/// The lines of one pass, with a heading now and then.
pub(super) fn pass(services: &[Sought], figures: &[RequestFigures], shown: u64) -> String {
    let mut out = String::new();
    if shown.is_multiple_of(PAGE) {
        out.push_str(
            "TIME       REQ/S   BUSY  WAITING  OLDEST | WAIT mean     p50     p95     p99 | SERVICE mean     p95 | LOST  NAME\n",
        );
    }
    let now = unix(SystemTime::now());
    let now = clock::time(now, now);
    for (service, figures) in services.iter().zip(figures) {
        let _ = writeln!(
            out,
            "{now} {:>7.1} {:>6.2} {:>8} {:>7} | {:>9} {:>7} {:>7} {:>7} | {:>12} {:>7} | {:>4}  {}",
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
            service.name,
        );
    }
    out
}

/// How long the requests of all passes waited and were served.
pub(super) fn distributions(services: &[Sought], figures: &[RequestFigures]) -> String {
    let mut out = String::new();
    for (service, figures) in services.iter().zip(figures) {
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

/// One line for each doubling that has any.
fn distribution(out: &mut String, what: &str, histogram: &Histogram) {
    let mut doublings: Vec<(Duration, u64)> = Vec::new();
    for (from, _, count) in histogram.buckets() {
        let least = doubling(from);
        match doublings.last_mut() {
            Some((from, sum)) if *from == least => *sum += count,
            _ => doublings.push((least, count)),
        }
    }
    let most = doublings.iter().map(|(_, count)| *count).max().unwrap_or(0);
    for (least, count) in doublings {
        let bar = (count * BAR).div_ceil(most.max(1));
        let _ = writeln!(
            out,
            "  {what:<8} {:>7} - {:<7} {count:>8} {}",
            time(Some(least)),
            time(Some(if least.is_zero() { FINEST } else { least * 2 })),
            "▇".repeat(usize::try_from(bar).unwrap_or(0))
        );
    }
}

/// All below is one line: nobody waits for so short a time.
const FINEST: Duration = Duration::from_nanos(8 * 1024);

/// The least time of the doubling that `time` is in.
fn doubling(time: Duration) -> Duration {
    if time < FINEST {
        return Duration::ZERO;
    }
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(1 << nanos.ilog2())
}

/// Three figures of a time: `85µs`, `1.24ms`, `480ms`, `12.5s`.
fn time(time: Option<Duration>) -> String {
    let Some(time) = time else { return "-".into() };
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
            assert_eq!(time(Some(Duration::from_nanos(nanos))), told);
        }
        assert_eq!(time(None), "-");
    }

    #[test]
    fn a_doubling_begins_at_a_power_of_two() {
        assert_eq!(doubling(Duration::from_micros(3)), Duration::ZERO);
        assert_eq!(doubling(Duration::from_micros(20)), Duration::from_nanos(16_384));
    }
}
