//! The number-theoretic transform (FIPS 204, section 7.5), two layers at a time, without reductions in between.

use core::hint::black_box;
use core::slice::Iter;

use super::field::{Montgomery, Q, add, subtract};

/// The coefficients of a polynomial, or its values in T_q.
pub(super) type Poly = [i32; 256];

/// How a polynomial is transformed. Both ways do the same; one has the code of its layers once, the other once for each distance.
pub(super) trait Transform {
    /// NTT (FIPS 204, Algorithm 41), for coefficients below q in magnitude: the values are below 9 q, in the standard's order.
    fn forward(poly: &mut Poly);

    /// NTT^-1 (FIPS 204, Algorithm 42) of values below q in magnitude, times 2^32: a product by [`Montgomery`] lacks that. The
    /// coefficients are below q in magnitude.
    fn inverse(poly: &mut Poly);
}

/// In little code.
pub(super) enum Looped {}

/// In little time.
pub(super) enum Unrolled {}

/// What a build for size or one for speed has where memory for polynomials is short.
#[cfg(twinseal_for_size)]
pub(super) type Suited = Looped;
/// What a build for size or one for speed has where memory for polynomials is short.
#[cfg(not(twinseal_for_size))]
pub(super) type Suited = Unrolled;

impl Transform for Looped {
    #[inline(never)]
    fn forward(poly: &mut Poly) {
        let m = Montgomery::new();
        let mut zetas = LEFT_ZETAS.iter().map(|left| others(m, *left));
        let mut quarter = 64;
        while quarter > 0 {
            forward_layers(m, poly, quarter, &mut zetas);
            quarter >>= 2;
        }
    }

    #[inline(never)]
    fn inverse(poly: &mut Poly) {
        let m = Montgomery::new();
        let mut zetas = LEFT_ZETAS.iter().map(|left| others(m, *left));
        let mut quarter = 1;
        while quarter <= 64 {
            inverse_layers(m, poly, quarter, &mut zetas);
            quarter <<= 2;
        }
        scale(poly);
    }
}

impl Transform for Unrolled {
    fn forward(poly: &mut Poly) {
        let mut zetas = ZETAS.iter();
        forward_layers_of::<64>(poly, &mut zetas);
        forward_layers_of::<16>(poly, &mut zetas);
        forward_layers_of::<4>(poly, &mut zetas);
        forward_layers_of::<1>(poly, &mut zetas);
    }

    fn inverse(poly: &mut Poly) {
        let mut zetas = ZETAS.iter();
        inverse_layers_of::<1>(poly, &mut zetas);
        inverse_layers_of::<4>(poly, &mut zetas);
        inverse_layers_of::<16>(poly, &mut zetas);
        inverse_layers_of::<64>(poly, &mut zetas);
        scale(poly);
    }
}

#[inline(never)]
fn forward_layers_of<const QUARTER: usize>(poly: &mut Poly, zetas: &mut Iter<'_, Zetas>) {
    forward_layers(Montgomery::new(), poly, QUARTER, &mut zetas.copied());
}

#[inline(never)]
fn inverse_layers_of<const QUARTER: usize>(poly: &mut Poly, zetas: &mut Iter<'_, Zetas>) {
    inverse_layers(Montgomery::new(), poly, QUARTER, &mut zetas.copied());
}

/// Two layers, of which the second has butterflies `quarter` apart.
#[inline(always)]
fn forward_layers(m: Montgomery, poly: &mut Poly, quarter: usize, zetas: &mut impl Iterator<Item = Zetas>) {
    for block in poly.chunks_exact_mut(quarter.wrapping_mul(4)) {
        let Some([upper, left, right]) = zetas.next() else { return };
        for [a, b, c, d] in quarters(block, quarter) {
            let (a1, c1) = butterfly(m, *a, *c, upper);
            let (b1, d1) = butterfly(m, *b, *d, upper);
            (*a, *b) = butterfly(m, a1, b1, left);
            (*c, *d) = butterfly(m, c1, d1, right);
        }
    }
}

/// The inverse of [`forward_layers`], times 4. The constants are taken from the other end, with their signs changed: so are the
/// inverses of those that a block had on the way there. Sums double in each layer: from below q they stay below 256 q < 2^31.
#[inline(always)]
fn inverse_layers(m: Montgomery, poly: &mut Poly, quarter: usize, zetas: &mut impl DoubleEndedIterator<Item = Zetas>) {
    for block in poly.chunks_exact_mut(quarter.wrapping_mul(4)) {
        let Some([upper, left, right]) = zetas.next_back() else { return };
        for [a, b, c, d] in quarters(block, quarter) {
            let (a1, b1) = inverse_butterfly(m, *a, *b, right);
            let (c1, d1) = inverse_butterfly(m, *c, *d, left);
            (*a, *c) = inverse_butterfly(m, a1, c1, upper);
            (*b, *d) = inverse_butterfly(m, b1, d1, upper);
        }
    }
}

