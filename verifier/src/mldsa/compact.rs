//! Verification from the bytes of the key: A is sampled as it is used (FIPS 204, Algorithm 32) and never kept.

use super::encoding::{PublicKey, Signature, unpack_t1};
use super::field::{Montgomery, add};
use super::message::{Input, key_digest};
use super::ntt::{Looped, Poly, Transform as _};
use super::params::ParameterSet;
use super::rows::{self, Rows};
use super::sampling::rej_ntt_poly;
use super::shake::Shake;
use crate::algorithm::BadSeal;

/// ML-DSA.Verify (FIPS 204, Algorithms 3 and 8), in two polynomials of memory. Everything is untrusted but the key.
///
/// # Errors
/// [`BadSeal`] if the signature is not valid, or key or signature have another length than this set's.
pub fn verify_compact<P: ParameterSet>(key: &[u8], input: Input<'_>, signature: &[u8]) -> Result<(), BadSeal> {
    taken_apart::<P>(key, input, signature, |key, sponge, signature| rows::verify::<P, _>(key, sponge, signature))
}

/// The same with z kept: four fifths of the time, and 1 KiB of stack more for each column of the set.
///
/// # Errors
/// As [`verify_compact`].
pub fn verify_keeping_z<P: ParameterSet>(key: &[u8], input: Input<'_>, signature: &[u8]) -> Result<(), BadSeal> {
    taken_apart::<P>(key, input, signature, |key, sponge, signature| {
        rows::verify_keeping_z::<P, _>(key, sponge, signature)
    })
}

/// What suits the machine: a host has the memory, and a device may not.
#[cfg(target_pointer_width = "64")]
pub(crate) use verify_keeping_z as verify_from_bytes;

#[cfg(not(target_pointer_width = "64"))]
pub(crate) use verify_compact as verify_from_bytes;

/// Takes key and signature apart, and mu into the sponge.
#[inline(always)]
fn taken_apart<P: ParameterSet>(
    key: &[u8],
    input: Input<'_>,
    signature: &[u8],
    verify: impl FnOnce(&PublicKey<'_>, &mut Shake, &Signature<'_>) -> Result<(), BadSeal>,
) -> Result<(), BadSeal> {
    let parts = PublicKey::decode::<P>(key)?;
    let signature = Signature::decode::<P>(signature)?;
    let mut sponge = Shake::shake256();
    input.absorb(&mut sponge, || key_digest(key))?;
    verify(&parts, &mut sponge, &signature)
}

impl Rows for PublicKey<'_> {
    type Transform = Looped;

    fn begin(&self, row: u8, sum: &mut Poly, scratch: &mut Poly) -> Result<(), BadSeal> {
        unpack_t1(self.t1.get(usize::from(row)).ok_or(BadSeal)?, scratch);
        Looped::forward(scratch);
        let m = Montgomery::new();
        sum.iter_mut().zip(scratch).for_each(|(c, t1)| *c = m.multiply(*c, *t1).wrapping_neg());
        Ok(())
    }

    #[inline(never)]
    fn accumulate(&self, row: u8, column: u8, z: &Poly, sum: &mut Poly) -> Result<(), BadSeal> {
        let m = Montgomery::new();
        rej_ntt_poly(self.rho, [row, column], sum.iter_mut().zip(z), |(sum, z), a| *sum = add(*sum, m.multiply(*z, a)))
    }
}
