//! High bits and hints (FIPS 204, section 7.4), and w1 as bytes (w1Encode, Algorithm 28).

use super::field::{Q, add, canonical, subtract};
use super::ntt::Poly;
use super::params::Sealed;
use super::shake::Shake;

/// UseHint on a row of w'Approx, and the bytes of the row of w1' that comes of it into the sponge.
///
/// `ones` are the positions where the hint is 1. Coefficients are below q in magnitude.
#[inline(never)]
pub(super) fn absorb_w1<P: Sealed>(w: &mut Poly, ones: &[u8], sponge: &mut Shake) {
    for position in ones {
        if let Some(coefficient) = w.get_mut(usize::from(*position)) {
            // In the middle of its interval, the high bits of this value are what the hint makes of them.
            let adjusted = use_hint::<P>(canonical(*coefficient));
            *coefficient = adjusted.wrapping_mul(P::GAMMA2.wrapping_mul(2));
        }
    }
    for coefficients in w.as_chunks::<32>().0 {
        let mut bytes = [0; 24];
        let size = P::W1_BITS.wrapping_mul(4);
        let places = bytes.chunks_exact_mut(P::W1_BITS >> 1);
        for ([a, b, c, d], place) in coefficients.as_chunks().0.iter().zip(places) {
            let [a, b, c, d] = [a, b, c, d].map(|c| high_bits::<P>(canonical(*c)).cast_unsigned());
            let bits = a | (b << P::W1_BITS) | (c << (P::W1_BITS << 1)) | (d << P::W1_BITS.wrapping_mul(3));
            for (place, byte) in place.iter_mut().zip(bits.to_le_bytes()) {
                *place = byte;
            }
        }
        sponge.absorb(bytes.get(..size).unwrap_or_default());
    }
}

/// HighBits (FIPS 204, Algorithm 37) of r in 0..q.
#[inline(always)]
fn high_bits<P: Sealed>(r: i32) -> i32 {
    // r0 is in -gamma2 + 1 ..= gamma2, so r1 is this quotient, but for the last interval, which belongs to 0.
    let r = add(r, P::GAMMA2.wrapping_sub(1)).cast_unsigned();
    let r1 = r.checked_div(P::GAMMA2.wrapping_mul(2).cast_unsigned()).unwrap_or(0).cast_signed();
    if r1 == modulus::<P>() { 0 } else { r1 }
}

/// UseHint (FIPS 204, Algorithm 40) where the hint is 1, of r in 0..q.
fn use_hint<P: Sealed>(r: i32) -> i32 {
    let r1 = high_bits::<P>(r);
    // r0 of Decompose (Algorithm 36): negative in the last interval, where it is r - q.
    let r0 = subtract(r, r1.wrapping_mul(P::GAMMA2.wrapping_mul(2)));
    let r0_positive = r0 > 0 && r0 <= P::GAMMA2;
    let last = modulus::<P>().wrapping_sub(1);
    match (r0_positive, r1) {
        (true, r1) if r1 == last => 0,
        (true, r1) => r1.wrapping_add(1),
        (false, 0) => last,
        (false, r1) => r1.wrapping_sub(1),
    }
}

/// m: how many values the high bits have.
const fn modulus<P: Sealed>() -> i32 {
    match Q.wrapping_sub(1).checked_div(P::GAMMA2.wrapping_mul(2)) {
        Some(m) => m,
        None => 0,
    }
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]
mod tests {
    use super::{Q, Sealed, high_bits, use_hint};
    use crate::cases;
    use crate::mldsa::params::{Set44, Set65, Set87};

    /// Decompose as the standard has it (FIPS 204, Algorithm 36).
    fn decompose(r: i32, gamma2: i32) -> (i32, i32) {
        let mut r0 = r % (2 * gamma2);
        if r0 > gamma2 {
            r0 -= 2 * gamma2;
        }
        if r - r0 == Q - 1 { (0, r0 - 1) } else { ((r - r0) / (2 * gamma2), r0) }
    }

    /// UseHint as the standard has it (FIPS 204, Algorithm 40).
    fn use_hint_of_the_standard(r: i32, gamma2: i32) -> i32 {
        let m = (Q - 1) / (2 * gamma2);
        let (r1, r0) = decompose(r, gamma2);
        if r0 > 0 { (r1 + 1) % m } else { (r1 - 1).rem_euclid(m) }
    }

    fn every_residue<P: Sealed>() {
        for r in (0..Q).step_by(cases(1, 40_009)) {
            assert_eq!(high_bits::<P>(r), decompose(r, P::GAMMA2).0, "{r}");
            let adjusted = use_hint::<P>(r);
            assert_eq!(adjusted, use_hint_of_the_standard(r, P::GAMMA2), "{r}");
            assert_eq!(high_bits::<P>(adjusted * 2 * P::GAMMA2), adjusted);
        }
    }

    #[test]
    fn high_bits_and_hints_of_every_residue() {
        every_residue::<Set44>();
        every_residue::<Set65>();
        every_residue::<Set87>();
    }
}