/// The places of a block that belong together: one in each quarter of it.
#[inline(always)]
fn quarters(block: &mut [i32], quarter: usize) -> impl Iterator<Item = [&mut i32; 4]> {
    let (a, bcd) = block.split_at_mut_checked(quarter).unwrap_or_default();
    let (b, cd) = bcd.split_at_mut_checked(quarter).unwrap_or_default();
    let (c, d) = cd.split_at_mut_checked(quarter).unwrap_or_default();
    a.iter_mut().zip(b).zip(c).zip(d).map(|(((a, b), c), d)| [a, b, c, d])
}

/// The division by 256 that is left, and the factor that products lack.
#[inline(never)]
fn scale(poly: &mut Poly) {
    let m = Montgomery::new();
    poly.iter_mut().for_each(|value| *value = m.multiply(*value, SCALE));
}

#[inline(always)]
fn butterfly(m: Montgomery, a: i32, b: i32, zeta: i32) -> (i32, i32) {
    let t = m.multiply(b, zeta);
    (add(a, t), subtract(a, t))
}

#[inline(always)]
fn inverse_butterfly(m: Montgomery, a: i32, b: i32, zeta: i32) -> (i32, i32) {
    (add(a, b), m.multiply(subtract(b, a), zeta))
}

/// The constants of a block of two layers, times 2^32: of its first layer, and of the two halves in its second.
type Zetas = [i32; 3];

/// zetas (FIPS 204, Appendix B) by block, in the order in which blocks come.
static ZETAS: [Zetas; 85] = zetas();

/// The second of each block's: the others follow from it.
static LEFT_ZETAS: [i32; 85] = left_zetas();

/// The constants of a block from its second. They belong to k, 2k and 2k + 1: to the bits of k reversed, half of that, and half of
/// that and 128, of which the power is zetas\[1\].
#[inline(always)]
fn others(m: Montgomery, left: i32) -> Zetas {
    // If the compiler saw that these are upper halves of products, it would multiply by 64 bits of them.
    [black_box(m.multiply(left, left)), left, black_box(m.multiply(left, I))]
}

/// 2^64 / 256: one factor 2^32 for the product by it, one to make up for the product before.
const SCALE: i32 = centered(TWO_TO_THE_32 * TWO_TO_THE_32 % Q_WIDE * INVERSE_OF_256 % Q_WIDE);
/// zetas\[1\], a root of -1, times 2^32.
const I: i32 = zeta(1);

/// 2^32 modulo q.
const TWO_TO_THE_32: i64 = (1 << 32) % Q_WIDE;
const INVERSE_OF_256: i64 = 8_347_681;
#[expect(clippy::as_conversions, reason = "in a constant, `from` can not be called")]
const Q_WIDE: i64 = Q as i64;
/// The 512th root of unity that FIPS 204 works with.
const ZETA: i64 = 1753;

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "run by the compiler, which reports what would panic"
)]
const fn zetas() -> [Zetas; 85] {
    let mut table = [[0; 3]; 85];
    let (mut pass, mut at) = (0, 0);
    while pass < 4 {
        let blocks = 1 << (2 * pass);
        let mut block = 0;
        while block < blocks {
            let number = blocks + block;
            table[at] = [zeta(number), zeta(2 * number), zeta(2 * number + 1)];
            (block, at) = (block + 1, at + 1);
        }
        pass += 1;
    }
    table
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "run by the compiler, which reports what would panic"
)]
const fn left_zetas() -> [i32; 85] {
    let (all, mut table, mut at) = (zetas(), [0; 85], 0);
    while at < 85 {
        table[at] = all[at][1];
        at += 1;
    }
    table
}

/// zetas\[k\], times 2^32.
#[expect(clippy::arithmetic_side_effects, reason = "run by the compiler, which reports what would overflow")]
const fn zeta(k: u8) -> i32 {
    centered(power_of_zeta(k) * TWO_TO_THE_32 % Q_WIDE)
}

