//! Whether an expanded ML-DSA key agrees with itself.
//!
//! The expanded form (FIPS 204 Algorithm 24, `rho || K || tr || s1 || s2 || t0`) says the same thing several times. A key whose parts
//! disagree makes seals that do not verify, or that give its secret away: `t0` and `tr` enter every signature. So before the first
//! use `t = A s1 + s2` is computed again and compared.
//!
//! This is a computation of its own, shared with no signing code: polynomials are evaluated at the 256 roots of X^256 + 1 (FIPS 204
//! section 7.5 defines the NTT as just that), which needs no butterflies and no inverse. It takes some milliseconds, once per file.
//! It branches on no secret.
//!
//! `K` is random and follows from nothing, so only a file with a seed shows a fault in it.

use shake::{ExtendableOutput as _, Shake128, Shake256, Update as _, XofReader as _};
use twinseal_formats::SealAlgorithm;
use zeroize::Zeroizing;

use super::KeyFault;

/// The parts of an expanded key, each coefficient taken modulo q.
pub(super) struct ExpandedKey<'b> {
    shape: Shape,
    rho: &'b [u8],
    tr: &'b [u8],
    s1: Polynomials,
    s2: Polynomials,
    t0: Polynomials,
}

impl<'b> ExpandedKey<'b> {
    /// Takes an expanded key apart (FIPS 204 Algorithm 25).
    ///
    /// # Errors
    ///
    /// [`KeyFault::Size`], and [`KeyFault::ExpandedRange`], which FIPS 204 leaves to the reader.
    pub(super) fn read(algorithm: SealAlgorithm, bytes: &'b [u8]) -> Result<Self, KeyFault> {
        let shape = Shape::of(algorithm).ok_or(KeyFault::Unsupported(algorithm))?;
        let short = KeyFault::Size { expected: shape.size(), found: bytes.len() };
        if bytes.len() != shape.size() {
            return Err(short);
        }
        let mut rest = bytes;
        let mut take = |length| {
            let (part, after) = rest.split_at_checked(length)?;
            rest = after;
            Some(part)
        };
        let mut parts = || {
            let (rho, _k, tr) = (take(32)?, take(32)?, take(64)?);
            let s1 = take(polynomial_size(shape.eta_bits()).saturating_mul(shape.l))?;
            let s2 = take(polynomial_size(shape.eta_bits()).saturating_mul(shape.k))?;
            let t0 = take(polynomial_size(D).saturating_mul(shape.k))?;
            Some((rho, tr, s1, s2, t0))
        };
        let (rho, tr, s1, s2, t0) = parts().ok_or(short)?;
        Ok(Self {
            shape,
            rho,
            tr,
            s1: centred(s1, shape.eta_bits(), shape.eta).ok_or(KeyFault::ExpandedRange)?,
            s2: centred(s2, shape.eta_bits(), shape.eta).ok_or(KeyFault::ExpandedRange)?,
            t0: centred(t0, D, 1 << (D - 1)).ok_or(KeyFault::PrivateForm)?,
        })
    }

    /// Asks whether a verifying key, computed from the `rho`, `s1` and `s2` of this key, agrees with all of it.
    ///
    /// # Errors
    ///
    /// [`KeyFault::ExpandedTr`] or [`KeyFault::ExpandedT0`].
    pub(super) fn agrees_with(&self, public: &[u8]) -> Result<(), KeyFault> {
        let mut tr = [0; 64];
        let mut hash = Shake256::default();
        hash.update(public);
        hash.finalize_xof().read(&mut tr);
        if tr != self.tr {
            return Err(KeyFault::ExpandedTr);
        }
        let t1 = public.strip_prefix(self.rho).ok_or(KeyFault::ExpandedTr)?;
        if self.t_follows(&unpack(t1, T1_BITS)) { Ok(()) } else { Err(KeyFault::ExpandedT0) }
    }

