//! A stream of random numbers that is the same for a seed on every machine: xoshiro256++.
//! <https://prng.di.unimi.it/>

use super::exact::float;

/// The generator.
#[derive(Debug, Clone)]
pub(super) struct Random([u64; 4]);

impl Random {
    /// A stream of its own for each seed, and for each `stream` of a seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        // The state is filled by another generator, splitmix64, as its authors advise.
        let mut at = seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95);
        Self(std::array::from_fn(|_| {
            at = at.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = at;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ (word >> 31)
        }))
    }

    /// The next 64 bits.
    #[inline]
    pub(super) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number above 0 and at most 1.
    #[inline]
    pub(super) fn share(&mut self) -> f64 {
        const STEPS: f64 = (1_u64 << 53) as f64;
        float((self.bits() >> 11) + 1) * (1.0 / STEPS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_for_ever() {
        let mut random = Random(std::array::from_fn(|i| i as u64 + 1));
        // From the authors' own program, with the state 1, 2, 3, 4.
        let first: [u64; 4] = std::array::from_fn(|_| random.bits());
        assert_eq!(
            first,
            [
                41_943_041,
                58_720_359,
                3_588_806_011_781_223,
                3_591_011_842_654_386
            ]
        );
        assert_ne!(Random::new(1, 0).bits(), Random::new(1, 1).bits());
        assert_ne!(Random::new(1, 0).bits(), Random::new(2, 0).bits());
    }

    #[test]
    fn shares_are_even_between_0_and_1() {
        let mut random = Random::new(7, 0);
        let mut tenths = [0_u32; 10];
        for _ in 0..100_000 {
            let share = random.share();
            assert!(share > 0.0 && share <= 1.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 9")]
            let tenth = (share * 10.0).min(9.0) as usize;
            tenths[tenth] += 1;
        }
        // Three standard deviations of 100 000 draws are 285.
        assert!(
            tenths.iter().all(|count| count.abs_diff(10_000) < 400),
            "{tenths:?}"
        );
    }
}
