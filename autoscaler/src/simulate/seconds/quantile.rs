//! Random values by their quantiles: a table is built once, and a draw costs one look into it.

use super::exact::{exp, float, ln};
use super::random::Random;

/// Quantiles of the table. The outermost step at either end has a table of its own, as long.
const STEPS: usize = 1024;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// Where the standard normal distribution is taken to end: beyond it lies less than 1 of 1e9.
const END: f64 = 6.0;
/// Steps in which its density is summed up.
const GRAIN: i32 = 24_000;

/// Quantiles of a distribution, at `i / STEPS`, and between the first and the last two of them again.
#[derive(Debug, Clone)]
pub(super) struct Quantiles {
    low: Vec<f64>,
    middle: Vec<f64>,
    high: Vec<f64>,
}

impl Quantiles {
    /// Those of the standard normal distribution.
    pub(super) fn normal() -> Self {
        let width = 2.0 * END / f64::from(GRAIN);
        let at = |i: i32| -END + width * f64::from(i);
        let density = |z: f64| exp(-0.5 * z * z);
        let mut sums = vec![0.0];
        for i in 0..GRAIN {
            let (from, to) = (at(i), at(i + 1));
            // Simpson's rule.
            let part = (density(from) + 4.0 * density(0.5 * (from + to)) + density(to)) * width / 6.0;
            sums.push(sums[sums.len() - 1] + part);
        }
        let whole = sums[sums.len() - 1];
        let quantile = |share: f64| {
            let wanted = share * whole;
            let after = sums.partition_point(|sum| *sum < wanted).clamp(1, sums.len() - 1);
            let part = (wanted - sums[after - 1]) / (sums[after] - sums[after - 1]);
            -END + width * ((after - 1) as f64 + part)
        };
        let table = |from: f64, until: f64| {
            (0..=STEPS)
                .map(|i| quantile(from + (until - from) * i as f64 / STEPS as f64))
                .collect()
        };
        let step = 1.0 / STEPS as f64;
        Self {
            low: table(0.0, step),
            middle: table(0.0, 1.0),
            high: table(1.0 - step, 1.0),
        }
    }

    /// Those of a log-normal distribution of this mean whose standard deviation is `variation` times its mean.
    pub(super) fn log_normal(mean: f64, variation: f64) -> Self {
        let spread = ln(1.0 + variation * variation).max(0.0).sqrt();
        let mut quantiles = Self::normal();
        for table in [&mut quantiles.low, &mut quantiles.middle, &mut quantiles.high] {
            for value in table {
                *value = exp(spread * *value);
            }
        }
        // What the straight lines between the quantiles add to the mean goes out again here.
        let factor = mean / quantiles.mean();
        for table in [&mut quantiles.low, &mut quantiles.middle, &mut quantiles.high] {
            for value in table {
                *value *= factor;
            }
        }
        quantiles
    }

    /// The mean of what is drawn.
    fn mean(&self) -> f64 {
        let mean = |table: &[f64]| {
            let sum: f64 = table.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).sum();
            sum / (table.len() - 1) as f64
        };
        let inner = (STEPS - 2) as f64;
        (mean(&self.low) + inner * mean(&self.middle[1..STEPS]) + mean(&self.high)) / STEPS as f64
    }

    /// A random value.
    #[inline]
    pub(super) fn draw(&self, random: &mut Random) -> f64 {
        let bits = random.bits();
        let place = (bits >> (64 - STEP_BITS)) as usize;
        let rest = bits << STEP_BITS;
        match place {
            0 => between(&self.low, rest),
            _ if place == STEPS - 1 => between(&self.high, rest),
            _ => on_line(&self.middle, place, rest),
        }
    }
}

fn between(table: &[f64], bits: u64) -> f64 {
    on_line(table, (bits >> (64 - STEP_BITS)) as usize, bits << STEP_BITS)
}

/// The value on the line from the quantile at `place` to the next; `bits` tells how far along it.
#[inline]
fn on_line(table: &[f64], place: usize, bits: u64) -> f64 {
    const WHOLE: f64 = (1_u64 << 53) as f64;
    let part = float(bits >> 11) * (1.0 / WHOLE);
    let from = table[place];
    from + (table[place + 1] - from) * part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(quantiles: &Quantiles) -> (f64, f64) {
        let mut random = Random::new(3, 0);
        let count = 1_000_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..count {
            let value = quantiles.draw(&mut random);
            sum += value;
            squares += value * value;
        }
        let mean = sum / f64::from(count);
        (mean, (squares / f64::from(count) - mean * mean).sqrt())
    }

    #[test]
    fn the_normal_distribution_has_its_known_quantiles_and_moments() {
        let normal = Quantiles::normal();
        for (share, z) in [
            (512, 0.0),
            (768, 0.674_489_75),
            (256, -0.674_489_75),
            (896, 1.150_349_38),
        ] {
            assert!((normal.middle[share] - z).abs() < 1e-6, "{share}");
        }
        // 1 - 1/2048: the middle of the table at the upper end.
        assert!(
            (normal.high[512] - 3.297_193).abs() < 1e-4,
            "{}",
            normal.high[512]
        );
        let (mean, deviation) = moments(&normal);
        assert!(
            mean.abs() < 0.004 && (deviation - 1.0).abs() < 0.004,
            "{mean} {deviation}"
        );
    }

    #[test]
    fn service_times_have_the_mean_and_the_spread_that_were_asked_for() {
        let service = Quantiles::log_normal(0.08, 1.0);
        assert!((service.mean() - 0.08).abs() < 1e-12);
        let (mean, deviation) = moments(&service);
        assert!((mean / 0.08 - 1.0).abs() < 0.005, "{mean}");
        assert!((deviation / mean - 1.0).abs() < 0.03, "{deviation}");
        let same = Quantiles::log_normal(0.08, 0.0);
        assert!((same.draw(&mut Random::new(1, 0)) - 0.08).abs() < 1e-12);
    }
}
