//! How long requests waited: their count, their sum, how many were late, and their distribution.

/// What is late for everybody, ns.
const ONE_SECOND: u64 = 1_000_000_000;

/// The finest step of the distribution: a wait is counted in units of 2 to this power of ns, 0.13 ms.
const UNIT_BITS: u32 = 17;
/// Parts of each doubling: a bucket is at most a sixteenth as wide as its values are great.
const PART_BITS: u32 = 4;
/// Buckets up to 2^32 units, 6 days.
const BUCKETS: usize = (32 - PART_BITS as usize + 1) << PART_BITS;

/// The waits of all requests whose service has begun.
#[derive(Debug, Clone)]
pub(super) struct Waits {
    promised: u64,
    sums: Sums,
    over_one_second: u64,
    buckets: Box<[u64; BUCKETS]>,
}

/// Requests whose service began one after the other. Most do not wait: so they cost two additions each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Batch {
    pub(super) begun: usize,
    /// Of those, how many had waited.
    pub(super) waited: usize,
    /// Their services, ns.
    pub(super) service: u64,
}

/// What is summed up of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sums {
    /// Requests whose service has begun.
    pub(super) begun: u64,
    /// Of those, how many waited for longer than was promised.
    pub(super) late: u64,
    /// Their waits, ns.
    pub(super) wait: u128,
    /// Their services, ns.
    pub(super) service: u64,
}

impl Waits {
    /// `promised`: the longest wait that is not late, ns.
    pub(super) fn new(promised: u64) -> Self {
        Self {
            promised,
            sums: Sums::default(),
            over_one_second: 0,
            buckets: Box::new([0; BUCKETS]),
        }
    }

    /// Adds a request that waited for so many ns, more than 0. It is one of a [`Batch`] to come.
    #[inline]
    pub(super) fn add(&mut self, wait: u64) {
        self.sums.wait += u128::from(wait);
        self.sums.late += u64::from(wait > self.promised);
        self.over_one_second += u64::from(wait > ONE_SECOND);
        self.buckets[bucket(wait)] += 1;
    }

    /// Adds what requests have in common that waited or did not.
    pub(super) fn add_batch(&mut self, batch: &Batch) {
        self.sums.begun += batch.begun as u64;
        self.sums.service += batch.service;
        self.buckets[0] += (batch.begun - batch.waited) as u64;
    }

    /// The sums.
    pub(super) fn sums(&self) -> Sums {
        self.sums
    }

    /// Requests that waited for longer than a second.
    pub(super) fn over_one_second(&self) -> u64 {
        self.over_one_second
    }

    /// The wait that `share` of the requests, 0 to 1, did not exceed, ns, and at most a sixteenth more.
    pub(super) fn quantile(&self, share: f64) -> u64 {
        let wanted = share * self.sums.begun as f64;
        let mut seen = 0;
        for (i, count) in self.buckets.iter().enumerate() {
            seen += count;
            if *count > 0 && seen as f64 >= wanted {
                return ceiling(i);
            }
        }
        0
    }
}

/// The bucket of a wait. Up to 16 units each has its own, from there on each doubling has 16.
#[inline]
fn bucket(wait: u64) -> usize {
    let units = u32::try_from(wait >> UNIT_BITS).unwrap_or(u32::MAX);
    let doublings = (units | ((1 << PART_BITS) - 1)).ilog2() + 1 - PART_BITS;
    let shift = doublings.saturating_sub(1);
    ((shift << PART_BITS) + (units >> shift)) as usize
}

/// The greatest wait of a bucket, ns; 0 of the first, which holds those that did not wait.
fn ceiling(bucket: usize) -> u64 {
    if bucket == 0 {
        return 0;
    }
    let bucket = bucket as u64;
    let shift = (bucket >> PART_BITS).saturating_sub(1);
    let part = bucket - (shift << PART_BITS);
    (((part + 1) << shift) << UNIT_BITS) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wait_is_in_a_bucket_that_ends_at_most_a_sixteenth_above_it() {
        let mut before = 0;
        for wait in (0..2_000).map(|i: u64| i * i * i * 977).chain([u64::MAX >> 20]) {
            let found = bucket(wait);
            assert!(found >= before && found < BUCKETS, "{wait}");
            before = found;
            if found > 0 && wait < 1 << (UNIT_BITS + 32) {
                let end = ceiling(found);
                assert!(
                    end >= wait && end as f64 <= wait as f64 * 1.07 + 262_144.0,
                    "{wait} {end}"
                );
            }
        }
    }

    #[test]
    fn lateness_and_quantiles_are_those_of_the_waits() {
        let mut waits = Waits::new(100_000_000);
        for i in 1..=100_u64 {
            waits.add(i * 20_000_000);
        }
        waits.add_batch(&Batch {
            begun: 100,
            waited: 100,
            service: 500,
        });
        assert_eq!(waits.sums().late, 95);
        assert_eq!(waits.over_one_second(), 50);
        assert_eq!(waits.sums().service, 500);
        let p99 = waits.quantile(0.99) as f64 / 1e9;
        assert!((1.98..2.1).contains(&p99), "{p99}");
    }
}
