//! A line for each service and pass, and at the end how long requests waited and were served.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use crate::cli::clock;
use crate::cli::requests::sought::Sought;
use crate::model::{Histogram, RequestFigures};
use crate::report::unix;
use crate::top::model::text;

/// Passes between two headings.
const PAGE: u64 = 20;

/// Rows of a distribution.
const ROWS: usize = 16;

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
