//! One pool of memory for several projects: a worker goes to where it saves most late requests for its memory.
//!
//! Free memory goes first to the project with the greatest weight * gain / MiB. Where none is free, a worker that another
//! project only holds is taken first, then the one that is missed least, if what it is worth here is clearly more. A project
//! that has just gained a worker is left alone for a while, and swaps come one at a time: without that, projects that
//! are all short take the same worker from each other again and again, and each time it has to boot.

/// For so long nothing is taken from a project that has gained a worker, seconds.
const SETTLES: f64 = 60.0;

/// Between two swaps that somebody loses by, seconds.
const BETWEEN_SWAPS: f64 = 5.0;

/// A worker that is in use is taken for one that is worth more than this many times as much.
const CLEARLY: f64 = 1.5;

/// What one project has, and asks for.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    /// Workers that it has, with those that boot.
    pub workers: u32,
    /// Workers that its own rule would have at once: fewer than it has, it gives the rest back.
    pub wanted: u32,
    /// Workers that its load asks for. What it has beyond them, and does not give back yet, it only holds.
    pub needed: u32,
    /// The fewest it may have.
    pub min: u32,
    /// What one late request of it counts for.
    pub weight: f64,
    /// Memory of one worker, MiB.
    pub worker_mib: u64,
    /// Late requests a second that one worker more than so many would save.
    pub gain: &'a dyn Fn(u32) -> f64,
}

impl std::fmt::Debug for Claim<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claim")
            .field("workers", &self.workers)
            .field("wanted", &self.wanted)
            .field("needed", &self.needed)
            .finish_non_exhaustive()
    }
}

/// What is remembered from one look to the next.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pool {
    /// Of each project, when it last gained a worker.
    gained: Vec<Option<f64>>,
    swapped: Option<f64>,
}

