//! Keys and signatures as bytes (FIPS 204, section 7.2).

use super::ntt::Poly;
use super::params::Sealed;
use crate::algorithm::BadSeal;

/// A public key, taken apart (pkDecode, FIPS 204, Algorithm 23).
#[derive(Clone, Copy)]
pub(super) struct PublicKey<'a> {
    pub(super) rho: &'a [u8; 32],
    /// Rows of 320 bytes: SimpleBitPack with 10 bits.
    pub(super) t1: &'a [[u8; 320]],
}

impl<'a> PublicKey<'a> {
    /// # Errors
    /// [`BadSeal`] for another length than that of a key of this set. Bytes of that length are always a key.
    #[inline(never)]
    pub(super) fn decode<P: Sealed>(bytes: &'a [u8]) -> Result<Self, BadSeal> {
        let (rho, rows) = bytes.split_first_chunk().ok_or(BadSeal)?;
        let (t1, rest) = rows.as_chunks();
        if rest.is_empty() && t1.len() == usize::from(P::K) { Ok(Self { rho, t1 }) } else { Err(BadSeal) }
    }
}

/// A signature, taken apart (sigDecode, FIPS 204, Algorithm 27); z is still encoded.
#[derive(Clone, Copy)]
pub(super) struct Signature<'a> {
    pub(super) challenge: &'a [u8],
    z: &'a [u8],
    pub(super) hint: Hint<'a>,
}

impl<'a> Signature<'a> {
    /// # Errors
    /// [`BadSeal`] for another length, or a hint that is not in its only encoding.
    #[inline(never)]
    pub(super) fn decode<P: Sealed>(bytes: &'a [u8]) -> Result<Self, BadSeal> {
        let (challenge, rest) = bytes.split_at_checked(P::CHALLENGE_SIZE).ok_or(BadSeal)?;
        let (z, hint) = rest.split_at_checked(z_size::<P>().wrapping_mul(usize::from(P::L))).ok_or(BadSeal)?;
        Ok(Self { challenge, z, hint: Hint::decode::<P>(hint)? })
    }

    /// The polynomials of z, encoded.
    pub(super) fn z<P: Sealed>(&self) -> impl Iterator<Item = &'a [u8]> {
        self.z.chunks_exact(z_size::<P>())
    }
}

/// Bytes of a polynomial of z.
const fn z_size<P: Sealed>() -> usize {
    if P::Z_BITS == 18 { 576 } else { 640 }
}

/// The hint h: where its ones are, row by row.
#[derive(Clone, Copy)]
pub(super) struct Hint<'a> {
    positions: &'a [u8],
    /// For each row, where its positions end.
    ends: &'a [u8],
}

impl<'a> Hint<'a> {
    /// HintBitUnpack (FIPS 204, Algorithm 21), with all its checks: `bytes` is the one encoding of this hint.
    fn decode<P: Sealed>(bytes: &'a [u8]) -> Result<Self, BadSeal> {
        let (positions, ends) = bytes.split_at_checked(P::OMEGA).ok_or(BadSeal)?;
        if ends.len() != usize::from(P::K) {
            return Err(BadSeal);
        }
        let mut begin = 0;
        for end in ends {
            // Counts neither fall nor exceed omega: there is no such range otherwise.
            let end = usize::from(*end);
            let row = positions.get(begin..end).ok_or(BadSeal)?;
            // Positions rise: none is there twice.
            if !row.is_sorted_by(|position, next| position < next) {
                return Err(BadSeal);
            }
            begin = end;
        }
        // What is not used is 0.
        let unused = positions.get(begin..).ok_or(BadSeal)?;
        if unused.iter().any(|position| *position != 0) {
            return Err(BadSeal);
        }
        Ok(Self { positions, ends })
    }

    /// Where the ones of each row are, rising.
    pub(super) fn rows(self) -> impl Iterator<Item = &'a [u8]> {
        let mut begin = 0;
        self.ends.iter().map(move |end| {
            let end = usize::from(*end);
            let row = self.positions.get(begin..end).unwrap_or_default();
            begin = end;
            row
        })
    }
}