/// zeta to the power BitRev_8(k) (FIPS 204, Algorithm 43).
#[expect(clippy::arithmetic_side_effects, reason = "run by the compiler, which reports what would overflow")]
const fn power_of_zeta(k: u8) -> i64 {
    let (mut power, mut left) = (1, k.reverse_bits());
    while left > 0 {
        power = power * ZETA % Q_WIDE;
        left -= 1;
    }
    power
}

/// The representative of smallest magnitude of one in 0..q.
#[expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "run by the compiler; less than q / 2 in magnitude"
)]
const fn centered(value: i64) -> i32 {
    (if value > Q_WIDE / 2 { value - Q_WIDE } else { value }) as i32
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]
mod tests {
    use super::{
        INVERSE_OF_256, Looped, Poly, Q_WIDE, SCALE, TWO_TO_THE_32, Transform, Unrolled, ZETA, power_of_zeta, zeta,
    };
    use crate::cases;
    use crate::mldsa::field::{Montgomery, Q};

    fn some_poly(mut seed: u64) -> Poly {
        [(); 256].map(|()| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i32::try_from((seed >> 33) % (2 * u64::try_from(Q).unwrap() - 1)).unwrap() - (Q - 1)
        })
    }

    #[test]
    fn the_constants_are_what_they_are_called() {
        assert_eq!(INVERSE_OF_256 * 256 % Q_WIDE, 1);
        assert_eq!((0..256).fold(1, |power, _| power * ZETA % Q_WIDE), Q_WIDE - 1);
        assert_eq!(power_of_zeta(1), 4_808_194); // zetas[1] of Appendix B
        // The bounds of the layers count on factors of less than q / 2.
        for k in 0..=255 {
            let (factor, value) = (i64::from(zeta(k)), power_of_zeta(k));
            assert_eq!((factor - value * TWO_TO_THE_32) % Q_WIDE, 0);
            assert!(factor.abs() <= Q_WIDE / 2);
        }
        assert!(i64::from(SCALE).abs() <= Q_WIDE / 2);
    }

    /// NTT(w)[i] is w at zeta to the power 2 BitRev_8(i) + 1 (FIPS 204, equation 2.1 and the definition in section 7.5).
    #[test]
    fn the_transform_evaluates_at_the_roots() {
        let poly = some_poly(1);
        let (mut transformed, mut looped) = (poly, poly);
        Unrolled::forward(&mut transformed);
        Looped::forward(&mut looped);
        assert!(transformed.iter().zip(looped).all(|(a, b)| (a - b) % Q == 0));
        for (i, value) in (0_u8..=255).zip(transformed) {
            let exponent = 2 * u32::from(i.reverse_bits()) + 1;
            let root = (0..exponent).fold(1, |power, _| power * ZETA % Q_WIDE);
            let at_root = poly.iter().rev().fold(0, |sum, c| (sum * root + i64::from(*c)).rem_euclid(Q_WIDE));
            assert_eq!(i64::from(value).rem_euclid(Q_WIDE), at_root, "{i}");
            assert!(value.abs() < 9 * i32::try_from(Q_WIDE).unwrap());
        }
    }

    #[test]
    fn a_product_is_the_schoolbook_product() {
        for seed in (2..22).take(cases(20, 1)) {
            let (a, b) = (some_poly(seed), some_poly(seed + 100));
            let mut expected = [0_i64; 256];
            for (i, a) in a.iter().enumerate() {
                for (j, b) in b.iter().enumerate() {
                    let sign = if i + j < 256 { 1 } else { -1 };
                    let place = &mut expected[(i + j) % 256];
                    *place = (*place + sign * i64::from(*a) * i64::from(*b)) % Q_WIDE;
                }
            }
            let (mut a, mut b) = (a, b);
            Unrolled::forward(&mut a);
            Unrolled::forward(&mut b);
            a.iter_mut().zip(&b).for_each(|(a, b)| *a = Montgomery::new().multiply(*a, *b));
            let mut looped = a;
            Unrolled::inverse(&mut a);
            Looped::inverse(&mut looped);
            assert!(a.iter().zip(looped).all(|(a, b)| (a - b) % Q == 0));
            for (a, expected) in a.iter().zip(expected) {
                assert_eq!((i64::from(*a) - expected) % Q_WIDE, 0);
                assert!(a.abs() < Q);
            }
        }
    }

    #[test]
    fn the_largest_values_do_not_overflow() {
        for value in [Q - 1, 1 - Q] {
            let mut poly = [value; 256];
            Unrolled::inverse(&mut poly);
            let mut poly = [value; 256];
            Unrolled::forward(&mut poly);
        }
    }
}
