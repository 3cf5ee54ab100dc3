//! What befalls the projects, and when: the same in each run of the same seed.

use std::time::Duration;

use crate::month::unit;

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Happening {
    /// A site loads its application anew: SIGHUP.
    Reload,
    /// A worker of a site is killed: SIGKILL.
    WorkerKilled,
    /// A site's master is killed, and started again.
    MasterKilled,
    /// Somebody edits the configuration.
    Edit,
    /// Somebody gives an order: a count, a pause, its end.
    Order,
    /// A batch of tasks comes to each pool.
    Batch,
    /// The broker is killed, and started again some seconds later.
    BrokerKilled,
    /// A Celery worker is restarted.
    PoolRestarted,
}

/// How often each happens: the mean time between two.
pub(super) const RHYTHM: [(Happening, Duration); 8] = [
    (Happening::Reload, Duration::from_secs(45)),
    (Happening::WorkerKilled, Duration::from_secs(90)),
    (Happening::MasterKilled, Duration::from_mins(5)),
    (Happening::Edit, Duration::from_mins(2)),
    (Happening::Order, Duration::from_mins(2)),
    (Happening::Batch, Duration::from_mins(1)),
    (Happening::BrokerKilled, Duration::from_mins(8)),
    (Happening::PoolRestarted, Duration::from_mins(12)),
];

/// The course of a run.
pub(super) struct Life {
    seed: u64,
    drawn: u64,
    /// When each of [`RHYTHM`] happens next, after the start.
    next: [Duration; RHYTHM.len()],
}

impl Life {
    /// Begins: nothing happens at once.
    pub(super) fn new(seed: u64) -> Self {
        let mut life = Self {
            seed,
            drawn: 0,
            next: [Duration::ZERO; RHYTHM.len()],
        };
        for place in 0..RHYTHM.len() {
            life.next[place] = life.pause(place);
        }
        life
    }

    /// A number from 0 to 1 by chance.
    pub(super) fn chance(&mut self) -> f64 {
        self.drawn += 1;
        unit(self.seed.wrapping_mul(1_000_003) ^ self.drawn)
    }

    /// Half to one and a half times its mean.
    fn pause(&mut self, place: usize) -> Duration {
        RHYTHM[place].1.mul_f64(0.5 + self.chance())
    }

    /// What happens `elapsed` after the start and has not yet.
    pub(super) fn due(&mut self, elapsed: Duration) -> Vec<Happening> {
        let mut due = Vec::new();
        for (place, (happening, _)) in RHYTHM.into_iter().enumerate() {
            if self.next[place] <= elapsed {
                due.push(happening);
                self.next[place] = elapsed + self.pause(place);
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_as_much_of_each_as_its_rhythm_says() {
        let mut life = Life::new(1);
        let mut seen = Vec::new();
        for second in 0..3600 {
            seen.extend(life.due(Duration::from_secs(second)));
        }
        for (happening, mean) in RHYTHM {
            let count = seen.iter().filter(|one| **one == happening).count() as f64;
            let expected = 3600.0 / mean.as_secs_f64();
            assert!(
                (count - expected).abs() <= 0.25 * expected + 2.0,
                "{happening:?}: {count}, not {expected}"
            );
        }
    }
}
