//! Logarithm and exponential by sums and products alone. Those of the platform's library differ in their last bit from
//! one machine to another, and a simulation that draws from them would too.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2};

/// Bits of the mantissa of a `f64`.
const MANTISSA_BITS: u32 = 52;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;
/// The exponent of 1.0 as it is stored.
const ONE: i64 = 1023;

/// The natural logarithm of a positive, normal number. Its error is below 1e-11.
#[inline]
#[expect(clippy::cast_possible_wrap, reason = "an exponent has 11 bits")]
pub(super) fn ln(x: f64) -> f64 {
    // x is 2 to the power of `exponent`, times a part from the root of a half to that of two.
    let above_root = x.to_bits().wrapping_sub(FRAC_1_SQRT_2.to_bits());
    let exponent = (above_root as i64 >> MANTISSA_BITS) as i32;
    let part = f64::from_bits((above_root & MANTISSA) + FRAC_1_SQRT_2.to_bits());
    // ln((1 + s) / (1 - s)) = 2 (s + s^3 / 3 + s^5 / 5 + ...), with |s| below 0.172.
    let s = (part - 1.0) / (part + 1.0);
    let q = s * s;
    let series = 1.0
        + q * (1.0 / 3.0
            + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0))))));
    f64::from(exponent) * LN_2 + 2.0 * s * series
}

/// e to the power of `x`, for `x` from -700 to 700. Its relative error is below 1e-12.
pub(super) fn exp(x: f64) -> f64 {
    let whole = (x / LN_2).round();
    let rest = x - whole * LN_2;
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..=14 {
        term *= rest / f64::from(n);
        sum += term;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a normal number's exponent: from -1022 to 1023"
    )]
    let power = f64::from_bits(((whole.clamp(-1022.0, 1023.0) as i64 + ONE) as u64) << MANTISSA_BITS);
    sum * power
}

/// The whole number nearest to `x`, from 0 to 2^51: without the looks at other numbers that a cast takes.
#[inline]
pub(super) fn whole(x: f64) -> u64 {
    /// Added, it leaves no bits for a fraction.
    const SHIFT: f64 = (1_u64 << MANTISSA_BITS) as f64;
    (x + SHIFT).to_bits() & MANTISSA
}

/// A whole number of at most 53 bits, in one instruction.
#[inline]
#[expect(clippy::cast_possible_wrap, reason = "53 bits")]
pub(super) fn float(bits: u64) -> f64 {
    debug_assert!(bits <= 1 << 53);
    bits as i64 as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_those_of_the_platform_but_for_a_hair() {
        for i in 1..4000 {
            let x = f64::from(i) * 0.37 / 40.0;
            assert!((ln(x) - x.ln()).abs() < 1e-11, "ln {x}");
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "exp {x}");
            assert!((exp(-x) / (-x).exp() - 1.0).abs() < 1e-12, "exp -{x}");
        }
        assert!((ln(1e-18) - 1e-18_f64.ln()).abs() < 1e-10);
    }

    #[test]
    fn whole_numbers_are_rounded_to() {
        for (x, rounded) in [
            (0.0, 0),
            (0.4, 0),
            (0.6, 1),
            (2_251_799_813_685_247.0, (1 << 51) - 1),
        ] {
            assert_eq!(whole(x), rounded);
        }
        assert!((float(1 << 53) - 9_007_199_254_740_992.0).abs() < 0.5);
    }
}
