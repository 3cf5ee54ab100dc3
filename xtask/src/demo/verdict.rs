//! What the demo showed: judged from what was seen, point by point.

use std::fmt::Write;

use super::figures::Totals;
use crate::load::Tally;

/// The workers must at least once have been this many.
const PEAK_WANTED: u32 = 3;
/// The project's CPU may differ from the kernel's own count by this share.
const TOLERANCE: f64 = 0.01;
/// The neighbour must have used at least this many times what the tolerance allows, or it could have been
/// counted without being noticed.
const NEIGHBOUR_TIMES_TOLERANCE: f64 = 10.0;

/// Programs other than the demo's project and neighbour are named as a possible cause above this many CPUs.
const BUSY_CPUS: f64 = 0.5;

/// What was seen during the whole demo.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Worker counts as they followed each other, without repetitions.
    pub(super) workers: Vec<u32>,
    /// All requests.
    pub(super) seen: Tally,
}

impl Record {
    /// Adds a second.
    pub(super) fn add(&mut self, workers: u32, seen: &Tally) {
        if self.workers.last() != Some(&workers) {
            self.workers.push(workers);
        }
        self.seen.add(seen);
    }
}

/// One thing that the demo was to show.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) good: bool,
    pub(super) text: String,
}

/// All that the demo was to show.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) points: Vec<Point>,
}

impl Verdict {
    /// Judges `record` and the CPU `totals`; `left` workers serve after the daemon has ended.
    pub(super) fn of(record: &Record, totals: Totals, left: u32) -> Self {
        Self {
            points: vec![
                walk(&record.workers, totals.other_cpus),
                requests(&record.seen),
                neighbour(totals),
                survivors(record.workers.last().copied(), left),
            ],
        }
    }

    /// Whether every point is as it should be.
    pub(super) fn good(&self) -> bool {
        self.points.iter().all(|point| point.good)
    }
}

fn walk(workers: &[u32], other_cpus: f64) -> Point {
    let peak = workers.iter().copied().max().unwrap_or(0);
    let good = workers.first() == Some(&1) && workers.last() == Some(&1) && peak >= PEAK_WANTED;
    let path: Vec<String> = workers.iter().map(u32::to_string).collect();
    let mut text = format!("workers went {}", path.join(" -> "));
    if !good {
        text.push_str("; expected 1, then 3 or more, then 1");
        if other_cpus > BUSY_CPUS {
            let _ = write!(
                text,
                " (other programs kept {other_cpus:.1} CPUs of this host busy: run the demo while it is idle)"
            );
        }
    }
    Point { good, text }
}

fn requests(seen: &Tally) -> Point {
    let causes: Vec<String> = seen
        .failures()
        .iter()
        .map(|(failure, count)| format!("{count} x {failure}"))
        .collect();
    let detail = if causes.is_empty() {
        String::new()
    } else {
        format!(": {}", causes.join(", "))
    };
    Point {
        good: seen.failed() == 0 && seen.answered() > 0,
        text: format!(
            "{} requests answered, {} failed{detail}",
            seen.answered(),
            seen.failed()
        ),
    }
}

fn neighbour(totals: Totals) -> Point {
    let project = totals.project.as_secs_f64();
    let project_by_kernel = totals.project_by_kernel.as_secs_f64();
    let neighbour_by_kernel = totals.neighbour_by_kernel.as_secs_f64();
    let allowed = project_by_kernel * TOLERANCE;
    let burned = neighbour_by_kernel > allowed * NEIGHBOUR_TIMES_TOLERANCE;
    let exact = project_by_kernel > 0.0 && (project - project_by_kernel).abs() <= allowed;
    let remark = match (exact, burned) {
        (true, true) => "it was not counted",
        (true, false) => "too little to tell whether it was counted",
        (false, _) => "the project's figure is wrong",
    };
    Point {
        good: exact && burned,
        text: format!(
            "the neighbour burned {neighbour_by_kernel:.1} s of CPU; the project was charged {project:.2} s \
             where the kernel counts {project_by_kernel:.2} s: {remark}"
        ),
    }
}

fn survivors(before: Option<u32>, left: u32) -> Point {
    Point {
        good: left > 0 && before == Some(left),
        text: format!("the daemon ended on SIGTERM and left the project as it was, with {left} worker(s)"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::Failure;

    const GOOD: Totals = Totals {
        project: Duration::from_secs(30),
        project_by_kernel: Duration::from_millis(30_010),
        neighbour_by_kernel: Duration::from_secs(50),
        other_cpus: 0.1,
    };

    fn record(workers: &[u32]) -> Record {
        let mut record = Record::default();
        for count in workers {
            let mut seen = Tally::new();
            seen.record(Ok(Duration::from_millis(10)));
            record.add(*count, &seen);
        }
        record
    }

    #[test]
    fn up_to_three_and_back_is_good() {
        let seen = record(&[1, 1, 2, 3, 3, 2, 1]);
        assert_eq!(seen.workers, [1, 2, 3, 2, 1]);
        let verdict = Verdict::of(&seen, GOOD, 1);
        assert!(verdict.good(), "{verdict:?}");
    }

    #[test]
    fn each_point_can_fail() {
        let walks: [&[u32]; 5] = [&[], &[1], &[1, 2, 1], &[1, 2, 3], &[2, 3, 1]];
        for walk in walks {
            let left = walk.last().copied().unwrap_or(1);
            assert!(!Verdict::of(&record(walk), GOOD, left).good(), "{walk:?}");
        }
        let walk = [1, 2, 3, 1];
        let mut failed = record(&walk);
        failed.seen.record(Err(Failure::Status(502)));
        let verdict = Verdict::of(&failed, GOOD, 1);
        assert!(!verdict.good());
        assert!(verdict.points[1].text.contains("1 x status 502"), "{verdict:?}");

        let counted = Totals {
            project: Duration::from_secs(80),
            ..GOOD
        };
        let idle = Totals {
            neighbour_by_kernel: Duration::from_millis(100),
            ..GOOD
        };
        for totals in [counted, idle] {
            assert!(!Verdict::of(&record(&walk), totals, 1).good(), "{totals:?}");
        }
        assert!(!Verdict::of(&record(&walk), GOOD, 0).good());
    }
}