/// A polynomial of z (BitUnpack, FIPS 204, Algorithm 19).
///
/// # Errors
/// [`BadSeal`] if a coefficient is not below gamma1 - beta in magnitude (Algorithm 8, line 13).
#[inline(never)]
pub(super) fn unpack_z<P: Sealed>(bytes: &[u8], poly: &mut Poly) -> Result<(), BadSeal> {
    let gamma1 = 1_i32 << P::Z_BITS.wrapping_sub(1);
    let mut bound = Bound { gamma1, least: P::BETA.wrapping_add(1), furthest: 0 };
    if P::Z_BITS == 18 {
        for (bytes, places) in bytes.as_chunks::<36>().0.iter().zip(poly.as_chunks_mut::<16>().0) {
            let ([a, b, c, d, e, f, g, h, i], _) = bytes.as_chunks::<4>() else { return Err(BadSeal) };
            let [a, b, c, d, e, f, g, h, i] = [a, b, c, d, e, f, g, h, i].map(|word| u32::from_le_bytes(*word));
            let encoded = [
                a,
                (a >> 18) | (b << 14),
                b >> 4,
                (b >> 22) | (c << 10),
                c >> 8,
                (c >> 26) | (d << 6),
                d >> 12,
                (d >> 30) | (e << 2),
                (e >> 16) | (f << 16),
                f >> 2,
                (f >> 20) | (g << 12),
                g >> 6,
                (g >> 24) | (h << 8),
                h >> 10,
                (h >> 28) | (i << 4),
                i >> 14,
            ];
            for (place, encoded) in places.iter_mut().zip(encoded) {
                *place = bound.coefficient(encoded & 0x3_FFFF);
            }
        }
    } else {
        for (bytes, places) in bytes.as_chunks::<20>().0.iter().zip(poly.as_chunks_mut::<8>().0) {
            let ([a, b, c, d, e], _) = bytes.as_chunks::<4>() else { return Err(BadSeal) };
            let [a, b, c, d, e] = [a, b, c, d, e].map(|word| u32::from_le_bytes(*word));
            let encoded = [
                a,
                (a >> 20) | (b << 12),
                b >> 8,
                (b >> 28) | (c << 4),
                (c >> 16) | (d << 16),
                d >> 4,
                (d >> 24) | (e << 8),
                e >> 12,
            ];
            for (place, encoded) in places.iter_mut().zip(encoded) {
                *place = bound.coefficient(encoded & 0xF_FFFF);
            }
        }
    }
    // Coefficients within the bound are encoded as beta < encoded < 2 gamma1 - beta.
    let width = (1_u32 << P::Z_BITS).wrapping_sub(P::BETA.wrapping_mul(2)).wrapping_sub(1);
    if bound.furthest < width { Ok(()) } else { Err(BadSeal) }
}

/// Decodes coefficients of z and remembers how far the furthest lies above the least that is allowed, modulo 2^32.
struct Bound {
    gamma1: i32,
    least: u32,
    furthest: u32,
}

impl Bound {
    #[inline(always)]
    fn coefficient(&mut self, encoded: u32) -> i32 {
        self.furthest = self.furthest.max(encoded.wrapping_sub(self.least));
        self.gamma1.wrapping_sub(encoded.cast_signed())
    }
}

/// A polynomial of t1 (SimpleBitUnpack, FIPS 204, Algorithm 18), times 2^d.
#[inline(never)]
pub(super) fn unpack_t1(bytes: &[u8; 320], poly: &mut Poly) {
    for ([a, b, c, d, e], places) in bytes.as_chunks().0.iter().zip(poly.as_chunks_mut::<4>().0) {
        let low = u32::from_le_bytes([*a, *b, *c, *d]);
        let high = u32::from_le_bytes([*d, *e, 0, 0]);
        *places = [low, low >> 10, low >> 20, high >> 6].map(|bits| ((bits & 0x3FF) << 13).cast_signed());
    }
}
