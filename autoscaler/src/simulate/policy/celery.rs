//! Celery's own `--autoscale=max,min`: as many pool processes as there are tasks in hand, fewer only some time
//! after the last growth. A task in hand is one CPU of demand, running or waiting.
//! <https://docs.celeryq.dev/en/stable/userguide/workers.html#autoscaling>

use super::Policy;
use crate::model::Bounds;
use crate::simulate::Served;

/// `AUTOSCALE_KEEPALIVE`, seconds.
const KEEPALIVE_SECONDS: f64 = 30.0;

/// Celery's autoscaler.
#[derive(Debug, Clone)]
pub struct Celery {
    bounds: Bounds,
    since_growth: f64,
}

impl Celery {
    /// With these bounds as `--autoscale=max,min`.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            since_growth: 0.0,
        }
    }
}

impl Policy for Celery {
    fn first(&self) -> u32 {
        self.bounds.min
    }

    fn next(&mut self, workers: u32, served: &Served) -> u32 {
        self.since_growth += served.seconds;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates"
        )]
        let tasks = served.latest.ceil() as u32;
        let wanted = tasks.clamp(self.bounds.min, self.bounds.max);
        if wanted > workers {
            self.since_growth = 0.0;
        } else if wanted < workers && self.since_growth <= KEEPALIVE_SECONDS {
            return workers;
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_tasks_and_shrinks_only_after_the_keepalive() {
        let mut celery = Celery::new(Bounds { min: 1, max: 6 });
        let mut workers = celery.first();
        let mut counts = Vec::new();
        for latest in [2.5, 9.0, 3.0, 3.0, 3.0, 3.0, 0.0] {
            workers = celery.next(
                workers,
                &Served {
                    seconds: 10.0,
                    latest,
                    ..Served::default()
                },
            );
            counts.push(workers);
        }
        assert_eq!(counts, [3, 6, 6, 6, 6, 3, 1]);
    }
}