    /// Whether A s1 + s2 = t1 2^d + t0, at every root and in every row.
    fn t_follows(&self, t1: &[u64]) -> bool {
        let roots: Vec<u64> = (0..N).map(root).collect();
        let evaluated = |polynomial: &[u64]| -> Polynomials {
            Zeroizing::new(roots.iter().map(|x| evaluate(polynomial, *x)).collect())
        };
        let s1_hat: Vec<Polynomials> = self.s1.chunks_exact(N).map(evaluated).collect();
        let rows = self.s2.chunks_exact(N).zip(self.t0.chunks_exact(N)).zip(t1.chunks_exact(N));
        let mut follows = rows.len() == self.shape.k && s1_hat.len() == self.shape.l;
        for (row, ((s2, t0), t1)) in (0u8..).zip(rows) {
            let rest: Polynomials = Zeroizing::new(
                s2.iter()
                    .zip(t0)
                    .zip(t1)
                    .map(|((s2, t0), t1)| {
                        let t = multiply_add(*t1, 1 << D, *t0);
                        multiply_add(t, Q - 1, *s2)
                    })
                    .collect(),
            );
            let mut sums = evaluated(&rest);
            for (column, s1) in (0u8..).zip(&s1_hat) {
                for ((sum, a), s) in sums.iter_mut().zip(entry(self.rho, row, column)).zip(s1.iter()) {
                    *sum = multiply_add(a, *s, *sum);
                }
            }
            follows &= sums.iter().fold(0, |all, sum| all | sum) == 0;
        }
        follows
    }
}

/// Polynomials one after the other, N coefficients each.
type Polynomials = Zeroizing<Vec<u64>>;

/// What sets the parameter sets apart here (FIPS 204 Table 1).
#[derive(Clone, Copy)]
struct Shape {
    k: usize,
    l: usize,
    eta: u64,
}

impl Shape {
    const fn of(algorithm: SealAlgorithm) -> Option<Self> {
        match algorithm {
            SealAlgorithm::MlDsa44 => Some(Self { k: 4, l: 4, eta: 2 }),
            SealAlgorithm::MlDsa65 => Some(Self { k: 6, l: 5, eta: 4 }),
            SealAlgorithm::MlDsa87 => Some(Self { k: 8, l: 7, eta: 2 }),
            _ => None,
        }
    }

    /// Bits of a coefficient of s1 and s2: bitlen(2 eta).
    const fn eta_bits(self) -> u32 {
        if self.eta == 2 { 3 } else { 4 }
    }

    /// Bytes of the expanded key (FIPS 204 Table 2).
    const fn size(self) -> usize {
        let secrets = polynomial_size(self.eta_bits()).saturating_mul(self.k.saturating_add(self.l));
        secrets.saturating_add(polynomial_size(D).saturating_mul(self.k)).saturating_add(128)
    }
}

/// Bytes of a polynomial with coefficients of so many bits.
const fn polynomial_size(bits: u32) -> usize {
    match bits {
        3 => 96,
        4 => 128,
        _ => 416, // 13 bits
    }
}

/// Little-endian bit fields (FIPS 204 Algorithm 18).
fn unpack(bytes: &[u8], bits: u32) -> Polynomials {
    let mut fields = Zeroizing::new(Vec::with_capacity(bytes.len().saturating_mul(8)));
    let (mut pending, mut held) = (0u64, 0u32);
    for byte in bytes {
        pending |= u64::from(*byte).wrapping_shl(held);
        held = held.saturating_add(8);
        while held >= bits {
            fields.push(pending & (1u64.wrapping_shl(bits)).wrapping_sub(1));
            pending = pending.wrapping_shr(bits);
            held = held.saturating_sub(bits);
        }
    }
    fields
}

/// Fields that stand for `max - field` (FIPS 204 Algorithm 19), if none is above what `max` allows.
fn centred(bytes: &[u8], bits: u32, max: u64) -> Option<Polynomials> {
    let mut fields = unpack(bytes, bits);
    let highest = max.saturating_mul(2);
    let mut in_range = true;
    for field in fields.iter_mut() {
        in_range &= *field <= highest;
        *field = reduce(Q.wrapping_add(max).wrapping_sub(*field));
    }
    in_range.then_some(fields)
}

