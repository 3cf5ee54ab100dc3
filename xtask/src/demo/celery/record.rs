//! What the demo saw, and what it proves.

use super::stage::{MOST_WORKERS, Seen};

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Record {
    put: u32,
    most_workers: u32,
    most_waiting: u64,
    last: u32,
}

/// One thing that the demo proves, or fails to.
#[derive(Debug, PartialEq)]
pub(super) struct Point {
    pub(super) good: bool,
    pub(super) text: String,
}

impl Record {
    /// Tasks put so far.
    pub(super) fn put(&self) -> u32 {
        self.put
    }

    /// Pool processes at the last look.
    pub(super) fn workers(&self) -> usize {
        self.last as usize
    }

    pub(super) fn add_put(&mut self, tasks: u32) {
        self.put += tasks;
    }

    pub(super) fn see(&mut self, seen: &Seen) {
        self.most_workers = self.most_workers.max(seen.workers);
        self.most_waiting = self.most_waiting.max(seen.waiting.unwrap_or(0));
        self.last = seen.workers;
    }

    /// The verdict. `once` is what the tasks' own journal says, `celery_says` the pool's size by Celery's own
    /// `inspect stats`.
    pub(super) fn judge(&self, once: Result<(), String>, celery_says: Option<usize>) -> Vec<Point> {
        let put = self.put;
        let point = |good, text| Point { good, text };
        vec![
            point(
                self.most_workers == MOST_WORKERS && self.last == 1,
                format!(
                    "the pool went from 1 to {} processes and back to {}, with up to {} tasks waiting",
                    self.most_workers, self.last, self.most_waiting
                ),
            ),
            match once {
                Ok(()) => point(
                    true,
                    format!("each of the {put} tasks ran exactly once, by the tasks' own journal"),
                ),
                Err(why) => point(false, format!("of {put} tasks: {why}")),
            },
            point(
                celery_says == Some(self.workers()),
                match celery_says {
                    Some(says) => format!(
                        "Celery's own `inspect stats` counts {says}, the daemon {}",
                        self.last
                    ),
                    None => "Celery's own `inspect stats` does not answer".to_owned(),
                },
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(workers: &[u32]) -> Record {
        let mut record = Record::default();
        record.add_put(8);
        for workers in workers {
            record.see(&Seen {
                workers: *workers,
                waiting: Some(3),
                ..Seen::default()
            });
        }
        record
    }

    fn good(points: &[Point]) -> Vec<bool> {
        points.iter().map(|point| point.good).collect()
    }

    #[test]
    fn each_point_fails_by_itself() {
        let walked = record(&[1, 2, 3, 4, 2, 1]);
        assert_eq!(good(&walked.judge(Ok(()), Some(1))), [true, true, true]);
        assert_eq!(
            good(&walked.judge(Err("7 twice".into()), Some(1))),
            [true, false, true]
        );
        assert_eq!(good(&walked.judge(Ok(()), Some(2))), [true, true, false]);
        assert_eq!(good(&walked.judge(Ok(()), None)), [true, true, false]);
        assert_eq!(
            good(&record(&[1, 3, 1]).judge(Ok(()), Some(1))),
            [false, true, true]
        );
        assert_eq!(
            good(&record(&[1, 4, 2]).judge(Ok(()), Some(2))),
            [false, true, true]
        );
    }
}