impl Pool {
    /// The workers that each project is to have, of the projects' claims, always in the same order; `total_mib` for all of
    /// their workers, `now` in seconds.
    pub fn share(&mut self, claims: &[Claim<'_>], total_mib: u64, now: f64) -> Vec<u32> {
        self.gained.resize(claims.len(), None);
        let mut counts: Vec<u32> = claims
            .iter()
            .map(|claim| claim.workers.min(claim.wanted.max(claim.min)))
            .collect();
        if taken(claims, &counts) > total_mib {
            self.take_back(claims, &mut counts, now);
            return counts;
        }
        let mut free = total_mib - taken(claims, &counts);
        let mut waits = vec![true; claims.len()];
        while let Some(i) = most_worth(claims, &counts, &waits) {
            let needs = claims[i].worker_mib;
            if needs > free {
                let Some(Taken { from, is_missed }) = self.taken_for(i, claims, &counts, free, now) else {
                    waits[i] = false;
                    continue;
                };
                for loser in from {
                    counts[loser] -= 1;
                    free += claims[loser].worker_mib;
                }
                if is_missed {
                    self.swapped = Some(now);
                }
            }
            free -= needs;
            counts[i] += 1;
            self.gained[i] = Some(now);
        }
        counts
    }

    /// More is taken than there is, since the budget was lowered or the workers have grown: one goes at a time, the one that is
    /// missed least.
    fn take_back(&mut self, claims: &[Claim<'_>], counts: &mut [u32], now: f64) {
        if !self.may_swap(now) {
            return;
        }
        let spare = (0..claims.len()).filter(|j| counts[*j] > claims[*j].min);
        let cost = |j: usize| cost(&claims[j], counts[j]);
        if let Some(loser) = spare.min_by(|a, b| cost(*a).total_cmp(&cost(*b))) {
            counts[loser] -= 1;
            self.swapped = Some(now);
        }
    }

    /// The workers of others that may be taken to make room for one of `i`; `None` where there is no such room.
    fn taken_for(
        &self,
        i: usize,
        claims: &[Claim<'_>],
        counts: &[u32],
        free: u64,
        now: f64,
    ) -> Option<Taken> {
        let mut counts = counts.to_vec();
        let mut free = free;
        let mut taken = Taken {
            from: Vec::new(),
            is_missed: false,
        };
        let worth = claims[i].weight * (claims[i].gain)(counts[i]);
        let mut missed = 0.0;
        while free < claims[i].worker_mib {
            let others =
                (0..claims.len()).filter(|j| *j != i && self.may_lose(*j, &claims[*j], counts[*j], now));
            let loser = others.min_by(|a, b| {
                let cost = |j: usize| cost(&claims[j], counts[j]);
                cost(*a).total_cmp(&cost(*b))
            })?;
            missed += cost(&claims[loser], counts[loser]) * claims[loser].worker_mib as f64;
            taken.is_missed |= !is_held(&claims[loser], counts[loser]);
            counts[loser] -= 1;
            free += claims[loser].worker_mib;
            taken.from.push(loser);
        }
        (!taken.is_missed || (self.may_swap(now) && worth > CLEARLY * missed)).then_some(taken)
    }

    /// Whether it is long enough since somebody lost a worker.
    fn may_swap(&self, now: f64) -> bool {
        self.swapped.is_none_or(|at| now - at >= BETWEEN_SWAPS)
    }

    fn may_lose(&self, j: usize, claim: &Claim<'_>, count: u32, now: f64) -> bool {
        count > claim.min && self.gained[j].is_none_or(|at| now - at >= SETTLES)
    }
}

/// Workers to take: one of each of these projects, a project as often as it stands there.
struct Taken {
    from: Vec<usize>,
    /// Whether somebody needs one of them.
    is_missed: bool,
}

fn taken(claims: &[Claim<'_>], counts: &[u32]) -> u64 {
    let mib = claims.iter().zip(counts);
    mib.map(|(claim, count)| u64::from(*count) * claim.worker_mib)
        .sum()
}

/// The project that one more worker is worth most to for its memory, of those that want one.
fn most_worth(claims: &[Claim<'_>], counts: &[u32], waits: &[bool]) -> Option<usize> {
    let wanting = (0..claims.len()).filter(|i| waits[*i] && counts[*i] < claims[*i].wanted);
    wanting.max_by(|a, b| {
        let worth = |i: usize| {
            let claim = &claims[i];
            claim.weight * (claim.gain)(counts[i]) / claim.worker_mib.max(1) as f64
        };
        worth(*a).total_cmp(&worth(*b))
    })
}

fn is_held(claim: &Claim<'_>, count: u32) -> bool {
    count > claim.needed
}

/// What the last of so many workers is worth to its project for each MiB; nothing where it is only held.
fn cost(claim: &Claim<'_>, count: u32) -> f64 {
    if is_held(claim, count) {
        return 0.0;
    }
    claim.weight * (claim.gain)(count - 1) / claim.worker_mib.max(1) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claim(workers: u32, wanted: u32, gain: &dyn Fn(u32) -> f64) -> Claim<'_> {
        Claim {
            workers,
            wanted,
            needed: wanted,
            min: 1,
            weight: 1.0,
            worker_mib: 100,
            gain,
        }
    }

    #[test]
    fn free_memory_goes_to_where_it_saves_most() {
        let (little, much) = (|_| 1.0, |_| 3.0);
        let claims = [claim(1, 3, &little), claim(1, 2, &much)];
        let mut pool = Pool::default();
        assert_eq!(pool.share(&claims, 300, 0.0), [1, 2]);
        assert_eq!(Pool::default().share(&claims, 400, 0.0), [2, 2]);
        // Four times the memory for three times the gain.
        let heavy = [
            claims[0],
            Claim {
                worker_mib: 400,
                ..claims[1]
            },
        ];
        assert_eq!(Pool::default().share(&heavy, 900, 0.0), [3, 1]);
        let weighty = [
            Claim {
                weight: 4.0,
                ..claims[0]
            },
            claims[1],
        ];
        assert_eq!(Pool::default().share(&weighty, 300, 0.0), [2, 1]);
    }

    #[test]
    fn a_worker_that_is_only_held_is_taken_first_and_one_that_is_missed_only_for_clearly_more() {
        let gain = |_| 1.0;
        let held = Claim {
            needed: 2,
            ..claim(4, 4, &gain)
        };
        let missed = claim(3, 3, &gain);
        let asks = |much: &dyn Fn(u32) -> f64, others: &[Claim<'_>]| {
            let mut claims = vec![claim(1, 2, much)];
            claims.extend(others);
            let total = taken(
                &claims,
                &claims.iter().map(|claim| claim.workers).collect::<Vec<_>>(),
            );
            Pool::default().share(&claims, total, 0.0)
        };
        assert_eq!(asks(&|_| 0.1, &[held, missed]), [2, 3, 3]);
        assert_eq!(asks(&|_| 1.4, &[missed]), [1, 3]);
        assert_eq!(asks(&|_| 1.6, &[missed]), [2, 2]);
        // Nobody goes below its minimum.
        assert_eq!(asks(&|_| 9.0, &[Claim { min: 3, ..missed }]), [1, 3]);
    }

    #[test]
    fn what_was_just_gained_stays_and_swaps_come_one_at_a_time() {
        let (more, less) = (|_| 9.0, |_| 1.0);
        let mut pool = Pool::default();
        let at = |pool: &mut Pool, workers: [u32; 2], now: f64| {
            pool.share(
                &[claim(workers[0], 6, &more), claim(workers[1], 5, &less)],
                600,
                now,
            )
        };
        assert_eq!(at(&mut pool, [1, 5], 0.0), [2, 4]);
        assert_eq!(at(&mut pool, [2, 4], 4.0), [2, 4]);
        assert_eq!(at(&mut pool, [2, 4], 5.0), [3, 3]);
        // Now the other one is worth more: not before the first has had its worker for a minute.
        let turned =
            |pool: &mut Pool, now: f64| pool.share(&[claim(3, 6, &less), claim(3, 5, &more)], 600, now);
        assert_eq!(turned(&mut pool, 60.0), [3, 3]);
        assert_eq!(turned(&mut pool, 65.0), [2, 4]);
    }

    #[test]
    fn what_is_beyond_a_lowered_budget_goes_one_by_one_from_who_misses_it_least() {
        let (more, less) = (|_| 9.0, |_| 1.0);
        let mut pool = Pool::default();
        let at = |pool: &mut Pool, workers: [u32; 2], now: f64| {
            pool.share(
                &[claim(workers[0], 6, &more), claim(workers[1], 5, &less)],
                400,
                now,
            )
        };
        assert_eq!(at(&mut pool, [3, 3], 0.0), [3, 2]);
        assert_eq!(at(&mut pool, [3, 2], 1.0), [3, 2], "not all at once");
        assert_eq!(at(&mut pool, [3, 2], 5.0), [3, 1]);
        assert_eq!(at(&mut pool, [3, 1], 60.0), [3, 1], "that is what there is");
        // Nobody goes below its minimum, whatever the budget.
        let none =
            |pool: &mut Pool, now: f64| pool.share(&[claim(1, 6, &more), claim(1, 5, &less)], 100, now);
        assert_eq!(none(&mut pool, 120.0), [1, 1]);
    }

    proptest! {
        #[test]
        fn nothing_is_spent_that_is_not_there_and_nobody_is_below_its_minimum(
            projects in prop::collection::vec(
                (1_u32..9, 1_u32..9, 1_u32..9, 0.0_f64..5.0, 100_u64..600, 0.1_f64..3.0), 1..6),
            spare in 0_u64..3000,
            looks in 1_u32..20,
        ) {
            let gains: Vec<_> = projects
                .iter()
                .map(|(.., gain, _, _)| move |count: u32| gain / f64::from(count + 1))
                .collect();
            let mut counts: Vec<u32> = projects.iter().map(|(workers, ..)| *workers).collect();
            let total: u64 = projects.iter().map(|(workers, .., mib, _)| u64::from(*workers) * mib).sum::<u64>() + spare;
            let mut pool = Pool::default();
            for look in 0..looks {
                let claims: Vec<Claim<'_>> = projects.iter().zip(&gains).zip(&counts).map(|(((_, wanted, needed, _, mib, weight), gain), count)| Claim {
                    workers: *count, wanted: *wanted, needed: *needed, min: 1, weight: *weight, worker_mib: *mib, gain,
                }).collect();
                let shared = pool.share(&claims, total, f64::from(look));
                prop_assert!(taken(&claims, &shared) <= total);
                for (count, claim) in shared.iter().zip(&claims) {
                    prop_assert!(*count >= 1 && *count <= claim.wanted.max(claim.workers));
                }
                counts = shared;
            }
        }
    }
}