/// An entry of A, at the roots (FIPS 204 Algorithm 30, RejNTTPoly). Public.
fn entry(rho: &[u8], row: u8, column: u8) -> impl Iterator<Item = u64> {
    let mut hash = Shake128::default();
    hash.update(rho);
    hash.update(&[column, row]);
    let mut stream = hash.finalize_xof();
    core::iter::repeat_with(move || {
        let mut three = [0; 3];
        stream.read(&mut three);
        let [a, b, c] = three;
        u64::from(u32::from_le_bytes([a, b, c & 0x7f, 0]))
    })
    .filter(|candidate| *candidate < Q)
    .take(N)
}

/// The root that the i-th entry of an NTT belongs to: zeta^(2 BitRev8(i) + 1).
fn root(i: usize) -> u64 {
    let reversed = u8::try_from(i).unwrap_or_default().reverse_bits();
    (0..u32::from(reversed).saturating_mul(2).saturating_add(1)).fold(1, |power, _| multiply_add(power, ZETA, 0))
}

/// The value of a polynomial (Horner).
fn evaluate(polynomial: &[u64], x: u64) -> u64 {
    polynomial.iter().rev().fold(0, |value, coefficient| multiply_add(value, x, *coefficient))
}

/// a b + c modulo q, for a, b, c below q.
fn multiply_add(a: u64, b: u64, c: u64) -> u64 {
    reduce(a.wrapping_mul(b).wrapping_add(c))
}

/// x modulo q for x below 2^46 (Barrett). No division and no branch: x may be secret.
fn reduce(x: u64) -> u64 {
    // Too small by at most 2: floor(2^46 / q) and the dropped low 22 bits of x each cost less than 1, the last shift as well.
    let quotient = (x >> 22).wrapping_mul((1 << 46) / Q) >> 24;
    let rest = x.wrapping_sub(quotient.wrapping_mul(Q));
    subtract_once(subtract_once(rest))
}

/// x - q if that is not negative, else x.
fn subtract_once(x: u64) -> u64 {
    let difference = x.wrapping_sub(Q);
    let negative = (difference >> 63).wrapping_neg();
    difference.wrapping_add(Q & negative)
}

const N: usize = 256;
const Q: u64 = 8_380_417;
const ZETA: u64 = 1753;
/// Bits dropped from t.
const D: u32 = 13;
const T1_BITS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reduction_is_exact_at_the_edges() {
        let largest = (Q - 1) * (Q - 1) + Q - 1;
        for base in [0, Q, 2 * Q, 3 * Q, Q * (Q - 2), 1 << 22, 1 << 45, (1 << 46) - 1, largest] {
            for x in base.saturating_sub(3)..=(base + 3).min((1 << 46) - 1) {
                assert_eq!(reduce(x), x % Q, "{x}");
            }
        }
        let mut x = 1u64;
        for _ in 0..100_000 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            assert_eq!(reduce(x >> 18), (x >> 18) % Q);
        }
    }

    #[test]
    fn the_roots_are_those_of_x_256_plus_1_and_all_differ() {
        let mut roots: Vec<u64> = (0..N).map(root).collect();
        let mut polynomial = [0; N];
        polynomial[255] = 1;
        assert!(roots.iter().all(|x| multiply_add(evaluate(&polynomial, *x), *x, 1) == 0));
        roots.sort_unstable();
        roots.dedup();
        assert_eq!(roots.len(), N);
    }

    #[test]
    fn sizes_are_those_of_fips_204() {
        let size = |algorithm| Shape::of(algorithm).map(Shape::size);
        assert_eq!(size(SealAlgorithm::MlDsa44), Some(2560));
        assert_eq!(size(SealAlgorithm::MlDsa65), Some(4032));
        assert_eq!(size(SealAlgorithm::MlDsa87), Some(4896));
        assert_eq!(size(SealAlgorithm::Ed25519), None);
    }
}
