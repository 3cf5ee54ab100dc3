//! What the demo saw, and what it proves.

use super::stage::{FEWEST, Seen};
use crate::demo::verdict::Point;
use crate::load::Tally;

/// What people of the site that is scaled by its CPU wait for at least, s.
const LATE: f64 = 5.0;

/// What was seen so far, of both sites.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The most workers.
    most: [u32; 2],
    /// The workers at the last look.
    last: [u32; 2],
    /// The highest CPU, percent.
    cpu: [f64; 2],
    /// The most requests that waited.
    waiting: [u64; 2],
}

impl Record {
    pub(super) fn see(&mut self, seen: &[Seen; 2]) {
        for (site, seen) in seen.iter().enumerate() {
            self.most[site] = self.most[site].max(seen.workers);
            self.last[site] = seen.workers;
            self.cpu[site] = self.cpu[site].max(seen.cpu.unwrap_or(0.0));
            self.waiting[site] = self.waiting[site].max(seen.waiting);
        }
    }

    /// The verdict; `told` is what those who asked saw of both sites.
    pub(super) fn judge(&self, told: [&Tally; 2]) -> Vec<Point> {
        let answered = told.map(Tally::answered);
        let failed: u64 = told.iter().map(|told| told.failed()).sum();
        let p99 = told.map(|told| told.percentile(99.0).map_or(f64::NAN, |p99| p99.as_secs_f64()));
        let point = |good, text| Point { good, text };
        vec![
            point(
                self.most[0] == FEWEST && p99[0] > LATE,
                format!(
                    "by CPU ({:.0} % at most): {} workers all the time, up to {} requests waiting, p99 {:.1} s",
                    self.cpu[0], self.most[0], self.waiting[0], p99[0]
                ),
            ),
            point(
                self.most[1] > 5 && self.last[1] < self.most[1] && p99[1] < p99[0] / 2.0,
                format!(
                    "by busy workers: from {FEWEST} to {} and back to {}, up to {} requests waiting, p99 {:.1} s",
                    self.most[1], self.last[1], self.waiting[1], p99[1]
                ),
            ),
            point(
                failed == 0 && answered.iter().all(|answered| *answered > 0),
                format!(
                    "{} and {} requests answered, {failed} failed",
                    answered[0], answered[1]
                ),
            ),
        ]
    }
}
