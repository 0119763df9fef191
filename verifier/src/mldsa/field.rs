//! Arithmetic modulo q = 2^23 - 2^13 + 1 (FIPS 204, section 2.3), on representatives that need not be reduced.
//!
//! Every operation states its bound. They wrap in a release build, where nothing can panic; tests run with assertions that they do not.

use core::hint::black_box;

/// The prime q.
pub(super) const Q: i32 = 8_380_417;

/// The sum; the caller knows that it fits.
#[inline(always)]
pub(super) fn add(a: i32, b: i32) -> i32 {
    debug_assert!(a.checked_add(b).is_some(), "{a} + {b}");
    a.wrapping_add(b)
}

/// The difference; the caller knows that it fits.
#[inline(always)]
pub(super) fn subtract(a: i32, b: i32) -> i32 {
    debug_assert!(a.checked_sub(b).is_some(), "{a} - {b}");
    a.wrapping_sub(b)
}

/// The product, in full.
#[inline(always)]
pub(super) fn product(a: i32, b: i32) -> i64 {
    i64::from(a).wrapping_mul(i64::from(b))
}

/// What a reduction by Montgomery's method needs, in registers.
///
/// The compiler must not see the values: of a product by a known constant it makes more instructions than the one that a Cortex-M4 has.
#[derive(Clone, Copy)]
pub(super) struct Montgomery {
    q: i32,
    minus_q_inverse: i32,
}

impl Montgomery {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self { q: black_box(Q), minus_q_inverse: black_box(MINUS_Q_INVERSE) }
    }

    /// t / 2^32 modulo q (FIPS 204, Algorithm 49), for |t| < 2^61: less than |t| / 2^32 + q / 2 + 1 in magnitude.
    #[inline(always)]
    pub(super) fn reduce(self, t: i64) -> i32 {
        debug_assert!(t.unsigned_abs() < 1 << 61, "{t}");
        let m = low(t).wrapping_mul(self.minus_q_inverse);
        // The lower half of this sum is 0.
        high(t.wrapping_add(product(m, self.q)))
    }

    /// a b / 2^32 modulo q: less than q in magnitude if one factor is below q and the other below 2^30 in magnitude.
    #[inline(always)]
    pub(super) fn multiply(self, a: i32, b: i32) -> i32 {
        self.reduce(product(a, b))
    }
}

/// A representative less than 0.76 q in magnitude, of any |a| < 2^31 - 2^22.
#[inline(always)]
pub(super) fn reduce(a: i32) -> i32 {
    // 2^23 is 2^13 - 1 more than q, and |a| has at most 2^8 of those.
    let quotient = add(a, 1 << 22) >> 23;
    subtract(a, quotient.wrapping_mul(Q))
}

/// The representative in 0..q of |a| < q.
#[inline(always)]
pub(super) fn canonical(a: i32) -> i32 {
    debug_assert!(a.unsigned_abs() < Q.unsigned_abs(), "{a}");
    add(a, (a >> 31) & Q)
}

/// -q^-1 modulo 2^32.
const MINUS_Q_INVERSE: i32 = -58_728_449;

#[inline(always)]
#[expect(clippy::as_conversions, reason = "the lower half is meant")]
const fn low(t: i64) -> i32 {
    t as i32
}

#[inline(always)]
#[expect(clippy::as_conversions, reason = "the upper half is meant, and fits")]
const fn high(t: i64) -> i32 {
    (t >> 32) as i32
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]
mod tests {
    use super::{MINUS_Q_INVERSE, Montgomery, Q, canonical, reduce};
    use crate::cases;

    #[test]
    fn the_inverse_is_one() {
        assert_eq!(Q.wrapping_mul(MINUS_Q_INVERSE), -1);
        assert_eq!(Q, (1 << 23) - (1 << 13) + 1);
    }

    #[test]
    fn montgomery_reduction_divides_by_two_to_the_32() {
        let q = i64::from(Q);
        let mut t = 1_i64;
        for step in (0..10_000_i64).take(cases(10_000, 500)) {
            t = t.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(step) >> 3;
            let t = t >> (step % 40);
            let reduced = i64::from(Montgomery::new().reduce(t));
            assert_eq!(((reduced << 32) - t).rem_euclid(q), 0);
            assert!(reduced.unsigned_abs() <= (t.unsigned_abs() >> 32) + 4_190_210);
        }
    }

    #[test]
    fn reduction_keeps_the_residue() {
        let limit = i32::MAX - (1 << 22);
        for a in (-limit..=limit).step_by(cases(997, 39_888_973)).chain([limit, -limit, Q, -Q, Q - 1, 1 - Q, 0]) {
            let reduced = reduce(a);
            assert_eq!((i64::from(a) - i64::from(reduced)) % i64::from(Q), 0);
            assert!(reduced.abs() < Q / 100 * 76, "{a}");
        }
        for a in (1 - Q..Q).step_by(cases(1, 40_009)) {
            assert_eq!(canonical(a), a.rem_euclid(Q));
        }
    }
}
