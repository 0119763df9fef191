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

/// ML-DSA.Verify (FIPS 204, Algorithms 3 and 8). Everything is untrusted but the key.
///
/// # Errors
/// [`BadSeal`] if the signature is not valid, or key or signature have another length than this set's.
pub fn verify<P: ParameterSet>(key: &[u8], input: Input<'_>, signature: &[u8]) -> Result<(), BadSeal> {
    let parts = PublicKey::decode::<P>(key)?;
    let signature = Signature::decode::<P>(signature)?;
    let mut sponge = Shake::shake256();
    input.absorb(&mut sponge, || key_digest(key))?;
    rows::verify::<P, _>(&parts, &mut sponge, &signature)
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
